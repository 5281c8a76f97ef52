//! What the simulated person can do, and what each of it asks of a hand.

use medley_annotate::tools::{Extent, Slice, Smoothing};
use medley_volume::Ras;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::frame::Frame;
use crate::time_model::{Effort, steps};

/// Whether the organ gets voxels or loses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// Paints the organ's label, over everything.
    Add,
    /// Paints background, over the organ alone.
    Erase,
}

/// One action: it becomes one Edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Gesture {
    /// A brush swept along a path in a slice.
    Stroke { aim: Aim, radius_mm: f64, is_ball: bool, slice: usize, path: Vec<Ras> },
    /// A freehand contour.
    Contour { aim: Aim, slice: usize, plane: Slice, points: Vec<Ras> },
    /// All pieces but the largest go.
    KeepLargest,
    /// Small pieces go.
    RemoveSmaller { ml: f64 },
    /// The surface is smoothed.
    Smooth(Smoothing),
    /// The organ grows or shrinks by millimetres.
    Margin(f64),
    /// Holes are filled, in space or in the axial slices.
    FillHoles { in_slices: bool },
    /// A region over background grown from a click.
    Grow { seed: Ras, slice: usize, extent: Extent, tolerance: f64, reach_mm: f64 },
    /// The piece of values in a range around a click.
    Threshold { seed: Ras, slice: usize, low: f64, high: f64 },
    /// A slice copied onto its neighbour.
    CopySlice { from: Slice, to: Slice, slice: usize },
    /// Slices between drawn ones.
    Interpolate,
    /// The piece under a click becomes background.
    Clear { seed: Ras, slice: usize },
}

/// What lies in the hand: what the next action need not choose again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InHand {
    /// What is chosen in the tool bar.
    pub tool: &'static str,
    /// Of the brush.
    pub radius_mm: f64,
    /// Of the brush.
    pub is_ball: bool,
    /// The slice in view.
    pub slice: usize,
}

/// Each size of the brush is so many times the one before it, as in the window.
pub const SIZE_STEP: f64 = 1.125;

impl Gesture {
    /// Its name in the list of actions.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Stroke { aim: Aim::Add, is_ball: false, .. } => "brush",
            Self::Stroke { aim: Aim::Add, is_ball: true, .. } => "brush 3D",
            Self::Stroke { aim: Aim::Erase, is_ball: false, .. } => "eraser",
            Self::Stroke { aim: Aim::Erase, is_ball: true, .. } => "eraser 3D",
            Self::Contour { aim: Aim::Add, .. } => "contour",
            Self::Contour { aim: Aim::Erase, .. } => "contour, erasing",
            Self::KeepLargest => "islands: keep largest",
            Self::RemoveSmaller { .. } => "islands: remove small",
            Self::Smooth(_) => "smooth",
            Self::Margin(_) => "margin",
            Self::FillHoles { .. } => "fill holes",
            Self::Grow { .. } => "grow",
            Self::Threshold { .. } => "threshold",
            Self::CopySlice { .. } => "copy slice",
            Self::Interpolate => "interpolate",
            Self::Clear { .. } => "fill with background",
        }
    }

    /// Its sizes, as the list of actions shows them.
    pub fn size(&self) -> String {
        match self {
            Self::Stroke { radius_mm, path, .. } => format!("radius {radius_mm:.1} mm, {} points", path.len()),
            Self::Contour { points, .. } => format!("{} points", points.len()),
            Self::RemoveSmaller { ml } => format!("below {ml} ml"),
            Self::Smooth(method) => format!("{method:?}"),
            Self::Margin(mm) => format!("{mm:+} mm"),
            Self::FillHoles { in_slices } => if *in_slices { "in slices" } else { "in space" }.to_owned(),
            Self::Grow { tolerance, reach_mm, .. } => format!("± {tolerance:.0} within {reach_mm} mm"),
            Self::Threshold { low, high, .. } => format!("{low:.0} to {high:.0}"),
            Self::CopySlice { .. } => "from its neighbour".to_owned(),
            _ => String::new(),
        }
    }

    /// The slice it is made in, if it matters.
    pub fn slice(&self) -> Option<usize> {
        match *self {
            Self::Stroke { slice, .. }
            | Self::Contour { slice, .. }
            | Self::Grow { slice, .. }
            | Self::Threshold { slice, .. }
            | Self::CopySlice { slice, .. }
            | Self::Clear { slice, .. } => Some(slice),
            _ => None,
        }
    }

    /// What it asks of a person with this in the hand.
    pub fn effort(&self, hand: &InHand) -> Effort {
        let own = match self {
            Self::Stroke { path, .. } => drawn(path, false),
            Self::Contour { points, .. } => drawn(points, true),
            // The tool's page, then its button (or the place in the picture).
            Self::KeepLargest | Self::FillHoles { .. } | Self::Interpolate => panel(2, 0),
            Self::RemoveSmaller { .. } => panel(2, 0).and(previews(2)),
            Self::Smooth(_) => panel(2, 0).and(previews(8)),
            Self::Margin(_) => panel(2, 0).and(previews(4)),
            Self::Grow { .. } => panel(1, 0).and(previews(6)),
            Self::Threshold { .. } => panel(1, 0).and(previews(2)),
            Self::CopySlice { .. } | Self::Clear { .. } => panel(1, 0),
        };
        let mut chosen = Effort::default();
        if self.tool() != hand.tool && self.slice().is_some() {
            chosen.keys += 1;
        }
        if let Self::Stroke { radius_mm, is_ball, .. } = *self {
            let sizes = ((radius_mm / hand.radius_mm).ln() / SIZE_STEP.ln()).abs().round() as usize;
            chosen = chosen.and(steps(sizes));
            chosen.clicks += usize::from(is_ball != hand.is_ball);
        }
        let moved = self.slice().map_or(0, |slice| slice.abs_diff(hand.slice));
        own.and(chosen).and(steps(moved))
    }

    /// What lies in the hand after it.
    pub fn leaves(&self, hand: &InHand) -> InHand {
        let mut after = InHand { slice: self.slice().unwrap_or(hand.slice), ..*hand };
        if self.slice().is_some() {
            after.tool = self.tool();
        }
        if let Self::Stroke { radius_mm, is_ball, .. } = *self {
            (after.radius_mm, after.is_ball) = (radius_mm, is_ball);
        }
        after
    }

    /// As a hand does it: each point lies somewhere within `error_mm` of where it was meant, along both axes of the slice.
    pub fn by_hand(&self, frame: &Frame, error_mm: f64, rng: &mut ChaCha8Rng) -> Self {
        let mut done = self.clone();
        let mut miss = |point: &mut Ras| {
            let cells = [0, 1].map(|axis| rng.random_range(-1.0..=1.0) * error_mm / frame.mm[axis]);
            point.0 += frame.direction(cells);
        };
        match &mut done {
            Self::Stroke { path, .. } => path.iter_mut().for_each(miss),
            Self::Contour { points, .. } => points.iter_mut().for_each(miss),
            Self::Grow { seed, .. } | Self::Threshold { seed, .. } | Self::Clear { seed, .. } => miss(seed),
            _ => {}
        }
        done
    }

    fn tool(&self) -> &'static str {
        match self {
            Self::Stroke { aim: Aim::Add, .. } => "brush",
            Self::Stroke { aim: Aim::Erase, .. } => "eraser",
            _ => self.name(),
        }
    }
}

fn panel(clicks: usize, keys: usize) -> Effort {
    Effort { thoughts: 1, clicks, keys, ..Effort::default() }
}

/// The person chooses among so many previews: for each, a parameter is clicked on and typed, and the preview is looked at.
fn previews(count: usize) -> Effort {
    Effort { thoughts: count, clicks: count, keys: 2 * count, ..Effort::default() }
}

/// A line drawn with the button held, from a click on its first point.
fn drawn(points: &[Ras], is_closed: bool) -> Effort {
    let way = |(a, b): (&Ras, &Ras)| (b.0 - a.0).length();
    let open: f64 = points.iter().zip(points.iter().skip(1)).map(way).sum();
    let closing = points.last().zip(points.first()).filter(|_| is_closed).map_or(0.0, way);
    let pieces = if is_closed { points.len() } else { points.len().saturating_sub(1) };
    Effort { thoughts: 1, clicks: 1, keys: 0, pieces, length_mm: open + closing }
}
