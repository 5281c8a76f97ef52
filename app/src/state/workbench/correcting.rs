//! Tools other than the brush, connected with the open case.

use std::collections::BTreeSet;
use std::sync::Arc;

use medley_annotate::Refusal;
use medley_annotate::tools::{Confidence, Extent, Fill, Grow, Growth, LiveWire, Slice};
use medley_volume::{AnatomicalPlane, LabelTable, Ras};

use super::Workbench;
use crate::clock::now_ms;
use crate::state::correction::bench::Task;
use crate::state::correction::draft::Draft;
use crate::state::correction::gesture::Gesture;
use crate::state::correction::operation::{Operation, Situation};
use crate::state::correction::{Preview, Wanted};
use crate::state::notices::Severity;
use crate::state::tools::ActiveTool;
use crate::texts::correct as texts;

impl Workbench {
    /// Shows what a tool would do, and does it once it is known where `is_to_apply`.
    pub fn ask_tool(&mut self, gesture: Gesture, label: u16, is_to_apply: bool) {
        if self.change_obstacle().is_some() && (!is_to_apply || self.refuses_change()) {
            return;
        }
        let rules = self.correction.rules(self.locked_labels());
        let Some(case) = &self.case else { return };
        let wanted = Wanted { case: case.id, mask_version: case.mask_version(), label, rules, gesture };
        if let Some(preview) = self.correction.preview.as_mut().filter(|preview| preview.wanted == wanted) {
            preview.is_to_apply |= is_to_apply;
        } else {
            let (mask, scan) = (Arc::clone(&case.mask), Arc::clone(&case.volume));
            let gpu = self.gpu.as_ref().filter(|_| !is_to_apply);
            let shown_on = case.textures.clone().zip(gpu.map(|(_, queue)| queue.clone()));
            self.correction.bench.ask(Task { wanted: wanted.clone(), mask, scan, at_ms: now_ms(), shown_on });
            self.correction.preview = Some(Preview { wanted, outcome: None, is_to_apply, counts: None });
        }
        self.apply_if_ready();
    }

    /// Does what the preview shows.
    pub fn apply_preview(&mut self) {
        if let Some(draft) = self.correction.draft.take() {
            self.close(draft, self.active_label);
            return;
        }
        if let Some(preview) = &mut self.correction.preview {
            preview.is_to_apply = true;
        }
        self.apply_if_ready();
    }

    /// Takes the preview, the draft of a contour and the chosen operation away. Whether there was anything.
    pub fn drop_preview(&mut self) -> bool {
        let had_draft = self.correction.draft.take().is_some();
        let had_operation = self.correction.operation.take().is_some();
        let had_preview = self.correction.preview.take().is_some();
        if had_preview {
            self.hide_preview();
        }
        had_draft || had_preview || had_operation
    }

    /// Keeps the preview of the chosen operation up to date, and takes in what the tools' thread has done. Once a frame.
    pub(super) fn poll_tools(&mut self) {
        for done in self.correction.bench.poll() {
            let is_shown = match &mut self.correction.preview {
                Some(preview) if preview.wanted == done.wanted => {
                    preview.outcome = Some(done.outcome);
                    preview.counts = done.counts;
                    preview.edit().is_some()
                }
                Some(_) => true,
                // It is on the screen, but nobody wants it any more.
                None => false,
            };
            if !is_shown {
                self.hide_preview();
            }
        }
        self.apply_if_ready();
        self.settle_operand();
        if let Some(operation) = self.correction.operation
            && !self.correction.preview.as_ref().is_some_and(|preview| preview.is_to_apply)
            && self.case.as_ref().is_some_and(crate::state::open_case::OpenCase::may_paint)
        {
            match self.operation_gesture(operation) {
                Some(gesture) => self.ask_tool(gesture, self.active_label, false),
                None if self.correction.preview.take().is_some() => self.hide_preview(),
                None => {}
            }
        }
    }

    fn operation_gesture(&self, operation: Operation) -> Option<Gesture> {
        let grid = self.case.as_ref()?.mask.grid();
        let known = self.study.iter().flat_map(|study| study.labels.labels()).map(|label| label.value).max().unwrap_or(0);
        let free: Vec<u16> = (1..=64).filter_map(|n| known.checked_add(n)).collect();
        let other_mask = self.operand_mask();
        let situation =
            Situation { grid, crosshair: self.views.crosshair, label: self.active_label, free: &free, other_mask: other_mask.as_ref() };
        self.correction.options.gesture(operation, &situation)
    }

    fn apply_if_ready(&mut self) {
        let may_paint = self.case.as_ref().is_some_and(crate::state::open_case::OpenCase::may_paint);
        let is_ready = self.correction.preview.as_ref().is_some_and(|preview| preview.is_to_apply && preview.outcome.is_some());
        if !is_ready || !may_paint {
            return;
        }
        let Some(Preview { wanted, outcome: Some(outcome), .. }) = self.correction.preview.take() else { return };
        self.correction.operation = None;
        self.hide_preview();
        let is_same_case = self.case.as_ref().is_some_and(|case| case.id == wanted.case);
        match outcome {
            Ok(edit) if is_same_case => {
                let brought: BTreeSet<u16> = edit.after.iter().map(|(_, label)| label).filter(|label| *label != 0).collect();
                self.apply_and_journal(edit);
                self.name_new_labels(brought);
            }
            Ok(_) => {}
            Err(Refusal::NoChange) => self.notices.push(Severity::Done, Refusal::NoChange.to_string()),
            Err(refusal) => self.notices.push(Severity::Warning, refusal.to_string()),
        }
    }

    fn hide_preview(&self) {
        let (Some(case), Some((_, queue))) = (&self.case, &self.gpu) else { return };
        if let Some(textures) = &case.textures {
            textures.write_preview(queue, &case.mask, None);
        }
    }

    /// A click of a tool that starts at a point; `erases` paints background.
    pub fn click_seed(&mut self, plane: AnatomicalPlane, seed: Ras, erases: bool) {
        let label = if erases { 0 } else { self.active_label };
        let options = self.correction.seed;
        let extent = if options.is_3d { Extent::Volume } else { Extent::Slice(plane) };
        match self.tool {
            ActiveTool::Fill => self.ask_tool(Gesture::Fill(Fill { seed, extent, may_reach_edge: false }), label, true),
            ActiveTool::Grow => {
                let growth = if options.learns_range {
                    Growth::Confidence(Confidence { factor: options.factor, ..Confidence::default() })
                } else {
                    Growth::Tolerance(options.tolerance)
                };
                let grow = Grow { seed, extent, growth, radius_mm: Some(options.radius_mm), fills_holes: options.fills_holes };
                self.ask_tool(Gesture::Grow(grow), label, false);
            }
            _ => {}
        }
    }

    /// A click of a contour tool: the first begins a contour, a later one goes on.
    pub fn click_contour(&mut self, plane: AnatomicalPlane, at: Ras) {
        let Some(slice) = self.case.as_ref().map(|case| Slice::nearest(case.mask.grid(), plane, at)) else { return };
        match (slice, &mut self.correction.draft) {
            (Err(refusal), _) => self.notices.push(Severity::Warning, refusal.to_string()),
            (Ok(slice), Some(draft)) if draft.slice == slice => draft.click(at),
            (Ok(_), Some(_)) => self.notices.push(Severity::Warning, texts::CONTOUR_OF_ANOTHER_SLICE),
            (Ok(slice), None) => self.begin_contour(plane, slice, at),
        }
    }

    fn begin_contour(&mut self, plane: AnatomicalPlane, slice: Slice, at: Ras) {
        let Some(case) = &self.case else { return };
        let draft = if self.tool == ActiveTool::LiveWire {
            LiveWire::new(&case.volume, slice, Some(self.views.window.range())).and_then(|wire| Draft::begin_wire(plane, slice, at, wire))
        } else {
            Ok(Draft::begin(plane, slice, at))
        };
        match draft {
            Ok(draft) => self.correction.draft = Some(draft),
            Err(refusal) => self.notices.push(Severity::Warning, refusal.to_string()),
        }
    }

    /// The pointer moves on with a contour in the hand.
    pub fn aim_contour(&mut self, plane: AnatomicalPlane, at: Ras) {
        if let Some(draft) = self.correction.draft.as_mut().filter(|draft| draft.plane == plane) {
            draft.aim(at);
        }
    }

    /// Lets a region grow to values `steps` farther away from the seed's.
    pub fn widen_growth(&mut self, steps: f64) {
        let seed = &mut self.correction.seed;
        let step = 1.02f64.powf(steps);
        if seed.learns_range {
            seed.factor = (seed.factor * step).clamp(0.1, 20.0);
        } else {
            seed.tolerance = (seed.tolerance * step).clamp(1e-3, 1e6);
        }
    }

    /// The colour of the label that is painted, as the slices show it.
    #[must_use]
    pub fn active_color(&self) -> egui::Color32 {
        let [r, g, b] = self.label_color(self.active_label);
        egui::Color32::from_rgb(r, g, b)
    }

    /// The colour of a label, hidden or not: its own, or the one that colour-blind readers tell apart.
    #[must_use]
    pub fn label_color(&self, label: u16) -> [u8; 3] {
        let is_own = !self.hands.settings.has_safe_label_colors;
        let known = self.study.as_ref().filter(|_| is_own).and_then(|study| study.labels.get(label));
        known.map_or_else(|| LabelTable::palette(label), |label| label.color)
    }

    /// Puts the active label of the slice at the crosshair into the next one (toward head, front or the patient's left for
    /// positive `steps`) and goes there.
    pub fn copy_slice(&mut self, plane: AnatomicalPlane, steps: isize) {
        let Some(case) = &self.case else { return };
        let grid = *case.mask.grid();
        let Ok(from) = Slice::nearest(&grid, plane, self.views.crosshair) else { return };
        let Some(to) = from.stepped(&grid, steps) else {
            self.notices.push(Severity::Warning, texts::NO_NEXT_SLICE);
            return;
        };
        self.ask_tool(Gesture::CopySlice { from, to }, self.active_label, true);
        let mut voxel = grid.continuous_index_of(self.views.crosshair);
        voxel[to.axis] = to.index as f64;
        self.views.crosshair = Ras(grid.ras_from_voxel().transform_point3(voxel));
    }

    /// Draws a contour on by hand.
    pub fn draw_contour(&mut self, at: Ras) {
        let slice = |plane| self.case.as_ref().and_then(|case| Slice::nearest(case.mask.grid(), plane, at).ok());
        let is_in_slice = self.correction.draft.as_ref().is_some_and(|draft| slice(draft.plane) == Some(draft.slice));
        if let Some(draft) = self.correction.draft.as_mut().filter(|_| is_in_slice) {
            draft.draw(at);
        }
    }

    /// Closes the contour: what it holds gets the active label, or background.
    pub fn close_contour(&mut self, erases: bool) {
        let label = if erases { 0 } else { self.active_label };
        if let Some(draft) = self.correction.draft.take() {
            self.close(draft, label);
        }
    }

    /// Takes the last point of the contour back.
    pub fn take_contour_point_back(&mut self) {
        let is_left = self.correction.draft.as_mut().is_none_or(Draft::take_back);
        if !is_left {
            self.correction.draft = None;
        }
    }

    fn close(&mut self, draft: Draft, label: u16) {
        let slice = draft.slice;
        let (points, follows_edges) = draft.closed();
        let gesture = if follows_edges { Gesture::LiveWire(slice, points) } else { Gesture::Contour(slice, points) };
        self.ask_tool(gesture, label, true);
    }

    /// Takes another tool; what was drawn with the old one is dropped.
    pub fn take(&mut self, tool: ActiveTool) {
        if self.tool != tool {
            self.drop_preview();
            self.tool = tool;
        }
    }

    /// Shows the options of an operation and what it would do.
    pub fn choose_operation(&mut self, operation: Operation) {
        self.drop_preview();
        self.correction.operation = Some(operation);
    }
}
