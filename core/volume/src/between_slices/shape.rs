//! One shape becoming another.

use glam::DVec2;

use super::pieces::Group;
use crate::distance::signed_distance_mm;
use crate::{Grid, IndexBox};

/// The signed distances of both ends, mm; at least one is there.
pub(super) struct Morph {
    bounds: IndexBox,
    wide_plane: usize,
    spacing: DVec2,
    ends: [Option<Vec<f32>>; 2],
    shift: DVec2,
    /// The depth in mm where the shape is deepest.
    deepest: f64,
}

impl Morph {
    pub fn new(plane: &Grid, group: &Group) -> Self {
        let bounds = group.bounds;
        let part = plane.cropped(&bounds);
        let distances = |side: &Vec<bool>| side.contains(&true).then(|| finite(&part, signed_distance_mm(&part, side)));
        let ends = [distances(&group.sides[0]), distances(&group.sides[1])];
        let deepest = f64::from(ends.iter().flatten().flatten().fold(0.0f32, |deepest, &at| deepest.max(-at)));
        let spacing = DVec2::new(plane.spacing()[0], plane.spacing()[1]);
        Self { bounds, wide_plane: plane.shape()[0], spacing, ends, shift: group.shift, deepest }
    }

    /// Adds what the shape is at `share` of the way from the first end to the second.
    pub fn draw(&self, share: f64, slice: &mut [bool]) {
        let [wide, high, _] = self.bounds.shape();
        for y in 0..high {
            let row = (y + self.bounds.low[1]) * self.wide_plane + self.bounds.low[0];
            for x in 0..wide {
                let at = DVec2::new(x as f64, y as f64);
                let [first, second] = [(&self.ends[0], -share), (&self.ends[1], 1.0 - share)]
                    .map(|(end, way)| end.as_ref().map(|distances| self.distance(distances, at + self.shift * way)));
                let distance = match (first, second) {
                    (Some(first), Some(second)) => (1.0 - share) * first + share * second,
                    (Some(only), None) => only + share * self.deepest,
                    (None, Some(only)) => only + (1.0 - share) * self.deepest,
                    (None, None) => f64::INFINITY,
                };
                // Equal parts of either sign, up to rounding, are in.
                if distance <= 1e-6 {
                    slice[row + x] = true;
                }
            }
        }
    }

    /// An end's signed distance, linear between voxels; beyond the box what it is farther than the border is added.
    fn distance(&self, distances: &[f32], at: DVec2) -> f64 {
        let [wide, high, _] = self.bounds.shape();
        let asked = at;
        let at = at.clamp(DVec2::ZERO, DVec2::new(wide as f64 - 1.0, high as f64 - 1.0));
        let low = at.floor();
        let (share, [x, y]) = (at - low, [low.x as usize, low.y as usize]);
        let value = |x: usize, y: usize| f64::from(distances[y.min(high - 1) * wide + x.min(wide - 1)]);
        let along = |y: usize| value(x, y) * (1.0 - share.x) + value(x + 1, y) * share.x;
        let beyond = ((asked - at) * self.spacing).length();
        beyond + if share == DVec2::ZERO { value(x, y) } else { along(y) * (1.0 - share.y) + along(y + 1) * share.y }
    }
}

/// A shape that fills its whole box has no outside to be far from: its depth is that of a box in open space.
fn finite(part: &Grid, mut distances: Vec<f32>) -> Vec<f32> {
    if distances.iter().all(|value| value.is_finite()) {
        return distances;
    }
    let ([wide, high, _], [x, y, _]) = (part.shape(), part.spacing());
    for (offset, value) in distances.iter_mut().enumerate() {
        let to_end = |at: usize, count: usize, step: f64| (at.min(count - 1 - at) + 1) as f64 * step;
        *value = -(to_end(offset % wide, wide, x).min(to_end(offset / wide, high, y)) as f32);
    }
    distances
}
