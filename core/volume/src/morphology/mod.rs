//! Sets of voxels grown, shrunk, opened, closed, filled, hollowed and smoothed, by millimetres.
//!
//! # Map
//! - here: what the operations are; `ball`: who is near a set; `holes`: filling; `smooth`: median and Gaussian; `window`: the part of a grid that matters
//!
//! # Conventions
//! A set is one `bool` a voxel of a [`Grid`], which may be part of a scan ([`Grid::cropped`]). A ball of radius `r` holds the voxels whose
//! centres are at most `r` mm from its middle's (a thousandth of a thousandth more counts as equal). Beyond the grid there is nothing to grow from; and
//! nothing to shrink from either, so that an organ cut by the scan's edge is not eaten from there. Whoever passes part of a scan leaves
//! a margin of the radius around the set, except at the scan's own edge. A radius that is not above zero changes nothing.

mod ball;
mod holes;
mod smooth;
mod window;

use rayon::prelude::*;

use crate::Grid;
use ball::{TOLERANCE, deep, near};
pub use holes::{holes_filled, holes_filled_in_slices};
pub use smooth::{gaussian_smoothed, median_smoothed, median_smoothed_voxels};
use window::Window;

/// Where the wall of a hollow body lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shell {
    /// Within the body, under its surface.
    Inside,
    /// Around the body, on its surface.
    Outside,
    /// Half of it on either side of the surface.
    Centred,
}

/// All voxels within `radius_mm` of the set (dilation by a ball).
///
/// # Panics
/// If `inside` does not fill the grid, as everything here.
#[must_use]
pub fn dilated(grid: &Grid, inside: &[bool], radius_mm: f64) -> Vec<bool> {
    on_window(grid, inside, radius_mm, Margin::Radius, |window| near(&window.grid, &window.inside, radius_mm))
}

/// The voxels of the set that are farther than `radius_mm` from all others of the grid (erosion by a ball).
#[must_use]
pub fn eroded(grid: &Grid, inside: &[bool], radius_mm: f64) -> Vec<bool> {
    on_window(grid, inside, radius_mm, Margin::One, |window| deep(&window.grid, &window.inside, radius_mm))
}

/// Eroded, then dilated: without what no ball of this radius fits into.
#[must_use]
pub fn opened(grid: &Grid, inside: &[bool], radius_mm: f64) -> Vec<bool> {
    on_window(grid, inside, radius_mm, Margin::One, |window| near(&window.grid, &deep(&window.grid, &window.inside, radius_mm), radius_mm))
}

/// Dilated, then eroded: with all that no ball of this radius fits into from outside. The space beyond the grid counts as free, so that nothing is
/// filled towards its edge.
#[must_use]
pub fn closed(grid: &Grid, inside: &[bool], radius_mm: f64) -> Vec<bool> {
    on_window(grid, inside, radius_mm, Margin::RadiusBeyondGrid, |window| {
        deep(&window.grid, &near(&window.grid, &window.inside, radius_mm), radius_mm)
    })
}

/// The wall of the set's body, `thickness_mm` thick.
#[must_use]
pub fn hollowed(grid: &Grid, inside: &[bool], thickness_mm: f64, shell: Shell) -> Vec<bool> {
    let (inwards, outwards) = match shell {
        Shell::Inside => (thickness_mm, 0.0),
        Shell::Outside => (0.0, thickness_mm),
        Shell::Centred => (thickness_mm / 2.0, thickness_mm / 2.0),
    };
    let mut wall = dilated(grid, inside, outwards);
    let core = eroded(grid, inside, inwards);
    wall.par_iter_mut().zip(core).with_min_len(1 << 14).for_each(|(is_wall, is_core)| *is_wall &= !is_core);
    wall
}

/// How much of the grid around a set an operation reads.
enum Margin {
    One,
    Radius,
    RadiusBeyondGrid,
}

fn on_window(grid: &Grid, inside: &[bool], radius_mm: f64, margin: Margin, operation: impl FnOnce(&Window) -> Vec<bool>) -> Vec<bool> {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    if radius_mm.is_nan() || radius_mm <= 0.0 {
        return inside.to_vec();
    }
    let shape = grid.shape();
    let reach = std::array::from_fn(|axis| ((radius_mm / grid.spacing()[axis] * (1.0 + TOLERANCE)) as usize).min(shape[axis]) + 1);
    let window = match margin {
        Margin::One => Window::around(grid, inside, [1; 3], true),
        Margin::Radius => Window::around(grid, inside, reach, true),
        Margin::RadiusBeyondGrid => Window::around(grid, inside, reach, false),
    };
    match window {
        Some(window) => window.put_back(&operation(&window), grid),
        None => vec![false; inside.len()],
    }
}

#[cfg(test)]
mod tests;
