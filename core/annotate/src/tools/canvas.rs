use medley_volume::{IndexBox, LabelMap, LabelVoxels, Ras, Volume, VoxelIndex};
use rayon::prelude::*;

use super::VoxelSet;
use crate::rules::scan_on;
use crate::runs::Packer;
use crate::values::Values;
use crate::{Author, Edit, PaintRules, Refusal, Tool};

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
    /// `rule` is asked twice, and the second time for parts of rows.
    pub(crate) fn edit(&self, tool: Tool, region: IndexBox, rule: impl Fn(Row, &mut [u16]) + Sync) -> Result<Edit, Refusal> {
        let shape = self.mask.grid().shape();
        if !region.fits(shape) || region.is_empty() {
            return Err(Refusal::NoChange);
        }
        let values = self.rules.value_rule(self.mask, self.scan)?.map(|(scan, range)| (Values::of(scan), range));
        let change = |row: Row, before: &mut Vec<u16>, after: &mut Vec<u16>, width: usize| {
            copy_row(self.mask, row.offset, width, before);
            after.clone_from(before);
            rule(row, after);
            if before == after {
                return false;
            }
            for (n, (after, before)) in after.iter_mut().zip(before.iter()).enumerate() {
                let is_kept = *after != *before
                    && (!self.rules.allow_change(*before, *after)
                        || values.is_some_and(|(values, range)| !range.contains(values.at(row.offset + n))));
                if is_kept {
                    *after = *before;
                }
            }
            before != after
        };
        let rows = |region: IndexBox, k: usize| {
            (region.low[1]..region.high[1]).map(move |j| {
                let first = [region.low[0], j, k];
                Row { first, offset: (k * shape[1] + j) * shape[0] + first[0] }
            })
        };
        let in_slice = |k: usize| {
            let (mut before, mut after, mut changed) = (Vec::new(), Vec::new(), None::<IndexBox>);
            for row in rows(region, k) {
                if change(row, &mut before, &mut after, region.shape()[0]) {
                    let differs = |n: &usize| before[*n] != after[*n];
                    let (first, last) = ((0..before.len()).find(differs), (0..before.len()).rev().find(differs));
                    for n in first.into_iter().chain(last) {
                        let voxel = [row.first[0] + n, row.first[1], k];
                        let one = IndexBox { low: voxel, high: voxel.map(|v| v + 1) };
                        changed = Some(changed.map_or(one, |all| all.union(&one)));
                    }
                }
            }
            changed
        };
        let join = |a: Option<IndexBox>, b: Option<IndexBox>| a.zip(b).map(|(a, b)| a.union(&b)).or(a).or(b);
        let slices = region.low[2]..region.high[2];
        let changed = if slices.len() == 1 { in_slice(slices.start) } else { slices.into_par_iter().map(in_slice).reduce(|| None, join) };
        let changed = changed.ok_or(Refusal::NoChange)?;
        let (mut was, mut is) = (Packer::default(), Packer::default());
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for row in (changed.low[2]..changed.high[2]).flat_map(|k| rows(changed, k)) {
            change(row, &mut before, &mut after, changed.shape()[0]);
            was.push_values(&before);
            is.push_values(&after);
        }
        Ok(Edit::of_runs(changed, was.finish(), is.finish(), self.author.clone(), tool, self.at_ms))
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

fn copy_row(mask: &LabelMap, offset: usize, width: usize, into: &mut Vec<u16>) {
    into.clear();
    match mask.voxels() {
        LabelVoxels::U8(values) => into.extend(values[offset..offset + width].iter().map(|&v| u16::from(v))),
        LabelVoxels::U16(values) => into.extend_from_slice(&values[offset..offset + width]),
    }
}
