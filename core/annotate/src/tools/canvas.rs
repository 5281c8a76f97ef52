use medley_volume::{IndexBox, LabelMap, LabelVoxels, Ras, Volume, VoxelIndex};
use rayon::prelude::*;

use super::VoxelSet;
use crate::rules::scan_on;
use crate::runs::Packer;
use crate::values::Values;
use crate::{Author, Edit, PaintRules, Refusal, Runs, Tool};

/// What a tool works on: the mask, the scan below it, the active label, and what the Edit says of who and when.
#[derive(Debug, Clone, Copy)]
pub struct Canvas<'a> {
    /// The mask as it is; no tool changes it.
    pub mask: &'a LabelMap,
    /// The scan the mask lies on. Tools and rules that look at values refuse to work without it.
    pub scan: Option<&'a Volume>,
    /// The active label; 0 erases.
    pub label: u16,
    /// What must stay.
    pub rules: &'a PaintRules,
    /// Who works.
    pub author: &'a Author,
    /// When, in unix milliseconds.
    pub at_ms: i64,
}

/// Part of a row of voxels along `i`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Its first voxel.
    pub first: [usize; 3],
    /// The offset of that voxel.
    pub offset: usize,
}

impl<'a> Canvas<'a> {
    /// The voxels get the active label where the rules allow it.
    ///
    /// # Errors
    /// [`Refusal::Locked`] if the active label is locked, [`Refusal::NoChange`] if nothing would differ.
    pub fn paint(&self, voxels: &VoxelSet, tool: Tool) -> Result<Edit, Refusal> {
        self.require_unlocked(self.label)?;
        self.edit(tool, voxels.region(), |row, labels| {
            let inside = voxels.row(row.first, labels.len());
            labels.iter_mut().zip(inside).filter(|(_, is_inside)| **is_inside).for_each(|(label, _)| *label = self.label);
        })
    }

    /// The Edit that gives each row of `region` the labels `rule` makes of those it holds, as far as the rules allow.
    ///
    /// In a large box `rule` is asked twice, and the second time for parts of rows.
    pub(crate) fn edit(&self, tool: Tool, region: IndexBox, rule: impl Fn(Row, &mut [u16]) + Sync) -> Result<Edit, Refusal> {
        if !region.fits(self.mask.grid().shape()) || region.is_empty() {
            return Err(Refusal::NoChange);
        }
        let values = self.rules.value_rule(self.mask, self.scan)?.map(|(scan, range)| (Values::of(scan), range));
        let is_kept = |offset: usize, before: u16, after: u16| {
            !self.rules.allow_change(before, after) || values.is_some_and(|(values, range)| !range.contains(values.at(offset)))
        };
        let is_small = region.len() <= REMEMBERED;
        let in_slice = |k: usize| {
            let slice = Changed::new(self.mask, region.slice(k), &rule, is_kept);
            (slice.bounds(), is_small.then_some(slice))
        };
        let slices: Vec<_> = (region.low[2]..region.high[2]).into_par_iter().map(in_slice).collect();
        let changed = slices.iter().filter_map(|(bounds, _)| *bounds).reduce(|a, b| a.union(&b)).ok_or(Refusal::NoChange)?;
        let packed = |k: usize| match &slices[k - region.low[2]].1 {
            Some(slice) => slice.packed(changed.slice(k)),
            None => Changed::new(self.mask, changed.slice(k), &rule, is_kept).packed(changed.slice(k)),
        };
        let packed: Vec<_> = (changed.low[2]..changed.high[2]).into_par_iter().map(packed).collect();
        let (mut before, mut after) = (Packer::default(), Packer::default());
        for [was, is] in &packed {
            before.append(was);
            after.append(is);
        }
        Ok(Edit::of_runs(changed, before.finish(), after.finish(), self.author.clone(), tool, self.at_ms))
    }

    /// The scan, on the mask's grid.
    pub(crate) fn scan(&self) -> Result<&'a Volume, Refusal> {
        scan_on(self.mask, self.scan)
    }

    /// The voxel at a point of the gesture.
    pub(crate) fn voxel_at(&self, point: Ras) -> Result<[usize; 3], Refusal> {
        self.mask.grid().voxel_at(point).map(|VoxelIndex(voxel)| voxel).ok_or(Refusal::Outside)
    }

    pub(crate) fn require_unlocked(&self, label: u16) -> Result<(), Refusal> {
        if label != 0 && self.rules.locked.contains(&label) { Err(Refusal::Locked(label)) } else { Ok(()) }
    }
}

/// Boxes of at most so many voxels are worked out once and remembered.
const REMEMBERED: usize = 1 << 22;

trait SliceOf {
    /// Its part with index `k` along the last axis.
    fn slice(&self, k: usize) -> Self;
}

impl SliceOf for IndexBox {
    fn slice(&self, k: usize) -> Self {
        Self { low: [self.low[0], self.low[1], k], high: [self.high[0], self.high[1], k + 1] }
    }
}

/// What a slice of a box holds and what it is to hold.
struct Changed {
    region: IndexBox,
    before: Vec<u16>,
    after: Vec<u16>,
}

impl Changed {
    fn new(mask: &LabelMap, region: IndexBox, rule: impl Fn(Row, &mut [u16]), is_kept: impl Fn(usize, u16, u16) -> bool) -> Self {
        let before = labels_of(mask, region);
        let mut after = before.clone();
        let ([i, j, k], width) = (region.low, region.shape()[0]);
        for ((before, after), j) in before.chunks_exact(width).zip(after.chunks_exact_mut(width)).zip(j..) {
            let row = Row { first: [i, j, k], offset: mask.grid().offset([i, j, k]) };
            rule(row, after);
            if before == after {
                continue;
            }
            for (n, (after, before)) in after.iter_mut().zip(before).enumerate() {
                if *after != *before && is_kept(row.offset + n, *before, *after) {
                    *after = *before;
                }
            }
        }
        Self { region, before, after }
    }

    /// The smallest box around what changes.
    fn bounds(&self) -> Option<IndexBox> {
        let ([i, j, k], width) = (self.region.low, self.region.shape()[0]);
        let mut bounds: Option<IndexBox> = None;
        for ((before, after), j) in self.before.chunks_exact(width).zip(self.after.chunks_exact(width)).zip(j..) {
            let differs = |n: &usize| before[*n] != after[*n];
            if before != after
                && let (Some(first), Some(last)) = ((0..width).find(differs), (0..width).rev().find(differs))
            {
                let row = IndexBox { low: [i + first, j, k], high: [i + last + 1, j + 1, k + 1] };
                bounds = Some(bounds.map_or(row, |bounds| bounds.union(&row)));
            }
        }
        bounds
    }

    /// Both packed, within a box that fits in.
    fn packed(&self, within: IndexBox) -> [Runs; 2] {
        let width = self.region.shape()[0];
        let columns = within.low[0] - self.region.low[0]..within.high[0] - self.region.low[0];
        [&self.before, &self.after].map(|labels| {
            let mut packer = Packer::default();
            for j in within.low[1] - self.region.low[1]..within.high[1] - self.region.low[1] {
                packer.push_values(&labels[j * width..][columns.clone()]);
            }
            packer.finish()
        })
    }
}

/// The labels of a box one slice thick.
fn labels_of(mask: &LabelMap, region: IndexBox) -> Vec<u16> {
    let [width, height, _] = region.shape();
    if width > 1 {
        return mask.region(&region);
    }
    // Rows of one voxel: their column is read in one go.
    let (offset, stride) = (mask.grid().offset(region.low), mask.grid().shape()[0]);
    match mask.voxels() {
        LabelVoxels::U8(values) => values[offset..].iter().step_by(stride).take(height).map(|&v| u16::from(v)).collect(),
        LabelVoxels::U16(values) => values[offset..].iter().step_by(stride).take(height).copied().collect(),
    }
}
