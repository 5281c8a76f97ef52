//! Flood filling along rows: voxels that touch by a face, from a seed on.

use medley_volume::IndexBox;

use super::VoxelSet;
use crate::edit::around;

/// A flood ran to the edge of its bounds where it must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Leak;

/// Where a flood may run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flood {
    /// Voxels along `[i, j, k]` of the array that offsets count in.
    pub shape: [usize; 3],
    /// The flood stays inside; a box one voxel thick makes it flat.
    pub bounds: IndexBox,
    /// Whether the flood ends as soon as it reaches the edge of its bounds, along axes that are thicker than one voxel.
    pub ends_at_edge: bool,
}

impl Flood {
    /// All voxels that hang together with `seed` through voxels that `passes(voxel, offset)` lets in; the seed itself must pass, or
    /// the set is empty. The set's box is the smallest.
    ///
    /// # Errors
    /// [`Leak`] if the flood ended at the edge.
    pub fn run(&self, seed: [usize; 3], passes: impl Fn([usize; 3], usize) -> bool) -> Result<VoxelSet, Leak> {
        let (low, size) = (self.bounds.low, self.bounds.shape());
        if !self.bounds.contains(seed) {
            return Ok(VoxelSet::new(IndexBox { low: seed, high: seed }, Vec::new()));
        }
        // Spans run along the first axis that is thicker than one voxel; the layout is the same.
        let order = if size[0] == 1 { [1, 2, 0] } else { [0, 1, 2] };
        let (size_of, strides) = (order.map(|axis| size[axis]), [1, self.shape[0], self.shape[0] * self.shape[1]]);
        let stride = strides[order[0]];
        let voxel = |place: [usize; 3]| {
            let mut voxel = low;
            (0..3).for_each(|n| voxel[order[n]] += place[n]);
            voxel
        };
        let offset = |[i, j, k]: [usize; 3]| (k * self.shape[1] + j) * self.shape[0] + i;
        // Each voxel is asked for once.
        let mut states = vec![UNKNOWN; self.bounds.len()];
        let is_open = |states: &mut [u8], row: usize, base: usize, [n, b, c]: [usize; 3]| {
            if states[row + n] == UNKNOWN {
                states[row + n] = if passes(voxel([n, b, c]), base + n * stride) { OPEN } else { CLOSED };
            }
            states[row + n] == OPEN
        };
        let mut found: Option<IndexBox> = None;
        let mut waiting = vec![order.map(|axis| seed[axis] - low[axis])];
        while let Some([a, b, c]) = waiting.pop() {
            let (row, base) = ((c * size_of[1] + b) * size_of[0], offset(voxel([0, b, c])));
            if !is_open(&mut states, row, base, [a, b, c]) {
                continue;
            }
            let (mut first, mut end) = (a, a + 1);
            while first > 0 && is_open(&mut states, row, base, [first - 1, b, c]) {
                first -= 1;
            }
            while end < size_of[0] && is_open(&mut states, row, base, [end, b, c]) {
                end += 1;
            }
            states[row + first..row + end].fill(INSIDE);
            found = Some(around(found, voxel([first, b, c]), voxel([end - 1, b, c])));
            let at_edge = |n: usize, from: usize, to: usize| size_of[n] > 1 && (from == 0 || to == size_of[n]);
            if self.ends_at_edge && (at_edge(0, first, end) || at_edge(1, b, b + 1) || at_edge(2, c, c + 1)) {
                return Err(Leak);
            }
            let beside = [(b > 0).then(|| (b - 1, c)), (b + 1 < size_of[1]).then_some((b + 1, c))];
            let above = [(c > 0).then(|| (b, c - 1)), (c + 1 < size_of[2]).then_some((b, c + 1))];
            for (b, c) in beside.into_iter().chain(above).flatten() {
                let (row, base) = ((c * size_of[1] + b) * size_of[0], offset(voxel([0, b, c])));
                let mut was_open = false;
                for n in first..end {
                    let is_open = is_open(&mut states, row, base, [n, b, c]);
                    if is_open && !was_open {
                        waiting.push([n, b, c]);
                    }
                    was_open = is_open;
                }
            }
        }
        let found = found.unwrap_or(IndexBox { low: seed, high: seed });
        let mut inside = Vec::with_capacity(found.len());
        for row in shifted(found, low).rows(size) {
            inside.extend(states[row].iter().map(|state| *state == INSIDE));
        }
        Ok(VoxelSet::new(found, inside))
    }
}

const UNKNOWN: u8 = 0;
const CLOSED: u8 = 1;
const OPEN: u8 = 2;
const INSIDE: u8 = 3;

/// A box counted from another first voxel.
fn shifted(region: IndexBox, low: [usize; 3]) -> IndexBox {
    let from = |corner: [usize; 3]| std::array::from_fn(|axis| corner[axis] - low[axis]);
    IndexBox { low: from(region.low), high: from(region.high) }
}
