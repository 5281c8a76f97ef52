//! Connected pieces of a mask: one for each lesion, nodule or organ.

use crate::{IndexBox, LabelMap};

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

/// The pieces of some labels that have at least `least_voxels` voxels. Voxels that touch by a face, an edge or a corner belong
/// together if they have the same label.
#[must_use]
pub fn components(mask: &LabelMap, labels: &[u16], least_voxels: usize) -> Components {
    const SEEN: u32 = u32::MAX;
    let shape = mask.grid().shape();
    let mut ids = vec![0u32; mask.len()];
    let (mut list, mut piece) = (Vec::new(), Vec::new());
    for first in 0..mask.len() {
        let label = mask.at(first);
        if ids[first] != 0 || label == 0 || !labels.contains(&label) {
            continue;
        }
        piece.clear();
        piece.push(first);
        ids[first] = SEEN;
        let mut bounds = IndexBox { low: shape, high: [0; 3] };
        let mut next = 0;
        while let Some(&offset) = piece.get(next) {
            next += 1;
            let voxel = [offset % shape[0], offset / shape[0] % shape[1], offset / (shape[0] * shape[1])];
            bounds = bounds.including(voxel);
            let around = |axis: usize| voxel[axis].saturating_sub(1)..(voxel[axis] + 2).min(shape[axis]);
            for k in around(2) {
                for j in around(1) {
                    for i in around(0) {
                        let other = (k * shape[1] + j) * shape[0] + i;
                        if ids[other] == 0 && mask.at(other) == label {
                            ids[other] = SEEN;
                            piece.push(other);
                        }
                    }
                }
            }
        }
        if piece.len() >= least_voxels {
            list.push(Component { label, bounds, voxels: piece.len() });
            let id = list.len() as u32;
            piece.iter().for_each(|&offset| ids[offset] = id);
        }
    }
    ids.iter_mut().filter(|id| **id == SEEN).for_each(|id| *id = 0);
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
}
