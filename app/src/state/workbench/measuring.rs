//! Measuring in the open case: what is read, counted and kept.

use medley_volume::LabelTable;

use super::Workbench;
use crate::state::clerk::Request;
use crate::state::measure::{Kind, WindowSource, table};
use crate::state::notices::Severity;
use crate::state::tools::ActiveTool;
use crate::texts::measure as texts;

impl Workbench {
    /// Measures in the case that is open now, takes in what was counted, and has finished changes written. Once a frame.
    pub(super) fn poll_measure(&mut self) {
        // Before another case takes the place of the one that was measured.
        self.keep_measurements();
        self.measure.keep_only(self.measuring_kind());
        match (&self.study, &self.case) {
            (Some(study), Some(case)) => {
                if self.measure.follow(&study.folder, case) {
                    self.clerk.ask(Request::ReadMeasurements(study.folder.clone(), case.id));
                }
            }
            _ => self.measure.leave(),
        }
        match self.measure.poll() {
            Some(Some(window)) => self.views.window = window,
            Some(None) => self.notices.push(Severity::Warning, texts::NO_WINDOW),
            None => {}
        }
        if let Some(case) = self.case.as_ref().filter(|case| !case.is_painting()) {
            self.measure.tell_changes(&case.mask);
        }
    }

    /// What the tool in the hand measures.
    #[must_use]
    pub fn measuring_kind(&self) -> Option<Kind> {
        match self.tool {
            ActiveTool::Distance => Some(Kind::Distance),
            ActiveTool::Angle => Some(Kind::Angle),
            ActiveTool::Region => Some(Kind::Region(self.measure.region_form)),
            _ => None,
        }
    }

    /// Has a finished change written.
    pub(super) fn keep_measurements(&mut self) {
        if let Some((study, id, measurements)) = self.measure.take_unsaved() {
            self.clerk.ask(Request::KeepMeasurements(study, id, measurements));
        }
    }

    /// Whether Undo and Redo mean measurements: a measuring tool is in the hand.
    #[must_use]
    pub fn undoes_measurements(&self) -> bool {
        self.tool.is_measuring()
    }

    /// Deletes a measurement, and says how it comes back.
    pub fn delete_measurement(&mut self, number: u64) {
        let Some(measured) = self.measure.list.iter().find(|measured| measured.number == number) else { return };
        let sentence = texts::deleted(&measured.measurement.name);
        self.measure.remove(number);
        self.notices.push(Severity::Done, sentence);
    }

    /// All views through the middle of a measurement, which is chosen.
    pub fn go_to_measurement(&mut self, number: u64) {
        let Some(measured) = self.measure.list.iter().find(|measured| measured.number == number) else { return };
        let middle = measured.measurement.shape.middle();
        self.measure.selected = Some(number);
        if self.case.as_ref().is_some_and(|case| case.volume.grid().voxel_at(middle).is_some()) {
            self.views.crosshair = middle;
        }
    }

    /// Measurements and label volumes as comma-separated values.
    #[must_use]
    pub fn measurement_table(&self) -> String {
        let none = LabelTable::default();
        let labels = self.study.as_ref().map_or(&none, |study| &study.labels);
        let quantity = self.case.as_ref().map_or(medley_volume::Quantity::Arbitrary, |case| case.volume.quantity());
        table::table(&self.measure, labels, quantity)
    }

    /// Finds a window from all of the scan, from the slice that was pointed at last, or from the chosen label.
    pub fn find_window(&self, source: WindowSource) {
        if self.case.is_some() {
            self.measure.find_window(source);
        }
    }
}
