//! Settings that were changed, and fingers on the screen.

use std::path::PathBuf;

use egui::Context;

use super::Workbench;
use crate::state::hands::Hands;
use crate::state::notices::Severity;

impl Workbench {
    /// Takes the settings of a file and keeps them there from now on; `wake` is called from another thread when that fails.
    /// Reads a small file: to be called before the window draws.
    pub fn read_settings(&mut self, path: PathBuf, wake: impl Fn() + Send + 'static) {
        let (hands, trouble) = Hands::open(path, wake);
        self.hands = hands;
        if let Some(sentence) = trouble {
            self.notices.push(Severity::Warning, sentence);
        }
    }

    /// Puts changed settings into force.
    pub fn follow_settings(&mut self, context: &Context) {
        let (trouble, is_changed) = self.hands.follow(context);
        if is_changed {
            let labels = self.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
            self.set_palette(&labels);
        }
        if let Some(sentence) = trouble {
            self.notices.push(Severity::Error, sentence);
        }
    }

    /// Takes in what fingers did and puts changed settings into force. Called once a frame.
    pub fn follow_hands(&mut self, context: &Context) {
        self.follow_settings(context);
        let touch = &mut self.hands.touch;
        context.input(|input| touch.follow(&input.events, input.time));
        if let Some(seconds) = context.input(|input| touch.rests_in(input.time)) {
            context.request_repaint_after(std::time::Duration::from_secs_f64(seconds));
        }
    }
}
