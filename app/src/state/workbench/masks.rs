//! The open mask: painting, undo, snapshots. Every change goes to the journal and to the GPU.

use std::sync::Arc;
use std::time::Instant;

use medley_annotate::{Brush, BrushShape};
use medley_volume::{AnatomicalPlane, Ras};

use super::Workbench;
use crate::clock::now_ms;
use crate::state::clerk::{JournalStep, Request};
use crate::state::large_change::Work;
use crate::state::notices::Severity;
use crate::state::open_case::{MaskChange, OpenCase};
use crate::state::tools::ActiveTool;
use crate::texts;

impl Workbench {
    /// Writes the open case's mask into the study now.
    pub fn save_mask(&mut self) {
        self.snapshot_of(true);
    }

    pub(super) fn snapshot(&mut self) {
        self.snapshot_of(false);
        self.snapshot_parked();
    }

    fn snapshot_of(&mut self, is_asked_for: bool) {
        self.last_snapshot = Instant::now();
        if self.read_only_obstacle().is_some() {
            return;
        }
        let Some(case) = self.case.as_mut().filter(|case| case.unsaved > 0 || is_asked_for) else { return };
        if case.is_painting() {
            return;
        }
        case.unsaved = 0;
        self.clerk.ask(Request::SaveMask(case.id, Arc::clone(&case.mask)));
        if is_asked_for {
            self.notices.push(Severity::Done, texts::study::mask_saved(&case.name));
        }
    }

    /// The brush as it would paint in a plane now; `None` where the tool does not paint.
    #[must_use]
    pub fn brush_for(&self, plane: AnatomicalPlane, erases: bool) -> Option<Brush> {
        if !self.tool.is_painting() {
            return None;
        }
        let label = if erases || self.tool == ActiveTool::Eraser { 0 } else { self.active_label };
        // Flat tips lie in a stored slice; where the plane cuts across those, they are solid.
        let cuts_across = self.case.as_ref().is_some_and(|case| self.views.cuts_across(case.volume.grid(), plane));
        let shape = match (self.brush.is_ball || cuts_across, self.brush.is_square) {
            (true, true) => BrushShape::Cube,
            (true, false) => BrushShape::Ball,
            (false, true) => BrushShape::Square(plane),
            (false, false) => BrushShape::Disc(plane),
        };
        let rules = self.correction.rules(self.locked_labels());
        Some(Brush { label, radius_mm: self.brush.radius_mm, shape, rules })
    }

    /// Puts the brush down.
    pub fn begin_stroke(&mut self, brush: Brush) {
        if self.refuses_change() {
            return;
        }
        let locked = self.study.as_ref().and_then(|study| study.labels.get(brush.label)).filter(|label| label.is_locked);
        if let Some(label) = locked {
            self.notices.push(Severity::Warning, texts::labels::is_locked(&label.name));
            return;
        }
        if let Some(case) = &mut self.case {
            case.begin_stroke(brush);
        }
    }

    /// Draws on; where a radius (mm) is given the brush has that one there.
    pub fn extend_stroke(&mut self, to: Ras, radius_mm: Option<f64>) {
        let change = self.case.as_mut().and_then(|case| case.extend_stroke(to, radius_mm));
        self.show_change(change);
    }

    /// Lifts the brush.
    pub fn finish_stroke(&mut self) {
        let Some(case) = &mut self.case else { return };
        if let Some(edit) = case.finish_stroke(now_ms()) {
            self.clerk.ask(Request::Journal(case.id, JournalStep::Edit(edit)));
        }
    }

    /// Takes the stroke under way back.
    pub fn cancel_stroke(&mut self) {
        let change = self.case.as_mut().and_then(OpenCase::cancel_stroke);
        self.show_change(change);
    }

    /// Takes the last Edit back.
    pub fn undo(&mut self) {
        let case = self.case.as_ref().filter(|case| case.may_paint());
        match case.and_then(|case| case.history.next_undo()).filter(|step| self.is_large(step)).cloned() {
            Some(step) if !self.refuses_change() => self.begin_large(Work::TakeBack(step)),
            Some(_) => {}
            None => self.step_history(OpenCase::undo, JournalStep::Undo),
        }
    }

    /// Does the last undone Edit again.
    pub fn redo(&mut self) {
        let case = self.case.as_ref().filter(|case| case.may_paint());
        match case.and_then(|case| case.history.next_redo()).filter(|step| self.is_large(step)).cloned() {
            Some(step) if !self.refuses_change() => self.begin_large(Work::DoAgain(step)),
            Some(_) => {}
            None => self.step_history(OpenCase::redo, JournalStep::Redo),
        }
    }

    fn step_history(
        &mut self,
        step: impl FnOnce(&mut OpenCase) -> Result<Option<MaskChange>, medley_annotate::AnnotateError>,
        entry: JournalStep,
    ) {
        if self.refuses_change() {
            return;
        }
        let Some(case) = &mut self.case else { return };
        match step(case) {
            Ok(Some(change)) => {
                self.clerk.ask(Request::Journal(case.id, entry));
                self.show_change(Some(change));
            }
            Ok(None) => {}
            Err(error) => self.notices.push(Severity::Error, error.to_string()),
        }
    }

    pub(super) fn apply_and_journal(&mut self, edit: medley_annotate::Edit) {
        if self.refuses_change() {
            return;
        }
        if self.is_large(&edit) {
            self.begin_large(Work::Do(edit));
            return;
        }
        let Some(case) = &mut self.case else { return };
        if !case.rests() {
            self.notices.push(Severity::Warning, texts::history::IS_CHANGING);
            return;
        }
        match case.apply(&edit) {
            Ok(change) => {
                self.clerk.ask(Request::Journal(case.id, JournalStep::Edit(edit)));
                self.show_change(Some(change));
            }
            Err(error) => self.notices.push(Severity::Error, error.to_string()),
        }
    }
}
