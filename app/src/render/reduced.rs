//! The reduced copy of a scan through which the 3D view looks: so many voxels along an axis as the device is quick with, filtered
//! by the hardware.

use std::ops::Range;

use rayon::prelude::*;

/// The highest level of the reduced copy; the lowest is 0.
pub(crate) const LEVELS: u32 = 1023;
/// The bits of 1.0 as a 16-bit float. The ten bits below them count evenly from 1 towards 2.
const ONE: u16 = 0x3c00;

/// From grey of a full texel to grey of a reduced one: the reduced texture reads `1 + level / 1024`.
pub(crate) fn gray_from_reduced(gray_from_texel: [f64; 2], highest_texel: u16) -> [f64; 2] {
    let [factor, summand] = gray_from_texel;
    let factor = factor * f64::from(highest_texel) * 1024.0 / f64::from(LEVELS);
    [factor, summand - factor]
}

/// Level (0 … 1023) of a reduced texel.
pub(crate) fn level(reduced: u16) -> u16 {
    reduced - ONE
}

/// How a full shape is cut into the blocks of the reduced one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reduction {
    full: [usize; 3],
    shape: [usize; 3],
}

/// Layers across `k` of the reduced copy, as 16-bit floats.
pub(crate) struct ReducedLayer {
    /// The mean of each block.
    pub(crate) mean: Vec<u16>,
    /// The largest of each block.
    pub(crate) brightest: Vec<u16>,
}

impl Reduction {
    /// The reduction of a scan of `full` voxels to at most `longest` along an axis.
    pub(crate) fn of(full: [usize; 3], longest: usize) -> Self {
        Self { full, shape: full.map(|voxels| voxels.min(longest)) }
    }

    /// Voxels of the reduced copy.
    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Whether mean and largest are the same: nothing is reduced.
    pub(crate) fn is_identity(&self) -> bool {
        self.full == self.shape
    }

    /// The full voxels along `axis` that make reduced voxel `n`.
    pub(crate) fn block(&self, axis: usize, n: usize) -> Range<usize> {
        let edge = |n: usize| n * self.full[axis] / self.shape[axis];
        edge(n)..edge(n + 1)
    }

    /// One layer from the full texels of its block along `k`.
    pub(crate) fn layer(&self, slab: &[u16], highest_texel: u16) -> ReducedLayer {
        let [ni, nj, _] = self.full;
        let planes: Vec<&[u16]> = slab.chunks_exact(ni * nj).collect();
        let per_level = f64::from(LEVELS) / f64::from(highest_texel);
        let half = |texel: f64| ONE + ((texel * per_level + 0.5) as u16).min(LEVELS as u16);
        let columns: Vec<Range<usize>> = (0..self.shape[0]).map(|i| self.block(0, i)).collect();
        let texels: Vec<(u16, u16)> = (0..self.shape[1])
            .into_par_iter()
            .flat_map_iter(|j| {
                let rows: Vec<&[u16]> = planes.iter().flat_map(|plane| self.block(1, j).map(move |row| &plane[row * ni..][..ni])).collect();
                columns.iter().map(move |columns| {
                    let (mut sum, mut largest) = (0u64, 0u16);
                    for row in &rows {
                        for &texel in &row[columns.clone()] {
                            sum += u64::from(texel);
                            largest = largest.max(texel);
                        }
                    }
                    let count = (rows.len() * columns.len()) as f64;
                    (half(sum as f64 / count), half(f64::from(largest)))
                })
            })
            .collect();
        let (mean, brightest) = texels.into_iter().unzip();
        ReducedLayer { mean, brightest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_every_voxel_once() {
        for full in [1, 7, 160, 161, 319, 512, 2048] {
            let reduction = Reduction::of([full, 1, 1], 160);
            let mut next = 0;
            for n in 0..reduction.shape()[0] {
                let block = reduction.block(0, n);
                assert_eq!(block.start, next);
                assert!(!block.is_empty());
                next = block.end;
            }
            assert_eq!(next, full);
        }
    }

    #[test]
    fn a_layer_holds_mean_and_largest() {
        let reduction = Reduction { full: [4, 2, 2], shape: [2, 1, 1] };
        let slab = [0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10, 0, 8, 10, 10];
        let layer = reduction.layer(&slab, 10);
        let levels = |texels: &[u16]| texels.iter().map(|&t| level(t)).collect::<Vec<_>>();
        assert_eq!(levels(&layer.mean), vec![102, 1023]);
        assert_eq!(levels(&layer.brightest), vec![818, 1023]);
    }

    #[test]
    fn reduced_grey_is_full_grey() {
        let full = [0.01, -0.3];
        let [factor, summand] = gray_from_reduced(full, 500);
        for texel in [0.0, 500.0] {
            let reduced = 1.0 + (texel / 500.0 * 1023.0) / 1024.0;
            assert!((factor * reduced + summand - (full[0] * texel + full[1])).abs() < 1e-12);
        }
    }
}
