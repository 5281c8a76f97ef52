//! The mask under correction: gestures become Edits, tried or carried out.

use std::time::{Duration, Instant};

use medley_annotate::tools::{
    Canvas, CopySlice, Distances, Extent, Fill, FillHoles, Grow, Growth, Interpolate, Islands, Margin, Smooth, Threshold, copy_slice, fill,
    fill_holes, grow, interpolate, islands, margin, polygon, smooth, threshold,
};
use medley_annotate::{AnnotateError, Author, Brush, BrushShape, Edit, History, PaintRules, Refusal, Stroke, ValueRange};
use medley_volume::{AnatomicalPlane, Connectivity, IndexBox, LabelMap, Ras};

use crate::gesture::{Aim, Gesture};
use crate::scene::Scene;

/// Voxels of the organ: those found, those held, those there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    both: i64,
    held: i64,
    wanted: i64,
}

/// What an Edit adds to a [`Tally`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Change {
    both: i64,
    held: i64,
}

impl Tally {
    /// 2·|P∩T| / (|P| + |T|).
    pub fn dice(self) -> f64 {
        2.0 * self.both as f64 / (self.held + self.wanted) as f64
    }

    /// After an Edit.
    pub fn with(self, change: Change) -> Self {
        Self { both: self.both + change.both, held: self.held + change.held, ..self }
    }
}

/// A mask, its history and how good it is.
pub struct Desk<'a> {
    pub scene: &'a Scene,
    pub mask: LabelMap,
    pub history: History,
    pub tally: Tally,
    /// For each cell of the frame whether the mask holds the organ there.
    pub held: Vec<bool>,
    /// Time the tools took for what was carried out.
    pub computing: Duration,
}

impl<'a> Desk<'a> {
    /// The proposal as it came.
    pub fn new(scene: &'a Scene) -> Self {
        let mask = scene.proposal.clone();
        let is_held = |offset: &usize| mask.at(*offset) == scene.label;
        let held = (0..mask.len()).filter(is_held).count() as i64;
        let both = (0..mask.len()).filter(is_held).filter(|&offset| scene.truth[offset]).count() as i64;
        let wanted = scene.truth.iter().filter(|is_wanted| **is_wanted).count() as i64;
        let tally = Tally { both, held, wanted };
        let mut desk = Self { scene, mask, history: History::new(), tally, held: Vec::new(), computing: Duration::ZERO };
        desk.look();
        desk
    }

    /// What is wrong: cells to add, or cells to erase.
    pub fn errors(&self, aim: Aim) -> Vec<bool> {
        let cells = self.held.iter().zip(&self.scene.wanted);
        cells.map(|(held, wanted)| if aim == Aim::Add { *wanted && !*held } else { *held && !*wanted }).collect()
    }

    /// What a gesture would change; the mask stays. `None` if nothing.
    pub fn trial(&mut self, gesture: &Gesture) -> Option<Change> {
        let (edit, is_in_mask) = self.edit(gesture)?;
        let change = self.change(&edit);
        if is_in_mask {
            edit.revert(&mut self.mask).ok()?;
        }
        Some(change)
    }

    /// Carries a gesture out; the box that changed, or `None` if nothing did.
    ///
    /// # Errors
    /// If the mask does not hold what the Edit says it replaces.
    pub fn carry_out(&mut self, gesture: &Gesture) -> Result<Option<IndexBox>, AnnotateError> {
        let start = Instant::now();
        let made = self.edit(gesture);
        if let Some((edit, false)) = &made {
            edit.apply(&mut self.mask)?;
        }
        self.computing += start.elapsed();
        let Some((edit, _)) = made else { return Ok(None) };
        let region = edit.region;
        self.tally = self.tally.with(self.change(&edit));
        self.history.push(edit);
        self.look();
        Ok(Some(region))
    }

    fn look(&mut self) {
        let (frame, label) = (&self.scene.frame, self.scene.label);
        self.held = (0..frame.len()).map(|place| self.mask.at(frame.offset(place)) == label).collect();
    }

    fn change(&self, edit: &Edit) -> Change {
        let offsets = edit.region.rows(self.mask.grid().shape()).flatten();
        let mut change = Change::default();
        for ((offset, before), after) in offsets.zip(edit.before.unpack()).zip(edit.after.unpack()) {
            let step = i64::from(after == self.scene.label) - i64::from(before == self.scene.label);
            change.held += step;
            change.both += if self.scene.truth[offset] { step } else { 0 };
        }
        change
    }

    /// The Edit of a gesture, and whether the mask holds it already.
    fn edit(&mut self, gesture: &Gesture) -> Option<(Edit, bool)> {
        let label = self.scene.label;
        let over_organ = PaintRules { only_over: Some(label), ..PaintRules::default() };
        let with = |aim: Aim| match aim {
            Aim::Add => (label, PaintRules::default()),
            Aim::Erase => (0, over_organ.clone()),
        };
        if let Gesture::Stroke { aim, radius_mm, is_ball, path, .. } = gesture {
            let (label, rules) = with(*aim);
            let shape = if *is_ball { BrushShape::Ball } else { BrushShape::Disc(AnatomicalPlane::Axial) };
            let mut stroke = Stroke::begin(Brush { label, radius_mm: *radius_mm, shape, rules });
            for &point in path {
                stroke.extend(&mut self.mask, None, point);
            }
            return stroke.finish(&self.mask, Author::Person, 0).map(|edit| (edit, true));
        }
        let (label, rules) = match gesture {
            Gesture::Contour { aim, .. } => with(*aim),
            Gesture::Clear { .. } => with(Aim::Erase),
            Gesture::Grow { .. } | Gesture::Threshold { .. } => (label, PaintRules { only_over: Some(0), ..PaintRules::default() }),
            _ => (label, PaintRules::default()),
        };
        let canvas = Canvas { mask: &self.mask, scan: Some(&self.scene.scan), label, rules: &rules, author: &Author::Person, at_ms: 0 };
        of_tool(&canvas, gesture).ok().map(|edit| (edit, false))
    }
}

fn of_tool(canvas: &Canvas, gesture: &Gesture) -> Result<Edit, Refusal> {
    let overwrites_others = false;
    let piece = |seed: Ras| Fill { seed, extent: Extent::Volume, may_reach_edge: true };
    match gesture {
        Gesture::Stroke { .. } => Err(Refusal::NoChange),
        Gesture::Contour { plane, points, .. } => polygon(canvas, *plane, points),
        Gesture::KeepLargest => islands(canvas, &Islands::KeepLargest, Connectivity::Faces),
        Gesture::RemoveSmaller { ml } => islands(canvas, &Islands::smaller_than_ml(canvas, *ml), Connectivity::Faces),
        Gesture::Smooth(method) => smooth(canvas, &Smooth { method: *method, overwrites_others }),
        Gesture::Margin(mm) => margin(canvas, &Margin { distances: Distances::Even(*mm), overwrites_others }),
        Gesture::FillHoles { in_slices } => {
            fill_holes(canvas, &FillHoles { in_slices: in_slices.then_some(AnatomicalPlane::Axial), overwrites_others })
        }
        Gesture::Grow { seed, extent, tolerance, reach_mm, .. } => {
            let growth = Growth::Tolerance(*tolerance);
            grow(canvas, &Grow { seed: *seed, extent: *extent, growth, radius_mm: Some(*reach_mm), fills_holes: true })
        }
        Gesture::Threshold { seed, low, high, .. } => {
            threshold(canvas, &Threshold { range: ValueRange { low: *low, high: *high }, region: None, seed: Some(*seed) })
        }
        Gesture::CopySlice { from, to, .. } => {
            copy_slice(canvas, &CopySlice { from: *from, to: *to, labels: Some(&[canvas.label]), replaces: true })
        }
        Gesture::Interpolate => interpolate(canvas, &Interpolate { plane: AnatomicalPlane::Axial, overwrites_others }),
        Gesture::Clear { seed, .. } => fill(canvas, &piece(*seed)),
    }
}
