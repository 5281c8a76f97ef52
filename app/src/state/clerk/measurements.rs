//! Measurements in the study's folder, one file for each case.

use std::path::PathBuf;

use medley_project::CaseId;

use super::{Desk, Reply};
use crate::state::measure::{Measurement, file};

/// The folder beside the study's masks.
const FOLDER: &str = "measurements";

impl Desk {
    /// Named after the case's number: its name may be a patient's, and can be changed.
    fn measurements_path(&mut self, case: CaseId) -> Result<PathBuf, String> {
        Ok(self.study_mut()?.folder().join(FOLDER).join(format!("case-{}.json", case.0)))
    }

    /// A file that cannot be read is told and stays as it is; the list is then empty.
    pub(super) fn read_measurements(&mut self, case: CaseId) -> Result<(), String> {
        let path = self.measurements_path(case)?;
        let measurements = file::read(&path).unwrap_or_else(|sentence| {
            self.reply(Reply::Notice(sentence));
            Vec::new()
        });
        self.reply(Reply::MeasurementsRead(case, measurements));
        Ok(())
    }

    pub(super) fn keep_measurements(&mut self, case: CaseId, measurements: &[Measurement]) -> Result<(), String> {
        let path = self.measurements_path(case)?;
        if measurements.is_empty() && !path.exists() {
            return Ok(());
        }
        file::write(&path, measurements)
    }

    pub(super) fn write_text(&mut self, what: &'static str, path: PathBuf, text: &str) -> Result<(), String> {
        let written = medley_io::write_atomically(&path, |out| out.write_all(text.as_bytes()));
        written.map_err(|error| error.to_string())?;
        self.reply(Reply::Exported(what, path));
        Ok(())
    }
}
