//! Which case is measured: its file, what is counted of it, what changes in its mask.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{IndexBox, LabelMap};

use super::calculator::{Answer, Calculator, Subject, WindowSource};
use super::{CaseKey, Measure, Measurement};
use crate::state::open_case::OpenCase;
use crate::state::window_level::WindowLevel;

/// Voxels of a changed mask that are copied for counting in one frame.
const COPIED_PER_FRAME: usize = 1 << 20;

impl Measure {
    /// Measures in this case from now on. Whether it is another one, whose file must be read.
    pub fn follow(&mut self, study: &Path, case: &OpenCase) -> bool {
        let is_same_volume = self.volume.as_ref().is_some_and(|known| std::ptr::eq(known.as_ptr(), Arc::as_ptr(&case.volume)));
        if is_same_volume && self.case.as_ref().is_some_and(|known| known.id == case.id && known.study == study) {
            return false;
        }
        self.leave();
        self.case = Some(CaseKey { study: study.to_owned(), id: case.id });
        self.volume = Some(Arc::downgrade(&case.volume));
        if let Some(calculator) = &mut self.calculator {
            calculator.begin(Subject { volume: Arc::clone(&case.volume), mask: Arc::clone(&case.mask), range: case.value_range });
        }
        true
    }

    /// No case is open any more.
    pub fn leave(&mut self) {
        (self.list, self.past, self.future) = (Vec::new(), Vec::new(), Vec::new());
        (self.selected, self.renaming, self.draft, self.drag, self.slice) = (None, None, None, None, None);
        (self.histogram, self.labels, self.case, self.volume) = (None, None, None, None);
        (self.is_unsaved, self.is_read) = (false, false);
        self.changed.borrow_mut().clear();
    }

    /// What the case's file holds, once it was read; what was measured meanwhile stands after it.
    pub fn take_read(&mut self, study: &Path, id: CaseId, read: Vec<Measurement>) {
        if self.is_read || self.case.as_ref().is_none_or(|case| case.id != id || case.study != study) {
            return;
        }
        self.is_read = true;
        let since = std::mem::take(&mut self.list);
        for measurement in read {
            self.add_numbered(measurement);
        }
        self.list.extend(since);
    }

    /// Whether the case's file has been read.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.is_read
    }

    /// The measurements to write, with their study's folder and their case, if a finished change waits for it.
    pub fn take_unsaved(&mut self) -> Option<(PathBuf, CaseId, Vec<Measurement>)> {
        if !self.is_read || self.drag.is_some() || !std::mem::take(&mut self.is_unsaved) {
            return None;
        }
        let list = self.list.iter().map(|measured| measured.measurement.clone()).collect();
        self.case.as_ref().map(|case| (case.study.clone(), case.id, list))
    }

    /// Takes in what has been counted; the window that was asked for, if it was found (`None` within: there is nothing to find it
    /// from).
    pub fn poll(&mut self) -> Option<Option<WindowLevel>> {
        let mut window = None;
        for answer in self.calculator.as_ref().map(Calculator::poll).unwrap_or_default() {
            match answer {
                Answer::Region(number, statistics) => {
                    if let Some(measured) = self.list.iter_mut().find(|measured| measured.number == number) {
                        measured.statistics = Some(statistics);
                    }
                }
                Answer::Labels(labels) => self.labels = Some(labels),
                Answer::Histogram(histogram) => self.histogram = Some(Arc::new(histogram)),
                Answer::Window(found) => window = Some(found),
            }
        }
        window
    }

    /// Finds a window from some of the scan's values.
    pub fn find_window(&self, source: WindowSource) {
        if let Some(calculator) = &self.calculator {
            calculator.ask_window(source);
        }
    }

    /// A box of the mask has changed.
    pub fn mask_changed(&self, region: IndexBox) {
        let mut changed = self.changed.borrow_mut();
        if let Some(last) = changed.last_mut() {
            let both = last.union(&region);
            if both.len() <= 2 * last.len().max(region.len()) {
                *last = both;
                return;
            }
        }
        changed.push(region);
    }

    /// Tells the counting thread what the changed boxes hold now, as much of it as fits into a frame. Between strokes only.
    pub fn tell_changes(&self, mask: &LabelMap) {
        let Some(calculator) = &self.calculator else { return };
        let mut changed = self.changed.borrow_mut();
        let mut budget = COPIED_PER_FRAME;
        while let Some(region) = changed.pop() {
            let Some(region) = region.intersection(&IndexBox::whole(mask.grid().shape())) else { continue };
            let [width, height, depth] = region.shape();
            let slices = (budget / (width * height).max(1)).clamp(1, depth);
            let mut now = region;
            now.high[2] = region.low[2] + slices;
            calculator.tell_change(now, mask.region(&now));
            budget = budget.saturating_sub(now.len());
            if slices < depth {
                let mut rest = region;
                rest.low[2] = now.high[2];
                changed.push(rest);
            }
            if budget == 0 {
                break;
            }
        }
        if !changed.is_empty() {
            (self.wake)();
        }
    }
}
