use medley_volume::glam::DVec3;
use medley_volume::{Grid, IndexBox, LabelMap, Ras, Volume};

use crate::capsule::Span;
use crate::edit::{around, voxel_of};
use crate::runs::Packer;
use crate::values::Values;
use crate::{Author, Brush, Edit, Tool, ValueRange};

/// A gesture under way. The mask follows the hand; at the end one [`Edit`] remains, or nothing.
///
/// Until it is finished or cancelled nothing else may change the mask. Because a stroke paints a single label, each voxel changes
/// at most once, so what was there before is a plain list in the order of painting.
#[derive(Debug)]
pub struct Stroke {
    brush: Brush,
    grid: Option<Grid>,
    last: Option<DVec3>,
    painted: Vec<Painted>,
    changed: Option<IndexBox>,
}

/// Voxels in a line that held the same label before they were painted. Never more than one `k` slice.
#[derive(Debug, Clone, Copy)]
struct Painted {
    first: usize,
    stride: usize,
    count: usize,
    before: u16,
}

/// Points farther than this many voxels from the grid are drawn to this distance: the numbers stay in the range where squares
/// are exact enough.
const FARTHEST: f64 = 1e6;

/// A brush that widens on its way does so in no more pieces.
const MOST_PIECES: f64 = 32.0;

impl Stroke {
    /// A stroke that has not touched anything yet.
    #[must_use]
    pub fn begin(brush: Brush) -> Self {
        Self { brush, grid: None, last: None, painted: Vec::new(), changed: None }
    }

    /// Draws on to the next point (mm) and fills the way to it without gaps; the first point paints the tip alone.
    ///
    /// Returns the box around the voxels that changed, or `None` if none did. A point that is not finite is left out, and so is
    /// one on a mask of another grid than the first. The scan is looked at only if the rules have a range of values; then nothing
    /// is painted without a scan on the mask's grid.
    pub fn extend(&mut self, mask: &mut LabelMap, scan: Option<&Volume>, to: Ras) -> Option<IndexBox> {
        let grid = *mask.grid();
        let values = self.brush.rules.value_rule(mask, scan).ok()?.map(|(scan, range)| (Values::of(scan), range));
        if *self.grid.get_or_insert(grid) != grid {
            return None;
        }
        let to = grid.continuous_index_of(to);
        if !to.is_finite() {
            return None;
        }
        let farthest = DVec3::from_array(grid.shape().map(|side| side as f64)) + FARTHEST;
        let to = to.clamp(DVec3::splat(-FARTHEST), farthest);
        let from = self.last.replace(to).unwrap_or(to);
        let mut changed = None;
        let (brush, painted) = (&self.brush, &mut self.painted);
        let paint = |span: Span| paint(mask, values, span, brush, painted, &mut changed);
        self.brush.cover(&grid, from, to, paint);
        if let Some(now) = changed {
            self.changed = Some(self.changed.map_or(now, |all| all.union(&now)));
        }
        changed
    }

    /// Draws on as [`Stroke::extend`] does, with a brush that widens or narrows evenly on the way and has `radius_mm` at the next point:
    /// a pen that is pressed more or less. A radius that is not finite or not above zero leaves the brush as it is.
    pub fn extend_widening(&mut self, mask: &mut LabelMap, scan: Option<&Volume>, to: Ras, radius_mm: f64) -> Option<IndexBox> {
        if !(radius_mm.is_finite() && radius_mm > 0.0 && to.0.is_finite()) {
            return self.extend(mask, scan, to);
        }
        let grid = *mask.grid();
        let Some(from) = self.last.map(|last| grid.ras_from_voxel().transform_point3(last)) else {
            self.brush.radius_mm = radius_mm;
            return self.extend(mask, scan, to);
        };
        let (first, finest) = (self.brush.radius_mm, grid.spacing().into_iter().fold(f64::INFINITY, f64::min));
        // Less than half a voxel from one piece to the next is not seen.
        let pieces = ((radius_mm - first).abs() / (finest / 2.0)).ceil().clamp(1.0, MOST_PIECES);
        let mut changed: Option<IndexBox> = None;
        for piece in 1..=pieces as usize {
            let part = piece as f64 / pieces;
            self.brush.radius_mm = first + (radius_mm - first) * part;
            let now = self.extend(mask, scan, Ras(from.lerp(to.0, part)));
            changed = now.map_or(changed, |now| Some(changed.map_or(now, |all| all.union(&now))));
        }
        changed
    }

    /// Whether nothing has changed so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changed.is_none()
    }

    /// Ends the stroke: the whole of it as one Edit, shrunk to the voxels that changed; `None` if none did (or if `mask` lies
    /// on another grid than the one painted on).
    ///
    /// **The mask already holds it.** Give it to [`History::push`](crate::History::push) and to the journal; do not
    /// [`apply`](Edit::apply) it.
    #[must_use]
    pub fn finish(mut self, mask: &LabelMap, author: Author, at_ms: i64) -> Option<Edit> {
        let region = self.changed.filter(|_| self.grid == Some(*mask.grid()))?;
        let shape = mask.grid().shape();
        let slice_len = shape[0] * shape[1];
        self.painted.sort_by_key(|painted| painted.first / slice_len);
        let (mut before, mut after) = (Packer::default(), Packer::default());
        let mut painted = self.painted.as_slice();
        for k in region.low[2]..region.high[2] {
            let slice = IndexBox { low: [region.low[0], region.low[1], k], high: [region.high[0], region.high[1], k + 1] };
            let here = painted.iter().take_while(|painted| painted.first / slice_len == k).count();
            let (in_slice, rest) = painted.split_at(here);
            painted = rest;
            let mut labels = mask.region(&slice);
            after.push_values(&labels);
            put_back(&mut labels, in_slice, &slice, shape);
            before.push_values(&labels);
        }
        let tool = if self.brush.label == 0 { Tool::Eraser } else { Tool::Brush };
        Some(Edit::of_runs(region, before.finish(), after.finish(), author, tool, at_ms))
    }

    /// Takes the stroke back as if it had never begun; returns the box that changed back.
    pub fn cancel(self, mask: &mut LabelMap) -> Option<IndexBox> {
        let region = self.changed.filter(|_| self.grid == Some(*mask.grid()))?;
        for painted in self.painted.iter().rev() {
            (0..painted.count).for_each(|n| mask.set(painted.first + n * painted.stride, painted.before));
        }
        Some(region)
    }
}

/// Paints a span where the rules allow it, noting what was there.
fn paint(
    mask: &mut LabelMap,
    values: Option<(Values, ValueRange)>,
    span: Span,
    brush: &Brush,
    painted: &mut Vec<Painted>,
    changed: &mut Option<IndexBox>,
) {
    let shape = mask.grid().shape();
    let stride = [1, shape[0], shape[0] * shape[1]][span.axis];
    let first = mask.grid().offset(span.start);
    let mut note = |mask: &mut LabelMap, from: usize, end: usize, before: u16| {
        (from..end).for_each(|n| mask.set(first + n * stride, brush.label));
        painted.push(Painted { first: first + from * stride, stride, count: end - from, before });
        let (mut low, mut high) = (span.start, span.start);
        low[span.axis] += from;
        high[span.axis] += end - 1;
        *changed = Some(around(*changed, low, high));
    };
    let mut at = 0;
    while at < span.count {
        let before = mask.at(first + at * stride);
        let end = at + (at..span.count).take_while(|n| mask.at(first + n * stride) == before).count();
        if before != brush.label && brush.rules.allow_change(before, brush.label) {
            match values {
                None => note(mask, at, end, before),
                Some((values, range)) => {
                    let is_in_range = |n: &usize| range.contains(values.at(first + n * stride));
                    while let Some(from) = (at..end).find(is_in_range) {
                        at = from + (from..end).take_while(is_in_range).count();
                        note(mask, from, at, before);
                    }
                }
            }
        }
        at = end;
    }
}

/// Puts what was there before into the labels of a box one slice thick.
fn put_back(labels: &mut [u16], painted: &[Painted], slice: &IndexBox, shape: [usize; 3]) {
    let width = slice.shape()[0];
    for painted in painted.iter().rev() {
        let [i, j, _] = voxel_of(painted.first, shape);
        let start = (j - slice.low[1]) * width + i - slice.low[0];
        let step = if painted.stride == 1 { 1 } else { width };
        labels.iter_mut().skip(start).step_by(step).take(painted.count).for_each(|label| *label = painted.before);
    }
}
