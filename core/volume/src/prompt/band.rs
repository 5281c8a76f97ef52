//! A rough border made smooth: a minimal cut in a band around it.

use rayon::prelude::*;

use super::min_cut::Network;
use crate::Grid;
use crate::distance::signed_distance_mm;

/// Parts of one in which capacities are counted.
const PARTS: f64 = 200.0;
/// The weight of a border that no edge supports, beside one in values alike.
const EDGE: f64 = 0.01;
const NONE: u32 = u32::MAX;

/// What a border costs.
pub(super) struct Border<'a> {
    pub grid: &'a Grid,
    pub values: &'a [f32],
    /// Jumps of so much are edges.
    pub deviation: f32,
    /// How much the border counts beside the evidence.
    pub weight: f64,
}

impl Border<'_> {
    /// The set of least cost among those that differ from `rough` only near its border and not where voxels are fixed. `evidence` is the logarithm of the
    /// odds that a voxel is inside.
    pub fn settled(
        &self,
        rough: &[bool],
        is_fixed: &[bool],
        evidence: impl Fn(usize) -> f64 + Sync,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Option<Vec<bool>> {
        let (shape, spacing) = (self.grid.shape(), self.grid.spacing());
        let mean = self.grid.spacing().iter().product::<f64>().cbrt();
        let reach = (4.0 * mean).max(1.01 * spacing.iter().copied().fold(0.0, f64::max)) as f32;
        let distances = signed_distance_mm(self.grid, rough);
        let free: Vec<u32> =
            (0..rough.len()).filter(|&n| distances[n].abs() <= reach && !is_fixed[n]).map(|offset| offset as u32).collect();
        drop(distances);
        let mut node_of = vec![NONE; rough.len()];
        free.iter().zip(0..).for_each(|(&offset, node)| node_of[offset as usize] = node);
        let strides = [1, shape[0], shape[0] * shape[1]];
        let per_face: [f64; 3] = std::array::from_fn(|axis| PARTS * self.weight * mean / spacing[axis]);
        let links = |&offset: &u32| {
            let offset = offset as usize;
            let mut terminal = (PARTS * evidence(offset)).round() as i32;
            let mut neighbours = [(NONE, 0i32); 6];
            for axis in 0..3 {
                let place = offset / strides[axis] % shape[axis];
                let beside = [(place + 1 < shape[axis]).then(|| offset + strides[axis]), (place > 0).then(|| offset - strides[axis])];
                for (side, to) in beside.into_iter().enumerate() {
                    let Some(to) = to else { continue };
                    let jump = f64::from((self.values[offset] - self.values[to]) / self.deviation);
                    let capacity = (per_face[axis] * ((-0.5 * jump * jump).exp() + EDGE)).round() as i32;
                    if node_of[to] == NONE {
                        terminal += if rough[to] { capacity } else { -capacity };
                    } else {
                        neighbours[2 * axis + side] = (node_of[to], capacity);
                    }
                }
            }
            (terminal, neighbours)
        };
        let links: Vec<_> = free.par_iter().map(links).collect();
        drop(node_of);
        let inside = Network::new(&links).cut(is_cancelled)?;
        let mut settled = rough.to_vec();
        free.iter().zip(inside).for_each(|(&offset, is_inside)| settled[offset as usize] = is_inside);
        Some(settled)
    }
}
