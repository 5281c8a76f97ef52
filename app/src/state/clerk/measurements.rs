//! Measurements in the study's folder, one file for each case.

use std::path::{Path, PathBuf};

use medley_project::CaseId;

use super::{Desk, Reply};
use crate::state::measure::{Measurement, file};

/// The folder beside the study's masks.
const FOLDER: &str = "measurements";

/// Named after the case's number: its name may be a patient's, and can be changed.
fn path_of(study: &Path, case: CaseId) -> PathBuf {
    study.join(FOLDER).join(format!("case-{}.json", case.0))
}

impl Desk {
    /// A file that cannot be read is told and stays as it is; the list is then empty.
    pub(super) fn read_measurements(&self, study: PathBuf, case: CaseId) {
        let measurements = file::read(&path_of(&study, case)).unwrap_or_else(|sentence| {
            self.reply(Reply::Notice(sentence));
            Vec::new()
        });
        self.reply(Reply::MeasurementsRead(study, case, measurements));
    }

    pub(super) fn keep_measurements(&self, study: &Path, case: CaseId, measurements: &[Measurement]) {
        let path = path_of(study, case);
        if measurements.is_empty() && !path.exists() {
            return;
        }
        if let Err(sentence) = file::write(&path, measurements) {
            self.reply(Reply::MeasurementsNotKept(sentence));
        }
    }

    pub(super) fn write_text(&self, what: &'static str, path: PathBuf, text: &str) -> Result<(), String> {
        let written = medley_io::write_atomically(&path, |out| out.write_all(text.as_bytes()));
        written.map_err(|error| error.to_string())?;
        self.reply(Reply::Exported(what, path));
        Ok(())
    }
}
