//! The page of weights, and which weights the next training starts from.

use super::Workbench;
use crate::state::notices::Severity;
use crate::state::weights_page::News;

impl Workbench {
    /// Shows the page of weights, or hides it.
    pub fn toggle_weights_page(&mut self) {
        self.weights_page.is_open = !self.weights_page.is_open;
        if self.weights_page.is_open {
            self.refresh_weights();
        }
    }

    /// Looks again at which weights are here.
    pub fn refresh_weights(&mut self) {
        let models = self.study.as_ref().map(|study| study.models.as_slice()).unwrap_or_default();
        self.weights_page.refresh(models);
    }

    pub(super) fn take_weights_news(&mut self) {
        for news in self.weights_page.poll() {
            match news {
                News::Here(kept) => {
                    self.refresh_weights();
                    self.notices.push(Severity::Done, crate::texts::weights::are_here(&kept.name));
                }
                // The open page says it where it was asked for.
                News::Failed(_) if self.weights_page.is_open => {}
                News::Failed(sentence) => self.notices.push(Severity::Error, sentence),
            }
        }
    }
}
