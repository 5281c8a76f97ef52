//! A body from a few marks, without a network: clicks, scribbles or a box say what is object and what is not, the scan says the rest.
//!
//! # Map
//! - [`segment`]: the answer; [`Seeds`]: what was shown
//! - [`carry_slice`]: one corrected slice taken to its neighbours
//! - `appearance`: how likely each value is the object's; `geodesic`: ways through the scan; `band`, `min_cut`: a smooth border
//!
//! # How
//! 1. Values around the object's seeds against those of the whole grid and around the other seeds give each voxel a likelihood.
//! 2. From either kind of seeds ways are measured that are long where the likelihood speaks for the other side or jumps (Bai and Sapiro, *A geodesic
//!    framework*, 2007; Criminisi et al., *GeoS*, 2008). Integer costs over 18 neighbours in proportion to their distance in mm make the
//!    distances exact and independent of the order in which voxels are stored. The nearer kind of seed has the voxel, so that each click rules its
//!    own surroundings, which clicks in an energy without places do not.
//! 3. Near the border so found, a minimal cut (Boykov and Jolly, 2001; solved as in Boykov and Kolmogorov, 2004) weighs the ratio of the two ways
//!    against a border that is short and follows edges. Of several minimal cuts the one with the fewest object voxels is taken.
//! 4. Pieces without a seed of the object are left out.

mod appearance;
mod band;
mod carry;
mod geodesic;
mod min_cut;

use rayon::prelude::*;

use crate::{Connectivity, Grid, components_of};
use appearance::{Appearance, smoothed};
use band::Border;
pub use carry::{Carried, Carry, Ending, carry_slice};
pub(crate) use geodesic::{Cost, Steps, ways};

/// Voxels that are known, as offsets into the grid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seeds {
    /// These belong to the object; a voxel that is also among the others counts here.
    pub object: Vec<usize>,
    /// These do not, and their surroundings show what the rest looks like.
    pub other: Vec<usize>,
    /// These do not either, but say nothing of how the rest looks: the walls of a box, voxels that must stay as they are.
    pub walls: Vec<usize>,
}

/// The voxels of the object: every object seed, no other seed and no wall. `None` as soon as `is_cancelled` says so, which both threads ask some
/// thousand times a second.
///
/// Without any other seed and wall the faces of the grid are the walls. Takes about thirty bytes a voxel.
///
/// # Panics
/// If `values` does not fill the grid or a seed lies beyond it.
#[must_use]
pub fn segment(grid: &Grid, values: &[f32], seeds: &Seeds, is_cancelled: &(dyn Fn() -> bool + Sync)) -> Option<Vec<bool>> {
    assert_eq!(values.len(), grid.len(), "the values must fill the grid");
    let is_object = marked(grid.len(), &seeds.object);
    let mut others: Vec<usize> = seeds.other.iter().chain(&seeds.walls).copied().filter(|&offset| !is_object[offset]).collect();
    if seeds.object.is_empty() {
        return Some(vec![false; grid.len()]);
    }
    if others.is_empty() {
        others = faces(grid).filter(|&offset| !is_object[offset]).collect();
    }
    let values = smoothed(grid, values);
    let appearance = Appearance::new(grid, &values, &seeds.object, &seeds.other);
    let likely = appearance.likelihoods(&values);
    let steps = Steps::new(grid);
    let (object_way, other_way) = rayon::join(
        || ways(&steps, &likely, &seeds.object, Cost::OfObject, is_cancelled),
        || ways(&steps, &likely, &others, Cost::OfOthers, is_cancelled),
    );
    let (object_way, other_way) = (object_way?, other_way?);
    let nearer: Vec<bool> = object_way.par_iter().zip(&other_way).map(|(object, other)| object < other).collect();
    let mut is_fixed = is_object;
    others.iter().for_each(|&offset| is_fixed[offset] = true);
    let border = Border { grid, values: &values, deviation: appearance.deviation, weight: 1.0 };
    let share = |offset: usize| {
        let (object, other) = (f64::from(object_way[offset]), f64::from(other_way[offset]));
        (other / (object + other).max(1.0)).clamp(0.02, 0.98)
    };
    let cut = border.settled(&nearer, &is_fixed, |offset| (share(offset) / (1.0 - share(offset))).ln(), is_cancelled)?;
    Some(with_seed(grid, &cut, &seeds.object))
}

/// The pieces of a set (voxels that touch by faces) that hold one of the seeds.
fn with_seed(grid: &Grid, inside: &[bool], seeds: &[usize]) -> Vec<bool> {
    let pieces = components_of(grid, inside, 1, Connectivity::Faces);
    let mut is_kept = vec![false; pieces.list.len() + 1];
    seeds.iter().for_each(|&seed| is_kept[pieces.ids[seed] as usize] = true);
    is_kept[0] = false;
    pieces.ids.par_iter().map(|&id| is_kept[id as usize]).collect()
}

fn marked(count: usize, offsets: &[usize]) -> Vec<bool> {
    let mut marks = vec![false; count];
    offsets.iter().for_each(|&offset| marks[offset] = true);
    marks
}

/// Voxels at the ends of those axes that are longer than two voxels.
fn faces(grid: &Grid) -> impl Iterator<Item = usize> {
    let shape = grid.shape();
    let is_end = move |place: usize, axis: usize| shape[axis] > 2 && (place == 0 || place + 1 == shape[axis]);
    (0..grid.len()).filter(move |&n| is_end(n % shape[0], 0) || is_end(n / shape[0] % shape[1], 1) || is_end(n / shape[0] / shape[1], 2))
}

#[cfg(test)]
mod tests;
