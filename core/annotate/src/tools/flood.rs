//! Flood filling along rows: voxels that touch by a face, from a seed on.

use medley_volume::IndexBox;

use super::VoxelSet;

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
        let (shape, IndexBox { low, .. }, size) = (self.shape, self.bounds, self.bounds.shape());
        let offset = |[i, j, k]: [usize; 3]| (k * shape[1] + j) * shape[0] + i;
        let nothing = VoxelSet::new(IndexBox { low: seed, high: seed }, Vec::new());
        if !self.bounds.contains(seed) || !passes(seed, offset(seed)) {
            return Ok(nothing);
        }
        let mut inside = vec![false; self.bounds.len()];
        let mut found = IndexBox { low: seed, high: seed.map(|v| v + 1) };
        let mut waiting = vec![[seed[0] - low[0], seed[1] - low[1], seed[2] - low[2]]];
        while let Some([i, j, k]) = waiting.pop() {
            let row = (k * size[1] + j) * size[0];
            if inside[row + i] {
                continue;
            }
            let voxel = |i: usize, j: usize, k: usize| [low[0] + i, low[1] + j, low[2] + k];
            let base = offset(voxel(0, j, k));
            let is_open = |n: usize, inside: &[bool]| !inside[row + n] && passes(voxel(n, j, k), base + n);
            let (mut first, mut end) = (i, i + 1);
            while first > 0 && is_open(first - 1, &inside) {
                first -= 1;
            }
            while end < size[0] && is_open(end, &inside) {
                end += 1;
            }
            inside[row + first..row + end].fill(true);
            found = found.including(voxel(first, j, k)).including(voxel(end - 1, j, k));
            let at_edge = |axis: usize, from: usize, to: usize| size[axis] > 1 && (from == 0 || to == size[axis]);
            if self.ends_at_edge && (at_edge(0, first, end) || at_edge(1, j, j + 1) || at_edge(2, k, k + 1)) {
                return Err(Leak);
            }
            let beside = [(j > 0).then(|| (j - 1, k)), (j + 1 < size[1]).then_some((j + 1, k))];
            let above = [(k > 0).then(|| (j, k - 1)), (k + 1 < size[2]).then_some((j, k + 1))];
            for (j, k) in beside.into_iter().chain(above).flatten() {
                let (row, base) = ((k * size[1] + j) * size[0], offset(voxel(0, j, k)));
                let mut was_open = false;
                for n in first..end {
                    let is_open = !inside[row + n] && passes(voxel(n, j, k), base + n);
                    if is_open && !was_open {
                        waiting.push([n, j, k]);
                    }
                    was_open = is_open;
                }
            }
        }
        Ok(VoxelSet::new(self.bounds, inside).within(found))
    }
}
