//! A coarse grid that tells the ray marcher where there is nothing to see.

use medley_volume::{IndexBox, LabelMap, LabelVoxels};
use rayon::prelude::*;

use super::reduced;

/// Reduced voxels along the side of a brick.
const SIDE: usize = 8;
const HAS_SCAN: u16 = 1 << 14;
const HAS_LABELS: u16 = 1 << 15;

/// For each brick the brightest level of the reduced scan that can show in it (bits 0 … 9), whether the transfer function shows
/// anything of it (bit 14), and whether the mask has a label in it (bit 15). Bricks cut the texture space 0 … 1 of the volume into equal parts along each axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bricks {
    shape: [usize; 3],
    texels: Vec<u16>,
    /// Lowest and highest mean level in each.
    spans: Vec<[u16; 2]>,
}

impl Bricks {
    /// The bricks of a reduced scan, given by its means and its largest values; without labels, and nothing of the scan shown.
    pub(crate) fn of(mean: &[u16], brightest: &[u16], reduced: [usize; 3]) -> Self {
        let shape = reduced.map(|voxels| voxels.div_ceil(SIDE));
        let brick = |n: usize| {
            // Linear filtering reaches half a voxel past the brick.
            let reach: [std::ops::Range<usize>; 3] = std::array::from_fn(|axis| {
                let at = coordinates(n, shape)[axis];
                let edge = |at: usize| at as f64 * reduced[axis] as f64 / shape[axis] as f64;
                let (first, last) = (edge(at) - 0.5, edge(at + 1) - 0.5);
                first.floor().max(0.0) as usize..(last.ceil() as usize + 1).min(reduced[axis])
            });
            let (mut largest, mut span) = (0, [u16::MAX, 0]);
            for k in reach[2].clone() {
                for j in reach[1].clone() {
                    let row = (k * reduced[1] + j) * reduced[0];
                    let within = row + reach[0].start..row + reach[0].end;
                    let [means, largests] = [&mean[within.clone()], &brightest[within]];
                    largest = largests.iter().fold(largest, |largest, &texel| largest.max(reduced::level(texel)));
                    span = means.iter().map(|&texel| reduced::level(texel)).fold(span, |[low, high], at| [low.min(at), high.max(at)]);
                }
            }
            (largest, span)
        };
        let (texels, spans) = (0..shape.iter().product()).into_par_iter().map(brick).unzip();
        Self { shape, texels, spans }
    }

    /// Bricks along `[i, j, k]`.
    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// What the shader reads, `i` fastest.
    pub(crate) fn texels(&self) -> &[u16] {
        &self.texels
    }

    /// Notes which bricks a transfer function shows anything of, by the lowest and highest level in them.
    pub(crate) fn update_scan(&mut self, is_seen: impl Fn([u16; 2]) -> bool) {
        for (texel, &span) in self.texels.iter_mut().zip(&self.spans) {
            *texel = *texel & !HAS_SCAN | if is_seen(span) { HAS_SCAN } else { 0 };
        }
    }

    /// Looks for labels in those of so many bricks that `region` of the mask touches: which brick, and whether it has any.
    pub(crate) fn look_for_labels(shape: [usize; 3], mask: &LabelMap, region: &IndexBox) -> Vec<(usize, bool)> {
        let full = mask.grid().shape();
        let look = |n: usize| {
            let reach = reach_of(n, shape, full);
            reach.intersection(region)?;
            Some((n, has_labels(mask, &reach)))
        };
        (0..shape.iter().product()).into_par_iter().filter_map(look).collect()
    }

    /// Notes what was found. Returns whether any brick changed.
    pub(crate) fn note_labels(&mut self, found: &[(usize, bool)]) -> bool {
        let mut is_changed = false;
        for &(n, has_labels) in found {
            let texel = self.texels[n] & !HAS_LABELS | if has_labels { HAS_LABELS } else { 0 };
            is_changed |= self.texels[n] != texel;
            self.texels[n] = texel;
        }
        is_changed
    }
}

fn coordinates(n: usize, shape: [usize; 3]) -> [usize; 3] {
    [n % shape[0], n / shape[0] % shape[1], n / shape[0] / shape[1]]
}

/// The mask voxels that can show in a brick: those it covers and one more on each side, for a surface between two voxels.
fn reach_of(n: usize, shape: [usize; 3], full: [usize; 3]) -> IndexBox {
    let at = coordinates(n, shape);
    let low = std::array::from_fn(|axis| (at[axis] * full[axis] / shape[axis]).saturating_sub(1));
    let high = std::array::from_fn(|axis| (((at[axis] + 1) * full[axis]).div_ceil(shape[axis]) + 1).min(full[axis]));
    IndexBox { low, high }
}

fn has_labels(mask: &LabelMap, region: &IndexBox) -> bool {
    let mut rows = region.rows(mask.grid().shape());
    match mask.voxels() {
        LabelVoxels::U8(labels) => rows.any(|row| labels[row].iter().any(|&label| label != 0)),
        LabelVoxels::U16(labels) => rows.any(|row| labels[row].iter().any(|&label| label != 0)),
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;

    use super::*;

    #[test]
    fn a_bright_voxel_lights_the_bricks_it_can_be_seen_in() {
        let reduced = [20, 8, 8];
        let mut brightest = vec![0x3c00; 20 * 8 * 8];
        // Bricks are 20 / 3 voxels long: voxel 6 lies across the first edge, voxel 19 in the last brick alone.
        brightest[6] = 0x3c00 + 700;
        brightest[19] = 0x3c00 + 50;
        let mut bricks = Bricks::of(&brightest, &brightest, reduced);
        assert_eq!(bricks.shape(), [3, 1, 1]);
        assert_eq!(bricks.texels(), &[700, 700, 50]);
        bricks.update_scan(|[low, high]| low <= 60 && high >= 60);
        assert_eq!(bricks.texels(), &[700 | 1 << 14, 700 | 1 << 14, 50]);
        bricks.update_scan(|[_, high]| high < 60);
        assert_eq!(bricks.texels(), &[700, 700, 50 | 1 << 14]);
    }

    #[test]
    fn labels_are_found_when_painted_and_forgotten_when_erased() {
        let grid = Grid::axis_aligned([48, 48, 48], [1.0; 3]).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        let even = vec![0x3c00 + 5; 48 * 48 * 48];
        let mut bricks = Bricks::of(&even, &even, [48; 3]);
        let before = bricks.clone();
        let voxel = [10, 20, 30];
        let region = IndexBox { low: voxel, high: voxel.map(|v| v + 1) };
        let update = |bricks: &mut Bricks, mask: &LabelMap| bricks.note_labels(&Bricks::look_for_labels(bricks.shape(), mask, &region));
        mask.set(grid.offset(voxel), 300);
        assert!(update(&mut bricks, &mask));
        let lit: Vec<usize> = (0..216).filter(|&n| bricks.texels()[n] != before.texels()[n]).collect();
        assert_eq!(lit, vec![(3 * 6 + 2) * 6 + 1]);
        assert_eq!(bricks.texels()[lit[0]], 5 | 1 << 15);
        assert!(!update(&mut bricks, &mask));
        mask.set(grid.offset(voxel), 0);
        assert!(update(&mut bricks, &mask));
        assert_eq!(bricks, before);
    }
}
