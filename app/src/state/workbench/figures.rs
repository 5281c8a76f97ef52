//! Figures, as the window hears of them.

use super::Workbench;
use crate::state::clerk::Gpu;
use crate::state::notices::Severity;
use crate::texts::study as texts;

impl Workbench {
    /// Says what became of a figure.
    pub(super) fn poll_figure(&mut self) {
        match self.figure.poll() {
            Some(Ok(path)) => self.notices.push(Severity::Done, texts::saved(texts::FIGURE, &path)),
            Some(Err(sentence)) => self.notices.push(Severity::Error, sentence),
            None => {}
        }
    }

    /// The device that the window draws with, where there is one.
    #[must_use]
    pub fn gpu(&self) -> Option<Gpu> {
        self.gpu.clone()
    }
}
