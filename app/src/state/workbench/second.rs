//! The scan that lies over the open one, and planes that are turned.

use medley_volume::AnatomicalPlane;

use super::Workbench;
use crate::state::clerk::Request;
use crate::state::notices::Severity;
use crate::state::second_scan::{SecondScan, SecondSource};

impl Workbench {
    /// Reads a scan that is to lie over the open one; it comes when it has been read.
    pub fn load_second(&mut self, source: SecondSource) {
        let Some(case) = &self.case else { return };
        let grid = *case.volume.grid();
        self.second_loading = Some(source.clone());
        self.clerk.ask(Request::LoadSecond(source, grid));
    }

    /// Takes the second scan away, or no longer waits for one.
    pub fn remove_second(&mut self) {
        self.second = None;
        self.second_loading = None;
    }

    /// Shows the second scan, or leaves it out for now.
    pub fn toggle_second(&mut self) {
        if let Some(second) = &mut self.second {
            second.look.is_hidden = !second.look.is_hidden;
        }
    }

    /// Turns the other two planes about the crosshair, as seen in the view of `plane`: radians, clockwise on the screen.
    pub fn turn_planes(&mut self, plane: AnatomicalPlane, angle: f64) {
        if let Some(case) = &self.case {
            self.views.turn_in(case.volume.grid(), plane, angle);
        }
    }

    /// Puts all planes back along the scan's own axes.
    pub fn straighten_planes(&mut self) {
        if let Some(case) = &self.case {
            self.views.straighten(case.volume.grid());
        }
    }

    pub(super) fn take_second(&mut self, mut second: SecondScan) {
        // It may have been read for a case that is no longer open, or for nobody.
        if self.second_loading.take_if(|waited| *waited == second.source).is_none() {
            return;
        }
        // Another one of the same kind is looked at as the last one was.
        if let Some(before) = self.second.as_ref().filter(|before| before.volume.quantity() == second.volume.quantity()) {
            second.look.map = before.look.map;
            second.look.opacity = before.look.opacity;
            second.look.blend = before.look.blend;
        }
        self.second = Some(second);
    }

    pub(super) fn fail_second(&mut self, sentence: String) {
        self.second_loading = None;
        self.notices.push(Severity::Error, sentence);
    }
}
