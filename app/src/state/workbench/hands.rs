//! Settings that were changed, and fingers on the screen.

use std::path::PathBuf;

use egui::Context;

use super::Workbench;
use crate::state::hands::Hands;
use crate::state::notices::Severity;
use crate::state::tabs::usual_limit;

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

    /// Puts changed settings into force, and keeps what was changed in the window itself.
    pub fn follow_settings(&mut self, context: &Context) {
        self.follow_looks(context.input(|input| input.pointer.any_down()));
        let (trouble, is_changed) = self.hands.follow(context);
        if is_changed {
            let labels = self.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
            self.set_palette(&labels);
        }
        if let Some(sentence) = trouble {
            self.notices.push(Severity::Error, sentence);
        }
    }

    /// Layout, curves and memory for open cases: settings that were read or reset change the window, and else it is the window that
    /// changes the settings, once the hand lets go.
    fn follow_looks(&mut self, is_in_hand: bool) {
        if self.hands.is_new(|settings| &settings.open_cases_gib) {
            self.tabs.limit_bytes = self.hands.settings.open_cases_bytes().unwrap_or_else(usual_limit);
        }
        let (layout, transfers) = (&mut self.layout, &mut self.views.volume_look.transfers);
        if self.hands.is_new(|settings| &settings.layout) {
            *layout = self.hands.settings.layout;
        } else if !is_in_hand {
            self.hands.settings.layout = *layout;
        }
        if self.hands.is_new(|settings| &settings.transfers) {
            transfers.clone_from(&self.hands.settings.transfers);
        } else if !is_in_hand && *transfers != self.hands.settings.transfers {
            self.hands.settings.transfers.clone_from(transfers);
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
