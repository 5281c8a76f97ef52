//! Figures, as the window hears of them.

use super::Workbench;
use crate::state::clerk::Gpu;
use crate::state::clipboard::Content;
use crate::state::figure::{Dress, FigureChoices, FigureTarget};
use crate::state::notices::Severity;
use crate::texts;

impl Workbench {
    /// Says what became of a figure.
    pub(super) fn poll_figure(&mut self) {
        match self.figure.poll() {
            Some(Ok(Some(path))) => self.notices.push(Severity::Done, texts::study::saved(texts::study::FIGURE, &path)),
            // Copying says so itself.
            Some(Ok(None)) => {}
            Some(Err(sentence)) => self.notices.push(Severity::Error, sentence),
            None => {}
        }
        match self.clipboard.poll() {
            Some(Ok(sentence)) => self.notices.push(Severity::Done, sentence),
            Some(Err(sentence)) => self.notices.push(Severity::Error, sentence),
            None => {}
        }
    }

    /// Copies the view under the pointer as it is on the screen, or all views where it is over none.
    pub fn copy_picture(&mut self, context: &egui::Context) {
        let shown = self.figure.shown();
        let pointer = context.pointer_latest_pos();
        let view = pointer.and_then(|at| shown.iter().find(|(_, rect)| rect.contains(at))).map(|(kind, _)| *kind);
        let dress = Dress::of_screen(self);
        match FigureChoices::as_on_screen(shown, view, context.pixels_per_point(), dress) {
            Some(choices) => self.figure.wanted = Some((choices, FigureTarget::Clipboard)),
            None => self.notices.push(Severity::Warning, texts::figure::NO_VIEW),
        }
    }

    /// Copies measurements and label volumes as a table.
    pub fn copy_measurements(&mut self) {
        let content = Content::Text(texts::clipboard::MEASUREMENTS, self.measurement_cells());
        // A thread that has ended was told before.
        let sent = self.clipboard.inbox().map(|inbox| inbox.send(content).unwrap_or_default());
        if let Err(sentence) = sent {
            self.notices.push(Severity::Error, sentence);
        }
    }

    /// The device that the window draws with, where there is one.
    #[must_use]
    pub fn gpu(&self) -> Option<Gpu> {
        self.gpu.clone()
    }
}
