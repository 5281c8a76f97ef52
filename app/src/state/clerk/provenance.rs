//! Who did what: telling it, writing it to a file, putting it on the slices.

use std::path::PathBuf;

use medley_io::write_atomically;
use medley_project::provenance::{CaseProvenance, csv};
use medley_project::{CaseId, Study};
use medley_volume::{IndexBox, LabelMap};

use super::{Desk, Reply, sentence};
use crate::render::ScanTextures;
use crate::texts::provenance as texts;

impl Desk {
    pub(super) fn tell_provenance(&mut self, id: CaseId) -> Result<(), String> {
        self.journal_backlog();
        let told = self.study_mut()?.provenance(id).map_err(sentence)?;
        self.reply(Reply::Provenance(id, Box::new(told)));
        Ok(())
    }

    pub(super) fn save_provenance(&mut self, path: PathBuf) -> Result<(), String> {
        self.journal_backlog();
        let study = self.study_mut()?;
        let cases = study.cases().map_err(sentence)?;
        let told = cases.iter().map(|case| study.provenance(case.id)).collect::<Result<Vec<CaseProvenance>, _>>().map_err(sentence)?;
        let is_json = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
        let text = if is_json {
            serde_json::to_string_pretty(&told).map_err(sentence)?
        } else {
            csv(&told, &study.label_table().map_err(sentence)?)
        };
        write_atomically(&path, |out| out.write_all(text.as_bytes())).map_err(sentence)?;
        self.reply(Reply::Exported(texts::EXPORTED, path));
        Ok(())
    }

    /// Puts who made what in place of the labels.
    pub(super) fn show_origins(&mut self, id: CaseId, textures: Option<&ScanTextures>) -> Result<(), String> {
        self.journal_backlog();
        let origins = self.study_mut().and_then(|study| study.origins(id).map_err(sentence));
        let is_shown = origins.is_ok();
        if let Ok(origins) = &origins {
            self.show_mask(textures, &origins.untouched_model_work());
        }
        self.reply(Reply::OriginsShown(id, is_shown));
        origins.map(drop)
    }

    pub(super) fn show_mask(&self, textures: Option<&ScanTextures>, mask: &LabelMap) {
        if let (Some(textures), Some((_, queue))) = (textures, &self.gpu) {
            textures.write_mask(queue, mask, IndexBox::whole(mask.grid().shape()));
        }
    }

    pub(super) fn set_reviewer(&mut self, name: Option<&str>) -> Result<(), String> {
        let study = self.study_mut()?;
        let outcome = study.set_reviewer(name).map_err(sentence);
        // The field then shows what is kept.
        let kept = study.reviewer().map_err(sentence)?;
        self.reply(Reply::Reviewer(kept));
        outcome
    }

    /// Tells the list of cases anew if a change of its mask has changed a case's status.
    pub(super) fn tell_status(&mut self, id: CaseId) {
        let Some(study) = &self.study else { return };
        let Ok(info) = study.case(id) else { return };
        let now = Some((id, info.status));
        if self.told_status != now
            && let Ok(cases) = study.cases()
        {
            self.told_status = now;
            self.reply(Reply::Cases(cases));
        }
    }

    /// Opens the study anew if its database was deleted and put back. Whether it did.
    pub(super) fn return_to_study(&mut self) -> bool {
        let Some(folder) = self.study.as_ref().filter(|study| study.was_put_back()).map(|study| study.folder().to_owned()) else {
            return false;
        };
        // Before the other is opened: one program at a time has a study.
        self.study = None;
        match Study::open(&folder) {
            Ok(study) => {
                self.study = Some(study);
                self.reply(Reply::Notice(texts::PUT_BACK.to_owned()));
                true
            }
            Err(error) => {
                self.reply(Reply::Failed(sentence(error)));
                false
            }
        }
    }
}
