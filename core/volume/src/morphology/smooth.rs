//! Smoothing sets: median and Gaussian. Beyond the grid the outermost voxels go on, so that a set cut by the scan's edge keeps its
//! place there.

use std::ops::{AddAssign, SubAssign};

use rayon::prelude::*;

use super::Window;
use crate::Grid;

/// The median filter of a set: a voxel is in if more than half of the box around it is. The box reaches `radius_mm`, rounded to whole voxels, in
/// each direction of each axis. A flat border stays where it is; what is thinner than the radius goes.
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn median_smoothed(grid: &Grid, inside: &[bool], radius_mm: f64) -> Vec<bool> {
    let spacing = grid.spacing();
    median_smoothed_voxels(grid, inside, std::array::from_fn(|axis| (radius_mm / spacing[axis]).round().max(0.0) as usize))
}

/// As [`median_smoothed`], with the box's reach in voxels of each axis.
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn median_smoothed_voxels(grid: &Grid, inside: &[bool], reach: [usize; 3]) -> Vec<bool> {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    let reach: [usize; 3] = std::array::from_fn(|axis| reach[axis].min(grid.shape()[axis]));
    let Some(window) = Window::around(grid, inside, reach.map(|n| n + 1), true) else { return inside.to_vec() };
    let of_box: usize = reach.iter().map(|n| 2 * n + 1).product();
    let shape = window.grid.shape();
    let part = match u16::try_from(of_box) {
        Ok(of_box) => majority(&box_sums::<u16>(shape, &window.inside, reach), of_box / 2),
        Err(_) => majority(&box_sums::<u32>(shape, &window.inside, reach), of_box as u32 / 2),
    };
    window.put_back(&part, grid)
}

fn majority<T: Copy + PartialOrd + Sync>(sums: &[T], half: T) -> Vec<bool> {
    sums.par_iter().with_min_len(1 << 14).map(|&sum| sum > half).collect()
}

/// How many voxels of the box around each voxel are in the set.
fn box_sums<T>(shape: [usize; 3], inside: &[bool], reach: [usize; 3]) -> Vec<T>
where
    T: Copy + Default + AddAssign + SubAssign + From<bool> + Send + Sync,
{
    let [wide, high, deep] = shape;
    let mut sums = vec![T::default(); inside.len()];
    let of_plane = |(plane, inside): (&mut [T], &[bool])| {
        for (sums, row) in plane.chunks_mut(wide).zip(inside.chunks(wide)) {
            let at = |n: isize| T::from(row[n.clamp(0, wide as isize - 1) as usize]);
            let reach = reach[0] as isize;
            let mut sum = T::default();
            (-reach..=reach).for_each(|n| sum += at(n));
            for (n, value) in sums.iter_mut().enumerate() {
                *value = sum;
                sum += at(n as isize + reach + 1);
                sum -= at(n as isize - reach);
            }
        }
        running_sums(&mut plane.chunks_mut(wide).collect::<Vec<_>>(), reach[1]);
    };
    sums.par_chunks_mut(wide * high).zip(inside.par_chunks(wide * high)).for_each(of_plane);
    sheets(&mut sums, wide, high, deep).par_iter_mut().for_each(|sheet| running_sums(sheet, reach[2]));
    sums
}

/// Each row becomes the sum of the rows up to `reach` before and after it; the outermost go on beyond the ends.
fn running_sums<T: Copy + Default + AddAssign + SubAssign>(rows: &mut [&mut [T]], reach: usize) {
    if reach == 0 {
        return;
    }
    let before: Vec<T> = rows.iter().flat_map(|row| row.iter().copied()).collect();
    let (count, wide) = (rows.len(), rows.first().map_or(0, |row| row.len()));
    let at = |n: isize| &before[n.clamp(0, count as isize - 1) as usize * wide..][..wide];
    let reach = reach as isize;
    let mut sum = vec![T::default(); wide];
    (-reach..=reach).for_each(|n| sum.iter_mut().zip(at(n)).for_each(|(sum, &value)| *sum += value));
    for (n, row) in rows.iter_mut().enumerate() {
        row.copy_from_slice(&sum);
        let (enters, leaves) = (at(n as isize + reach + 1), at(n as isize - reach));
        for ((sum, &enters), &leaves) in sum.iter_mut().zip(enters).zip(leaves) {
            *sum += enters;
            *sum -= leaves;
        }
    }
}

/// The rows of an array by `j`: all that lie above each other.
fn sheets<T>(values: &mut [T], wide: usize, high: usize, deep: usize) -> Vec<Vec<&mut [T]>> {
    let mut sheets: Vec<Vec<&mut [T]>> = (0..high).map(|_| Vec::with_capacity(deep)).collect();
    values.chunks_mut(wide).enumerate().for_each(|(row, values)| sheets[row % high].push(values));
    sheets
}

/// A set blurred by a Gaussian of `sigma_mm` (cut off at three sigmas) and cut at one half: flat borders stay where they are, so volumes
/// stay but for what is rounder than sigma: thin parts go, and so do narrow gaps.
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn gaussian_smoothed(grid: &Grid, inside: &[bool], sigma_mm: f64) -> Vec<bool> {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    let kernels: [Vec<f32>; 3] = std::array::from_fn(|axis| gaussian(sigma_mm / grid.spacing()[axis], grid.shape()[axis]));
    let margin = std::array::from_fn(|axis| kernels[axis].len() / 2 + 1);
    let Some(window) = Window::around(grid, inside, margin, true) else { return inside.to_vec() };
    let [wide, high, deep] = window.grid.shape();
    let mut values = vec![0.0f32; window.inside.len()];
    values.par_chunks_mut(wide * high).zip(window.inside.par_chunks(wide * high)).for_each(|(plane, inside)| {
        for (out, row) in plane.chunks_mut(wide).zip(inside.chunks(wide)) {
            if row.contains(&true) {
                convolve_row(out, row, &kernels[0]);
            }
        }
        convolve(&mut plane.chunks_mut(wide).collect::<Vec<_>>(), &kernels[1]);
    });
    sheets(&mut values, wide, high, deep).par_iter_mut().for_each(|sheet| convolve(sheet, &kernels[2]));
    // Weights sum to one only up to rounding.
    let part: Vec<bool> = values.par_iter().with_min_len(1 << 14).map(|&value| value >= 0.5 - 1e-6).collect();
    window.put_back(&part, grid)
}

/// Weights of a Gaussian, `sigma` in voxels, that sum to one; a single one where sigma is not above zero.
fn gaussian(sigma: f64, most: usize) -> Vec<f32> {
    if sigma.is_nan() || sigma <= 0.0 {
        return vec![1.0];
    }
    let reach = ((3.0 * sigma).ceil() as usize).min(most) as isize;
    let raw: Vec<f64> = (-reach..=reach).map(|n| (-0.5 * (n as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = raw.iter().sum();
    raw.iter().map(|weight| (weight / sum) as f32).collect()
}

fn convolve_row(out: &mut [f32], row: &[bool], kernel: &[f32]) {
    let (reach, last) = (kernel.len() as isize / 2, row.len() as isize - 1);
    let extended: Vec<f32> = (-reach..=last + reach).map(|n| f32::from(u8::from(row[n.clamp(0, last) as usize]))).collect();
    for (tap, &weight) in kernel.iter().enumerate() {
        out.iter_mut().zip(&extended[tap..]).for_each(|(sum, value)| *sum += weight * value);
    }
}

/// Each row becomes the weighted sum of the rows around it; the outermost go on beyond the ends.
fn convolve(rows: &mut [&mut [f32]], kernel: &[f32]) {
    if kernel.len() == 1 {
        return;
    }
    let before: Vec<f32> = rows.iter().flat_map(|row| row.iter().copied()).collect();
    let (count, wide) = (rows.len() as isize, rows.first().map_or(0, |row| row.len()));
    let reach = kernel.len() as isize / 2;
    for (n, row) in rows.iter_mut().enumerate() {
        row.fill(0.0);
        for (tap, &weight) in kernel.iter().enumerate() {
            let from = (n as isize + tap as isize - reach).clamp(0, count - 1) as usize;
            row.iter_mut().zip(&before[from * wide..][..wide]).for_each(|(sum, value)| *sum += weight * value);
        }
    }
}
