//! Reading a mask that another one is worked on with.

use std::path::PathBuf;
use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{Grid, Label, LabelTable};

use super::{Desk, Reply};
use crate::state::correction::operand::MaskFile;
use crate::texts::{combine as texts, labels};

impl Desk {
    /// A mask on this grid; nothing of the study changes.
    pub(super) fn read_operand(&mut self, case: CaseId, grid: &Grid, path: PathBuf) -> Result<(), String> {
        let (mask, names, notices) = self.mask_of_file(case, &path)?;
        if grid.require_same(mask.grid()).is_err() {
            return Err(texts::lies_elsewhere(&path));
        }
        for notice in notices {
            self.reply(Reply::Notice(notice));
        }
        let mut present = LabelTable::default();
        for value in mask.counts().into_keys().filter(|value| *value != 0) {
            let unnamed =
                || Label { value, name: labels::unnamed(value), color: LabelTable::palette(value), is_visible: true, is_locked: false };
            present.insert(names.get(value).cloned().unwrap_or_else(unnamed));
        }
        self.reply(Reply::OperandRead(Box::new(MaskFile { case, path, labels: Arc::new(mask), present })));
        Ok(())
    }
}
