//! Connected pieces of a mask: one for each lesion, nodule or organ.

mod runs;

use rayon::prelude::*;

use crate::{Grid, IndexBox, LabelMap, LabelVoxels};
pub(crate) use runs::{JoinedRuns, equal_at_start, joined_runs};

/// A connected piece of one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Component {
    /// Its label.
    pub label: u16,
    /// The smallest box around it.
    pub bounds: IndexBox,
    /// How many voxels it has.
    pub voxels: usize,
}

/// The pieces of a mask, and which voxel belongs to which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Components {
    /// For each voxel of the mask the piece it belongs to, counted from 1; 0 where there is none.
    pub ids: Vec<u32>,
    /// The pieces in the order of their first voxel: piece `n` is at `n − 1`.
    pub list: Vec<Component>,
}

/// Which voxels are neighbours: they touch by what is named or by more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Connectivity {
    /// 6 neighbours.
    Faces,
    /// 18 neighbours.
    Edges,
    /// 26 neighbours.
    #[default]
    Corners,
}

/// The pieces of some labels that have at least `least_voxels` voxels. Voxels that touch by a face, an edge or a corner belong
/// together if they have the same label.
#[must_use]
pub fn components(mask: &LabelMap, labels: &[u16], least_voxels: usize) -> Components {
    components_with(mask, labels, least_voxels, Connectivity::Corners)
}

/// As [`components`], with a choice of which voxels are neighbours.
#[must_use]
pub fn components_with(mask: &LabelMap, labels: &[u16], least_voxels: usize, connectivity: Connectivity) -> Components {
    let mut is_wanted = vec![false; usize::from(u16::MAX) + 1];
    labels.iter().filter(|label| **label != 0).for_each(|&label| is_wanted[usize::from(label)] = true);
    let shape = mask.grid().shape();
    let runs = match mask.voxels() {
        LabelVoxels::U8(voxels) => joined_runs(shape, voxels, connectivity, |label| is_wanted[usize::from(label)]),
        LabelVoxels::U16(voxels) => joined_runs(shape, voxels, connectivity, |label| is_wanted[usize::from(label)]),
    };
    listed(shape, &runs, least_voxels, |offset| mask.at(offset))
}

/// The pieces of a set of voxels that have at least `least_voxels` voxels; all have label 1.
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn components_of(grid: &Grid, inside: &[bool], least_voxels: usize, connectivity: Connectivity) -> Components {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    let runs = joined_runs(grid.shape(), inside, connectivity, |is_inside| is_inside);
    listed(grid.shape(), &runs, least_voxels, |_| 1)
}

/// Counts pieces, leaves out the small ones and numbers the others by their first voxel.
fn listed(shape: [usize; 3], runs: &JoinedRuns, least_voxels: usize, label_at: impl Fn(usize) -> u16) -> Components {
    let [wide, high, _] = shape;
    // Pieces by their first run: a root comes before all of its runs.
    let mut pieces: Vec<Component> = Vec::new();
    let mut piece_of = vec![0u32; runs.runs.len()];
    for row in 0..high * shape[2] {
        let (j, k) = (row % high, row / high);
        for n in runs.of_row(row) {
            let ([first, end], root) = (runs.runs[n].map(|i| i as usize), runs.root[n] as usize);
            if root == n {
                piece_of[n] = pieces.len() as u32;
                let bounds = IndexBox { low: [first, j, k], high: [end, j + 1, k + 1] };
                pieces.push(Component { label: label_at(row * wide + first), bounds, voxels: 0 });
            }
            piece_of[n] = piece_of[root];
            let piece = &mut pieces[piece_of[n] as usize];
            piece.bounds = piece.bounds.including([first, j, k]).including([end - 1, j, k]);
            piece.voxels += end - first;
        }
    }
    let mut list = Vec::new();
    let mut ids_of_pieces = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let is_kept = piece.voxels >= least_voxels;
        ids_of_pieces.push(if is_kept { list.len() as u32 + 1 } else { 0 });
        list.extend(is_kept.then_some(piece));
    }
    // Zeros fresh from the system cost nothing where they stay.
    let mut ids = vec![0u32; shape.iter().product()];
    ids.par_chunks_mut(wide).enumerate().with_min_len(high).for_each(|(row, out)| {
        for n in runs.of_row(row) {
            let id = ids_of_pieces[piece_of[n] as usize];
            if id != 0 {
                out[runs.runs[n][0] as usize..runs.runs[n][1] as usize].fill(id);
            }
        }
    });
    Components { ids, list }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grid;

    fn mask(set: &[([usize; 3], u16)]) -> LabelMap {
        let grid = Grid::axis_aligned([6, 5, 4], [1.0; 3]).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        set.iter().for_each(|&(voxel, label)| mask.set(grid.offset(voxel), label));
        mask
    }

    #[test]
    fn corners_connect_other_labels_do_not_and_specks_are_left_out() {
        let mask = mask(&[([0, 0, 0], 1), ([1, 1, 1], 1), ([2, 1, 1], 2), ([3, 1, 1], 1), ([5, 4, 3], 1), ([4, 4, 3], 1), ([2, 2, 1], 3)]);
        let found = components(&mask, &[1, 2], 1);
        let boxes: Vec<_> = found.list.iter().map(|c| (c.label, c.bounds.low, c.bounds.high, c.voxels)).collect();
        let wanted =
            [(1, [0, 0, 0], [2, 2, 2], 2), (2, [2, 1, 1], [3, 2, 2], 1), (1, [3, 1, 1], [4, 2, 2], 1), (1, [4, 4, 3], [6, 5, 4], 2)];
        assert_eq!(boxes, wanted);
        let two = components(&mask, &[1, 2], 2);
        assert_eq!(two.list.len(), 2);
        let grid = *mask.grid();
        assert_eq!((two.ids[grid.offset([3, 1, 1])], two.ids[grid.offset([4, 4, 3])]), (0, 2));
    }

    #[test]
    fn every_voxel_of_a_chosen_label_is_in_one_piece_that_has_its_label() {
        let set: Vec<([usize; 3], u16)> = (0..120).map(|o| ([o % 6, o / 6 % 5, o / 30], (o * 7919 % 4) as u16)).collect();
        let mask = mask(&set);
        let found = components(&mask, &[1, 3], 1);
        assert_eq!(found.list.iter().map(|c| c.voxels).sum::<usize>(), mask.counts()[&1] + mask.counts()[&3]);
        for (offset, &id) in found.ids.iter().enumerate() {
            let label = mask.at(offset);
            assert_eq!(id != 0, label == 1 || label == 3);
            assert!(id == 0 || found.list[id as usize - 1].label == label);
        }
    }

    /// Floods from each voxel in storage order.
    fn flooded(mask: &LabelMap, labels: &[u16], least_voxels: usize, most_axes: usize) -> Components {
        let (grid, shape) = (*mask.grid(), mask.grid().shape());
        let (mut ids, mut list) = (vec![0; mask.len()], Vec::new());
        let mut is_seen = vec![false; mask.len()];
        for first in 0..mask.len() {
            if is_seen[first] || !labels.contains(&mask.at(first)) {
                continue;
            }
            let mut piece = vec![[first % shape[0], first / shape[0] % shape[1], first / (shape[0] * shape[1])]];
            let mut bounds = IndexBox { low: shape, high: [0; 3] };
            is_seen[first] = true;
            let mut next = 0;
            while next < piece.len() {
                let at = piece[next];
                bounds = bounds.including(at);
                next += 1;
                for step in (0..27usize).map(|n| [n % 3, n / 3 % 3, n / 9]) {
                    let to: [usize; 3] = std::array::from_fn(|axis| (at[axis] + step[axis]).wrapping_sub(1));
                    let is_near = step.iter().filter(|step| **step != 1).count() <= most_axes;
                    let is_piece = is_near && (0..3).all(|axis| to[axis] < shape[axis]) && mask.at(grid.offset(to)) == mask.at(first);
                    if is_piece && !std::mem::replace(&mut is_seen[grid.offset(to)], true) {
                        piece.push(to);
                    }
                }
            }
            if piece.len() >= least_voxels {
                list.push(Component { label: mask.at(first), bounds, voxels: piece.len() });
                piece.iter().for_each(|&at| ids[grid.offset(at)] = list.len() as u32);
            }
        }
        Components { ids, list }
    }

    #[test]
    fn pieces_are_those_that_a_flood_finds() {
        for seed in 0..60u64 {
            let shape = [1 + seed as usize % 9, 1 + seed as usize / 3 % 8, 1 + seed as usize / 2 % 17];
            let grid = Grid::axis_aligned(shape, [1.0; 3]).expect("a grid");
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut mask = LabelMap::empty(grid);
            for offset in 0..grid.len() {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                mask.set(offset, (state >> 33) as u16 % 10 % (3 + seed as u16 % 5) * if seed % 2 == 0 { 1 } else { 100 });
            }
            let labels = if seed % 2 == 0 { [1, 2] } else { [100, 200] };
            let least = seed as usize % 4;
            for (connectivity, axes) in [(Connectivity::Faces, 1), (Connectivity::Edges, 2), (Connectivity::Corners, 3)] {
                assert_eq!(components_with(&mask, &labels, least, connectivity), flooded(&mask, &labels, least, axes), "{seed}");
                let inside: Vec<bool> = (0..mask.len()).map(|offset| mask.at(offset) != 0).collect();
                let ones = mask.relabelled(|label| u16::from(label != 0));
                assert_eq!(components_of(&grid, &inside, least, connectivity), flooded(&ones, &[1], least, axes), "{seed}");
            }
        }
    }
}
