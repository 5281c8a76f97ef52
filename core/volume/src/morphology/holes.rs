//! Filling what a set encloses.

use rayon::prelude::*;

use crate::components::joined_runs;
use crate::{Connectivity, Grid};

/// The set and all that it encloses: voxels from which no way through faces of voxels that are not in the set leads to the grid's border.
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn holes_filled(grid: &Grid, inside: &[bool]) -> Vec<bool> {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    filled(grid.shape(), inside, [true; 3])
}

/// As [`holes_filled`], each slice across `axis` (0 = i, 1 = j, 2 = k) by itself: a bone's marrow is filled although the bone is cut open by
/// the ends of the scan.
///
/// # Panics
/// If `inside` does not fill the grid or `axis` is above 2.
#[must_use]
pub fn holes_filled_in_slices(grid: &Grid, inside: &[bool], axis: usize) -> Vec<bool> {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    let shape = grid.shape();
    let strides = [1, shape[0], shape[0] * shape[1]];
    let (u, v) = [(1, 2), (0, 2), (0, 1)][axis];
    let is_open = std::array::from_fn(|other| other < 2);
    let slices: Vec<Vec<bool>> = (0..shape[axis])
        .into_par_iter()
        .map(|n| {
            let rows = (0..shape[v]).map(|y| n * strides[axis] + y * strides[v]);
            let slice: Vec<bool> = rows.flat_map(|start| (0..shape[u]).map(move |x| inside[start + x * strides[u]])).collect();
            filled([shape[u], shape[v], 1], &slice, is_open)
        })
        .collect();
    let mut whole = vec![false; grid.len()];
    whole.par_chunks_mut(shape[0]).enumerate().for_each(|(row, out)| {
        let (j, k) = (row % shape[1], row / shape[1]);
        match axis {
            0 => out.iter_mut().zip(&slices).for_each(|(value, slice)| *value = slice[k * shape[1] + j]),
            1 => out.copy_from_slice(&slices[j][k * shape[0]..][..shape[0]]),
            _ => out.copy_from_slice(&slices[k][j * shape[0]..][..shape[0]]),
        }
    });
    whole
}

/// A set with its holes filled; along axes that are not `is_open` the ends are no border.
fn filled(shape: [usize; 3], inside: &[bool], is_open: [bool; 3]) -> Vec<bool> {
    let [wide, high, deep] = shape;
    let around = joined_runs(shape, inside, Connectivity::Faces, |is_inside| !is_inside);
    let mut is_outside = vec![false; around.runs.len()];
    for row in 0..high * deep {
        let (j, k) = (row % high, row / high);
        let is_border_row = is_open[1] && (j == 0 || j + 1 == high) || is_open[2] && (k == 0 || k + 1 == deep);
        for n in around.of_row(row) {
            let [first, end] = around.runs[n];
            if is_border_row || is_open[0] && (first == 0 || end as usize == wide) {
                is_outside[around.root[n] as usize] = true;
            }
        }
    }
    let mut whole = inside.to_vec();
    whole.par_chunks_mut(wide).enumerate().with_min_len(64).for_each(|(row, out)| {
        for n in around.of_row(row) {
            if !is_outside[around.root[n] as usize] {
                out[around.runs[n][0] as usize..around.runs[n][1] as usize].fill(true);
            }
        }
    });
    whole
}
