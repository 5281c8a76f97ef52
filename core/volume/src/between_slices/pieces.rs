//! Which pieces of two slices belong together.

use glam::DVec2;

use crate::components::{Component, Components};
use crate::{Connectivity, Grid, IndexBox, components_of};

/// Pieces of two slices that become each other.
pub(super) struct Group {
    /// The box around all of them, with a rim of one voxel except at the plane's own edge.
    pub bounds: IndexBox,
    /// Their voxels in either slice, in that box.
    pub sides: [Vec<bool>; 2],
    /// How far the first side's middle is moved to lie on the other's, in voxels; zero where shapes are interpolated in place.
    pub shift: DVec2,
}

/// The groups of two drawn slices.
pub(super) fn groups(plane: &Grid, lower: &[bool], upper: &[bool]) -> Vec<Group> {
    let sides = [lower, upper].map(|slice| components_of(plane, slice, 1, Connectivity::Corners));
    let counts = [sides[0].list.len(), sides[1].list.len()];
    // A forest of both sides' pieces, the upper's after the lower's.
    let mut root: Vec<usize> = (0..counts[0] + counts[1]).collect();
    let mut shared = vec![0usize; root.len()];
    for (&a, &b) in sides[0].ids.iter().zip(&sides[1].ids).filter(|(a, b)| **a != 0 && **b != 0) {
        let (a, b) = (a as usize - 1, counts[0] + b as usize - 1);
        shared[a] += 1;
        shared[b] += 1;
        let (from, to) = (root_of(&root, a).max(root_of(&root, b)), root_of(&root, a).min(root_of(&root, b)));
        root[from] = to;
    }
    let middles: Vec<DVec2> = [0, 1].iter().flat_map(|&side| middles(&sides[side], plane.shape()[0])).collect();
    let mut alone: [Vec<usize>; 2] = [(0..counts[0]).collect(), (counts[0]..root.len()).collect()];
    alone.iter_mut().for_each(|alone| alone.retain(|&piece| shared[piece] == 0));
    join_nearest(plane, &middles, alone, &mut root);

    let mut members: Vec<Vec<usize>> = vec![Vec::new(); root.len()];
    (0..root.len()).for_each(|piece| members[root_of(&root, piece)].push(piece));
    members.retain(|members| !members.is_empty());
    let mut group_of = vec![0; root.len()];
    members.iter().enumerate().for_each(|(group, members)| members.iter().for_each(|&piece| group_of[piece] = group));
    let component = |piece: usize| piece.checked_sub(counts[0]).map_or_else(|| sides[0].list[piece], |n| sides[1].list[n]);
    let made = |(group, members): (usize, &Vec<usize>)| {
        let bounds = with_rim(members.iter().map(|&piece| component(piece)), plane.shape());
        let of_side = |side: usize| -> Vec<bool> {
            let is_member = |id: u32| id != 0 && group_of[id as usize - 1 + side * counts[0]] == group;
            bounds.rows(plane.shape()).flatten().map(|offset| is_member(sides[side].ids[offset])).collect()
        };
        let shift = match members[..] {
            [a, b] if a < counts[0] && b >= counts[0] => {
                let is_nested = shared[a] == component(a).voxels || shared[b] == component(b).voxels;
                if is_nested { DVec2::ZERO } else { middles[b] - middles[a] }
            }
            _ => DVec2::ZERO,
        };
        Group { bounds, sides: [of_side(0), of_side(1)], shift }
    };
    members.iter().enumerate().map(made).collect()
}

/// The box around some pieces and one voxel more, cut to the plane.
fn with_rim(pieces: impl Iterator<Item = Component>, shape: [usize; 3]) -> IndexBox {
    let around = pieces.map(|piece| piece.bounds).reduce(|a, b| a.union(&b)).unwrap_or(IndexBox::whole(shape));
    IndexBox { low: around.low.map(|n| n.saturating_sub(1)), high: std::array::from_fn(|axis| (around.high[axis] + 1).min(shape[axis])) }
}

/// Joins pieces without an overlap one to one, the nearest first: again and again those that are each other's nearest.
fn join_nearest(plane: &Grid, middles: &[DVec2], mut alone: [Vec<usize>; 2], root: &mut [usize]) {
    let spacing = DVec2::new(plane.spacing()[0], plane.spacing()[1]);
    let apart = |a: usize, b: usize| ((middles[b] - middles[a]) * spacing).length();
    let nearest = |a: usize, others: &[usize]| others.iter().copied().min_by(|&b, &c| apart(a, b).total_cmp(&apart(a, c)));
    while !alone[0].is_empty() && !alone[1].is_empty() {
        let mut is_taken = vec![false; root.len()];
        for &a in &alone[0] {
            if let Some(b) = nearest(a, &alone[1])
                && nearest(b, &alone[0]) == Some(a)
            {
                (is_taken[a], is_taken[b]) = (true, true);
                root[b] = a;
            }
        }
        // There always is a nearest pair; only numbers that are none could take it away.
        let before = alone[0].len();
        alone.iter_mut().for_each(|side| side.retain(|&piece| !is_taken[piece]));
        if alone[0].len() == before {
            return;
        }
    }
}

fn root_of(root: &[usize], mut piece: usize) -> usize {
    while root[piece] != piece {
        piece = root[piece];
    }
    piece
}

/// The mean place of each piece's voxels.
fn middles(pieces: &Components, wide: usize) -> Vec<DVec2> {
    let mut sums = vec![DVec2::ZERO; pieces.list.len()];
    for (offset, &id) in pieces.ids.iter().enumerate().filter(|(_, id)| **id != 0) {
        sums[id as usize - 1] += DVec2::new((offset % wide) as f64, (offset / wide) as f64);
    }
    sums.iter().zip(&pieces.list).map(|(sum, piece)| *sum / piece.voxels as f64).collect()
}
