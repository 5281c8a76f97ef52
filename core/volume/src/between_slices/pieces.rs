//! Which pieces of two slices belong together.

use glam::DVec2;

use crate::components::{Component, Components};
use crate::{Connectivity, Grid, IndexBox, components_of};

/// Pieces of two slices that become each other.
pub(super) struct Group {
    /// The box around all of them.
    pub bounds: IndexBox,
    /// Their voxels in either slice, on the whole plane.
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
    let component = |piece: usize| -> Component {
        sides[usize::from(piece >= counts[0])].list[if piece < counts[0] { piece } else { piece - counts[0] }]
    };
    members
        .iter()
        .map(|members| {
            let bounds = members
                .iter()
                .map(|&piece| component(piece).bounds)
                .reduce(|a, b| a.union(&b))
                .unwrap_or(IndexBox { low: [0; 3], high: [0; 3] });
            let of_side = |side: usize| -> Vec<bool> {
                let is_member: Vec<bool> = (0..counts[side]).map(|n| members.contains(&(n + side * counts[0]))).collect();
                sides[side].ids.iter().map(|&id| id != 0 && is_member[id as usize - 1]).collect()
            };
            let shift = match members[..] {
                [a, b] if a < counts[0] && b >= counts[0] => {
                    let is_nested = shared[a] == component(a).voxels || shared[b] == component(b).voxels;
                    if is_nested { DVec2::ZERO } else { middles[b] - middles[a] }
                }
                _ => DVec2::ZERO,
            };
            Group { bounds, sides: [of_side(0), of_side(1)], shift }
        })
        .collect()
}

/// Joins pieces without an overlap one to one, the nearest first.
fn join_nearest(plane: &Grid, middles: &[DVec2], alone: [Vec<usize>; 2], root: &mut [usize]) {
    let [x, y, _] = plane.spacing();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for &a in &alone[0] {
        pairs.extend(alone[1].iter().map(|&b| (((middles[b] - middles[a]) * DVec2::new(x, y)).length(), a, b)));
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut is_taken = vec![false; root.len()];
    for (_, a, b) in pairs {
        if !is_taken[a] && !is_taken[b] {
            (is_taken[a], is_taken[b]) = (true, true);
            root[b] = a;
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
