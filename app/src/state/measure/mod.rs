//! What is measured in the open case: lines, angles, regions, labels, the histogram.
//!
//! # Map
//! - this file: what there is; `hand`: making and moving measurements; `list`: changes of the list, undo; `watch`: which case is measured
//! - [`Shape`], [`SlicePlane`]: geometry in the patient's millimetres; `draft`: from clicks and drags to a shape
//! - `region`, `labels`, `histogram`: counting voxels; `calculator`: the thread that does it
//! - [`mod@file`]: how measurements are kept; [`table`]: as a table for other programs
//!
//! # Invariants
//! 1. Nothing in here counts voxels on the window's thread.
//! 2. Measurements belong to a case; each finished change is written at once.

mod calculator;
mod draft;
pub mod file;
mod hand;
mod histogram;
mod labels;
mod list;
mod region;
mod shape;
pub mod table;
mod watch;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{IndexBox, Ras};
use serde::{Deserialize, Serialize};

use self::calculator::Calculator;
pub use self::calculator::WindowSource;
pub use self::draft::{Draft, Kind, RegionForm};
pub use self::histogram::Histogram;
pub use self::labels::{LabelStatistics, LabelTracker};
pub use self::region::{RegionStatistics, region_statistics, slice_values};
pub use self::shape::{Frame, Passing, Shape, SlicePlane};

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
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
