//! What is measured in the open case: lines, angles, regions, labels, the histogram.
//!
//! # Map
//! - this file: the list, what the hand is doing, undo
//! - [`Shape`], [`SlicePlane`]: geometry in the patient's millimetres; `draft`: from clicks and drags to a shape
//! - `region`, `labels`, `histogram`: counting voxels; `calculator`: the thread that does it
//! - [`file`]: how measurements are kept; [`table`]: as a table for other programs
//!
//! # Invariants
//! 1. Nothing in here counts voxels on the window's thread.
//! 2. Measurements belong to a case; each finished change is written at once.

mod calculator;
mod draft;
pub mod file;
mod histogram;
mod labels;
mod region;
mod shape;
pub mod table;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{IndexBox, LabelMap, Ras};
use serde::{Deserialize, Serialize};

pub use self::calculator::WindowSource;
use self::calculator::{Answer, Calculator, Subject};
pub use self::draft::{Draft, Kind, RegionForm};
pub use self::histogram::Histogram;
pub use self::labels::{LabelStatistics, LabelTracker};
pub use self::region::{RegionStatistics, region_statistics, slice_values};
pub use self::shape::{Frame, Passing, Shape, SlicePlane};
use super::open_case::OpenCase;
use super::window_level::WindowLevel;
use crate::texts::measure as texts;

/// How many steps back are kept.
const MOST_STEPS: usize = 100;
/// Voxels of a changed mask that are copied for counting in one frame.
const COPIED_PER_FRAME: usize = 1 << 20;

/// A measurement as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What a person calls it.
    pub name: String,
    /// What is measured.
    #[serde(flatten)]
    pub shape: Shape,
}

/// A measurement in the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Its number, by which it is told from others while the program runs.
    pub number: u64,
    /// What was measured.
    pub measurement: Measurement,
    /// What a region's voxels hold: `None` until it is counted, `Some(None)` where it holds none.
    pub statistics: Option<Option<RegionStatistics>>,
}

/// Where the hand has a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grip {
    /// At one of its handles.
    Handle(usize),
    /// At its line: it is moved as a whole.
    Body,
}

#[derive(Debug, Clone)]
struct Drag {
    number: u64,
    grip: Grip,
    from: Ras,
    before: Shape,
}

/// Which case is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CaseKey {
    study: PathBuf,
    id: CaseId,
}

/// The measurements of the open case and what is counted of it.
pub struct Measure {
    /// The measurements, oldest first.
    pub list: Vec<Measured>,
    /// The one that is chosen.
    pub selected: Option<u64>,
    /// The name being typed for a measurement.
    pub renaming: Option<(u64, String)>,
    /// The form of the next region.
    pub region_form: RegionForm,
    /// How often each value occurs, once it is counted.
    pub histogram: Option<Arc<Histogram>>,
    /// What each label holds, once it is counted.
    pub labels: Option<BTreeMap<u16, LabelStatistics>>,
    /// The histogram's window is shown.
    pub is_histogram_open: bool,
    /// Counts are drawn by their logarithm.
    pub is_logarithmic: bool,
    /// A bar of greys with its values stands at the edge of every slice.
    pub shows_color_bar: bool,
    /// The slice that was pointed at last.
    pub slice: Option<SlicePlane>,
    /// Where on the screen the button went down, while it is down.
    pub pressed_at: Option<egui::Pos2>,
    /// A finished change is not on its way to the disk yet.
    is_unsaved: bool,
    /// The case's file has been read.
    is_read: bool,
    draft: Option<Draft>,
    drag: Option<Drag>,
    past: Vec<Vec<Measured>>,
    future: Vec<Vec<Measured>>,
    next_number: u64,
    case: Option<CaseKey>,
    volume: Option<std::sync::Weak<medley_volume::Volume>>,
    changed: RefCell<Vec<IndexBox>>,
    calculator: Option<Calculator>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Measure {
    /// Nothing measured yet; `wake` is called when something has been counted.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        Ok(Self { calculator: Some(Calculator::start(Arc::clone(&wake))?), ..Self::without_thread(wake) })
    }

    fn without_thread(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            list: Vec::new(),
            selected: None,
            renaming: None,
            region_form: RegionForm::default(),
            histogram: None,
            labels: None,
            is_histogram_open: false,
            is_logarithmic: true,
            shows_color_bar: false,
            slice: None,
            pressed_at: None,
            is_unsaved: false,
            is_read: false,
            draft: None,
            drag: None,
            past: Vec::new(),
            future: Vec::new(),
            next_number: 1,
            case: None,
            volume: None,
            changed: RefCell::new(Vec::new()),
            calculator: None,
            wake,
        }
    }

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

    /// The measurement under way.
    #[must_use]
    pub fn draft(&self) -> Option<&Draft> {
        self.draft.as_ref()
    }

    /// The button was pressed at a place of a plane: over a measurement it is taken, elsewhere one is begun or gone on with.
    pub fn press(&mut self, kind: Kind, plane: SlicePlane, at: Ras, taken: Option<(u64, Grip)>) {
        if let Some(draft) = &mut self.draft {
            draft.follow(at, 0.0);
        } else if let Some((number, grip)) = taken {
            self.selected = Some(number);
            let shape = self.list.iter().find(|measured| measured.number == number).map(|measured| measured.measurement.shape.clone());
            self.drag = shape.map(|before| Drag { number, grip, from: at, before });
        } else {
            self.selected = None;
            self.draft = Some(Draft::begin(kind, plane, at));
        }
    }

    /// The pointer moved; `least_mm` is the shortest step of a line drawn by hand.
    pub fn follow_pointer(&mut self, to: Ras, least_mm: f64) {
        if let Some(draft) = &mut self.draft {
            draft.follow(to, least_mm);
        }
        let Some(drag) = &self.drag else { return };
        let shape = match drag.grip {
            Grip::Handle(index) => drag.before.with_handle(index, to),
            Grip::Body => drag.before.moved(to.0 - drag.from.0),
        };
        let number = drag.number;
        self.reshape(number, shape);
    }

    /// The button was let go; `has_dragged`: not where it was pressed. Whether a measurement was finished.
    pub fn release(&mut self, has_dragged: bool) -> bool {
        if let Some(Drag { number, before, .. }) = self.drag.take() {
            let now = self.list.iter().find(|measured| measured.number == number).map(|measured| measured.measurement.shape.clone());
            if let Some(now) = now.filter(|now| *now != before) {
                self.reshape(number, before);
                self.change(|list| {
                    list.iter_mut().filter(|measured| measured.number == number).for_each(|m| m.measurement.shape = now.clone())
                });
                self.recount(number);
            }
            return false;
        }
        let Some(shape) = self.draft.as_mut().and_then(|draft| draft.release(has_dragged)) else { return false };
        self.draft = None;
        if shape.is_empty() || !shape.is_finite() {
            return false;
        }
        self.add(shape);
        true
    }

    /// Gives up a measurement under way that the tool in the hand does not make.
    pub fn keep_only(&mut self, kind: Option<Kind>) {
        if self.draft.as_ref().is_some_and(|draft| Some(draft.kind()) != kind) || (self.drag.is_some() && kind.is_none()) {
            self.cancel();
        }
    }

    /// Gives up what the hand is doing; whether it was doing anything.
    pub fn cancel(&mut self) -> bool {
        if let Some(Drag { number, before, .. }) = self.drag.take() {
            self.reshape(number, before);
            return true;
        }
        self.draft.take().is_some()
    }

    /// Puts a new measurement into the list and chooses it.
    pub fn add(&mut self, shape: Shape) {
        let same = self.list.iter().filter(|other| texts::kind(&other.measurement.shape) == texts::kind(&shape)).count();
        let is_free = |name: &String| self.list.iter().all(|other| other.measurement.name != *name);
        let names = (same + 1..).map(|n| format!("{} {n}", texts::kind(&shape)));
        let name = names.into_iter().find(is_free).unwrap_or_default();
        self.remember();
        self.add_numbered(Measurement { name, shape });
        self.selected = self.list.last().map(|measured| measured.number);
    }

    fn add_numbered(&mut self, measurement: Measurement) {
        let number = self.next_number;
        self.next_number += 1;
        self.list.push(Measured { number, measurement, statistics: None });
        self.recount(number);
    }

    /// Takes a measurement out of the list.
    pub fn remove(&mut self, number: u64) {
        self.change(|list| list.retain(|measured| measured.number != number));
        if self.selected == Some(number) {
            self.selected = None;
        }
    }

    /// Gives a measurement another name; an empty one is none.
    pub fn rename(&mut self, number: u64, name: &str) {
        let name = name.trim();
        if !name.is_empty() {
            self.change(|list| {
                list.iter_mut()
                    .filter(|measured| measured.number == number)
                    .for_each(|measured| measured.measurement.name = name.to_owned());
            });
        }
    }

    /// Whether there is a change of measurements to take back.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is one to do again.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }

    /// Takes the last change of measurements back.
    pub fn undo(&mut self) {
        if let Some(before) = self.past.pop() {
            let now = self.replace(before);
            self.future.push(now);
        }
    }

    /// Does the last one taken back again.
    pub fn redo(&mut self) {
        if let Some(after) = self.future.pop() {
            let now = self.replace(after);
            self.past.push(now);
        }
    }

    fn replace(&mut self, list: Vec<Measured>) -> Vec<Measured> {
        (self.draft, self.drag) = (None, None);
        let before = std::mem::replace(&mut self.list, list);
        self.selected = self.selected.filter(|number| self.list.iter().any(|measured| measured.number == *number));
        self.list.iter().map(|measured| measured.number).collect::<Vec<_>>().into_iter().for_each(|number| self.recount(number));
        self.is_unsaved = true;
        before
    }

    fn remember(&mut self) {
        self.past.push(self.list.clone());
        if self.past.len() > MOST_STEPS {
            self.past.remove(0);
        }
        self.future.clear();
        self.is_unsaved = true;
    }

    fn change(&mut self, change: impl FnOnce(&mut Vec<Measured>)) {
        self.remember();
        change(&mut self.list);
    }

    fn reshape(&mut self, number: u64, shape: Shape) {
        if let Some(measured) = self.list.iter_mut().find(|measured| measured.number == number) {
            measured.measurement.shape = shape;
        }
        self.recount(number);
    }

    fn recount(&self, number: u64) {
        let measured = self.list.iter().find(|measured| measured.number == number);
        if let (Some(measured), Some(calculator)) = (measured.filter(|m| m.measurement.shape.is_region()), &self.calculator) {
            calculator.ask_region(number, measured.measurement.shape.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;
    use medley_volume::glam::DVec3;

    use super::*;

    fn at(x: f64, y: f64) -> Ras {
        Ras(DVec3::new(x, y, 0.0))
    }

    fn plane() -> SlicePlane {
        SlicePlane::spanned(at(0.0, 0.0), DVec3::X, DVec3::Y, &Grid::axis_aligned([8; 3], [1.0; 3]).expect("a grid"))
    }

    fn measure() -> Measure {
        let mut measure = Measure::without_thread(Arc::new(|| {}));
        measure.case = Some(CaseKey { study: PathBuf::new(), id: CaseId(1) });
        measure
    }

    fn draw(measure: &mut Measure, from: Ras, to: Ras) {
        measure.press(Kind::Distance, plane(), from, None);
        measure.follow_pointer(to, 0.1);
        assert!(measure.release(true));
    }

    #[test]
    fn an_end_is_dragged_and_the_drag_is_undone_in_one_step() {
        let mut measure = measure();
        draw(&mut measure, at(0.0, 0.0), at(3.0, 4.0));
        let number = measure.list[0].number;
        measure.press(Kind::Distance, plane(), at(3.0, 4.0), Some((number, Grip::Handle(1))));
        (0..=8).for_each(|y| measure.follow_pointer(at(6.0, f64::from(y)), 0.1));
        assert!(!measure.release(true));
        assert_eq!(measure.list[0].measurement.shape.size(), 10.0);
        measure.undo();
        assert_eq!(measure.list[0].measurement.shape.size(), 5.0);
        measure.redo();
        assert_eq!(measure.list[0].measurement.shape.size(), 10.0);
    }

    #[test]
    fn what_is_given_up_leaves_everything_as_it_was() {
        let mut measure = measure();
        draw(&mut measure, at(0.0, 0.0), at(3.0, 4.0));
        let before = measure.list.clone();
        measure.press(Kind::Angle, plane(), at(1.0, 1.0), None);
        measure.follow_pointer(at(2.0, 2.0), 0.1);
        assert!(measure.cancel());
        measure.press(Kind::Distance, plane(), at(1.0, 1.0), Some((before[0].number, Grip::Body)));
        measure.follow_pointer(at(7.0, 7.0), 0.1);
        assert_ne!(measure.list, before);
        assert!(measure.cancel() && !measure.cancel());
        assert_eq!(measure.list, before);
    }

    #[test]
    fn removing_and_renaming_are_undone() {
        let mut measure = measure();
        draw(&mut measure, at(0.0, 0.0), at(3.0, 4.0));
        draw(&mut measure, at(0.0, 0.0), at(1.0, 0.0));
        let names = |measure: &Measure| measure.list.iter().map(|m| m.measurement.name.clone()).collect::<Vec<_>>();
        let first = names(&measure);
        assert_ne!(first[0], first[1]);
        measure.rename(measure.list[0].number, "  aorta ");
        measure.rename(measure.list[0].number, "  ");
        measure.remove(measure.list[1].number);
        assert_eq!(names(&measure), ["aorta"]);
        measure.undo();
        measure.undo();
        assert_eq!(names(&measure), first);
    }

    #[test]
    fn what_was_measured_before_the_file_was_read_stands_after_its_list_and_is_written_with_it() {
        let mut measure = measure();
        draw(&mut measure, at(0.0, 0.0), at(3.0, 4.0));
        assert_eq!(measure.take_unsaved(), None);
        let kept = Measurement { name: "old".to_owned(), shape: Shape::Distance { ends: [at(0.0, 0.0), at(1.0, 0.0)] } };
        measure.take_read(Path::new(""), CaseId(2), vec![kept.clone()]);
        measure.take_read(Path::new("other"), CaseId(1), vec![kept.clone()]);
        assert_eq!(measure.take_unsaved(), None);
        measure.take_read(Path::new(""), CaseId(1), vec![kept]);
        let (_, id, written) = measure.take_unsaved().expect("something to write");
        assert_eq!((id, written.len(), written[0].name.as_str()), (CaseId(1), 2, "old"));
        assert_eq!(measure.take_unsaved(), None);
    }

    #[test]
    fn a_click_that_measures_nothing_leaves_nothing() {
        let mut measure = measure();
        measure.press(Kind::Region(RegionForm::Ellipse), plane(), at(1.0, 1.0), None);
        assert!(!measure.release(true));
        assert!(measure.list.is_empty() && measure.draft().is_none() && !measure.can_undo());
    }
}
