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

    /// Measurements and label volumes as comma-separated values, for a file.
    #[must_use]
    pub fn measurement_table(&self) -> String {
        self.table(',')
    }

    /// The same with tabs, which spreadsheets take as cells when it is pasted.
    #[must_use]
    pub fn measurement_cells(&self) -> String {
        self.table('\t')
    }

    /// Whether there is anything for a table: measurements, or labels that have voxels.
    #[must_use]
    pub fn has_measurements(&self) -> bool {
        !self.measure.list.is_empty() || self.measure.labels.as_ref().is_some_and(|labels| !labels.is_empty())
    }

    fn table(&self, separator: char) -> String {
        let none = LabelTable::default();
        let labels = self.study.as_ref().map_or(&none, |study| &study.labels);
        let quantity = self.case.as_ref().map_or(medley_volume::Quantity::Arbitrary, |case| case.volume.quantity());
        table::table(&self.measure, labels, quantity, separator)
    }

    /// Finds a window from all of the scan, from the slice that was pointed at last, or from the chosen label.
    pub fn find_window(&self, source: WindowSource) {
        if self.case.is_some() {
            self.measure.find_window(source);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use medley_annotate::{Brush, BrushShape, PaintRules};
    use medley_volume::Ras;
    use medley_volume::glam::DVec3;

    use super::*;
    use crate::sample::unpack_study;
    use crate::state::measure::{Frame, Shape};
    use crate::state::open_case::OpenCase;
    use crate::state::workbench::OpenFirst;

    fn workbench(folder: &Path) -> Workbench {
        let thread = std::thread::current();
        let mut workbench = Workbench::new(None, &OpenFirst::Path(folder.to_owned()), Arc::new(move || thread.unpark())).expect("threads");
        wait(&mut workbench, |workbench| workbench.measure.labels.is_some() && workbench.measure.is_read());
        workbench
    }

    fn wait(workbench: &mut Workbench, is_there: impl Fn(&Workbench) -> bool) {
        let begin = Instant::now();
        loop {
            workbench.poll();
            if is_there(workbench) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
            let told: Vec<String> = workbench.notices.shown().iter().map(|notice| notice.text.clone()).collect();
            assert!(begin.elapsed() < Duration::from_secs(120), "it does not come: {told:?}");
        }
    }

    fn middle(workbench: &Workbench) -> Ras {
        workbench.case.as_ref().expect("a case").volume.grid().center()
    }

    fn ellipse(workbench: &Workbench) -> Shape {
        Shape::Ellipse(Frame { middle: middle(workbench), halves: [DVec3::X * 20.0, DVec3::Y * 15.0] })
    }

    #[test]
    fn what_is_measured_is_counted_kept_and_there_again() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(unpack_study(folder.path()).expect("unpacked"));
        let mut first = workbench(folder.path());
        let shape = ellipse(&first);
        first.measure.add(shape.clone());
        wait(&mut first, |workbench| workbench.measure.list[0].statistics.is_some());
        let held = first.measure.list[0].statistics.flatten().expect("voxels");
        assert!(held.voxels > 50 && held.min < held.mean && held.mean < held.max);
        assert!(first.measurement_table().lines().any(|line| line.starts_with("ellipse,Region 1,")));
        drop(first);
        let again = workbench(folder.path());
        let kept: Vec<_> = again.measure.list.iter().map(|measured| measured.measurement.shape.clone()).collect();
        assert_eq!(kept, vec![shape]);
    }

    #[test]
    fn a_damaged_file_is_told_and_never_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(unpack_study(folder.path()).expect("unpacked"));
        let first = workbench(folder.path());
        let path = folder.path().join(format!("measurements/case-{}.json", first.case.as_ref().expect("a case").id.0));
        drop(first);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
        std::fs::write(&path, "{\"format\": \"medley meas").expect("writes");
        let mut damaged = workbench(folder.path());
        let tells = |workbench: &Workbench, severity| {
            workbench.notices.shown().iter().any(|notice| notice.severity == severity && notice.text.contains("left as it is"))
        };
        assert!(tells(&damaged, Severity::Warning) && damaged.measure.list.is_empty());
        let shape = ellipse(&damaged);
        damaged.measure.add(shape);
        wait(&mut damaged, |workbench| tells(workbench, Severity::Error));
        drop(damaged);
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "{\"format\": \"medley meas");
    }

    #[test]
    fn label_volumes_follow_strokes_and_undo() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(unpack_study(folder.path()).expect("unpacked"));
        let mut workbench = workbench(folder.path());
        let is_current = |workbench: &Workbench| {
            let counts = workbench.case.as_ref().expect("a case").mask.counts();
            let held = workbench.measure.labels.as_ref().expect("counted");
            let labelled = counts.into_iter().filter(|(label, _)| *label != 0);
            labelled.eq(held.iter().map(|(&label, held)| (label, held.voxels as usize)))
        };
        assert!(is_current(&workbench));
        let to = middle(&workbench);
        for from in [-30.0, 0.0] {
            let brush = Brush { label: 2, radius_mm: 9.0, shape: BrushShape::Ball, rules: PaintRules::default() };
            workbench.begin_stroke(brush);
            workbench.extend_stroke(Ras(to.0 + DVec3::X * from), None);
            workbench.extend_stroke(to, None);
            workbench.finish_stroke();
            wait(&mut workbench, |workbench| is_current(workbench) && workbench.case.as_ref().is_some_and(OpenCase::may_paint));
        }
        assert!(!workbench.undoes_measurements());
        workbench.undo();
        assert!(!is_current(&workbench), "the stroke has changed nothing");
        wait(&mut workbench, is_current);
    }
}
