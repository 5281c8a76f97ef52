use std::ops::Range;

use medley_volume::{IndexBox, LabelMap, LabelVoxels};

use crate::runs::{Packer, leading};
use crate::{AnnotateError, Author, Runs, Tool};

/// One change of a mask: the box that changed, what it held and what it holds, who did it, with what, when.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The smallest box around the changed voxels.
    pub region: IndexBox,
    /// Labels of the box before, `i` fastest.
    pub before: Runs,
    /// Labels of the box after, `i` fastest.
    pub after: Runs,
    /// Who made the change.
    pub author: Author,
    /// What it was made with.
    pub tool: Tool,
    /// When, in unix milliseconds.
    pub at_ms: i64,
    /// How many voxels differ.
    pub changed: usize,
}

impl Edit {
    /// The change that puts `after` (`i` fastest) into `region` of `mask`, shrunk to the voxels that differ. Not applied.
    ///
    /// `None` if nothing changes; also if `region` does not fit the mask or `after` does not fill it, as no such change exists.
    #[must_use]
    pub fn from_region(mask: &LabelMap, region: IndexBox, after: &[u16], author: Author, tool: Tool, at_ms: i64) -> Option<Self> {
        if !region.fits(mask.grid().shape()) || after.len() != region.len() {
            return None;
        }
        let [width, height, _] = region.shape();
        let shape = mask.grid().shape();
        let rule = |offset: usize, _| {
            let (i, j, k) = (offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]);
            after[((k - region.low[2]) * height + j - region.low[1]) * width + i - region.low[0]]
        };
        Self::by_rule(mask, region, rule, author, tool, at_ms)
    }

    /// The change from one mask to another on the same grid. Not applied; `None` if they are alike.
    ///
    /// # Errors
    /// [`AnnotateError::Grid`] if the grids differ.
    pub fn between(before: &LabelMap, after: &LabelMap, author: Author, tool: Tool, at_ms: i64) -> Result<Option<Self>, AnnotateError> {
        before.grid().require_same(after.grid())?;
        let Some(region) = differing_box(before, after) else { return Ok(None) };
        Ok(Self::by_rule(before, region, |offset, _| after.at(offset), author, tool, at_ms))
    }

    /// The change that gives each voxel of `region` the label `rule(offset, label before)`. The box must fit.
    pub(crate) fn by_rule(
        mask: &LabelMap,
        region: IndexBox,
        rule: impl Fn(usize, u16) -> u16,
        author: Author,
        tool: Tool,
        at_ms: i64,
    ) -> Option<Self> {
        let shape = mask.grid().shape();
        let mut changed_box: Option<IndexBox> = None;
        for row in region.rows(shape) {
            let differs = |offset: &usize| {
                let before = mask.at(*offset);
                rule(*offset, before) != before
            };
            let Some(first) = row.clone().find(differs) else { continue };
            let last = row.rev().find(differs).unwrap_or(first);
            changed_box = Some(around(changed_box, voxel_of(first, shape), voxel_of(last, shape)));
        }
        let region = changed_box?;
        let mut after = Packer::default();
        for offset in region.rows(shape).flatten() {
            after.push(1, rule(offset, mask.at(offset)));
        }
        Some(Self::of_runs(region, Runs::of_region(mask, &region), after.finish(), author, tool, at_ms))
    }

    pub(crate) fn of_runs(region: IndexBox, before: Runs, after: Runs, author: Author, tool: Tool, at_ms: i64) -> Self {
        let changed = changed_voxels(&before, &after);
        Self { region, before, after, author, tool, at_ms, changed }
    }

    /// Does the change: the box must hold `before` and then holds `after`. Not for the Edit of a finished
    /// [`Stroke`](crate::Stroke), which is in the mask already.
    ///
    /// # Errors
    /// [`AnnotateError::OutsideGrid`], [`AnnotateError::Mismatch`] or [`AnnotateError::Damaged`]; the mask is then untouched.
    pub fn apply(&self, mask: &mut LabelMap) -> Result<(), AnnotateError> {
        self.exchange(mask, &self.before, &self.after)
    }

    /// Takes the change back: the box must hold `after` and then holds `before`.
    ///
    /// # Errors
    /// As [`Edit::apply`].
    pub fn revert(&self, mask: &mut LabelMap) -> Result<(), AnnotateError> {
        self.exchange(mask, &self.after, &self.before)
    }

    /// Visits the voxels that differ, piece by piece along the rows of a grid of `shape`: their offsets, the label before and the
    /// label after.
    ///
    /// # Errors
    /// [`AnnotateError::OutsideGrid`] if the box does not fit the shape; nothing is visited then.
    pub fn for_each_change(&self, shape: [usize; 3], mut visit: impl FnMut(Range<usize>, u16, u16)) -> Result<(), AnnotateError> {
        if !self.region.fits(shape) {
            return Err(AnnotateError::OutsideGrid { region: self.region, shape });
        }
        let pairs = self.before.beside(&self.after).map(|(count, was, is)| (count, (was, is)));
        along_rows(self.region, shape, pairs, |offsets, (was, is)| {
            if was != is {
                visit(offsets, was, is);
            }
            true
        });
        Ok(())
    }

    fn exchange(&self, mask: &mut LabelMap, held: &Runs, wanted: &Runs) -> Result<(), AnnotateError> {
        let shape = mask.grid().shape();
        if !self.region.fits(shape) {
            return Err(AnnotateError::OutsideGrid { region: self.region, shape });
        }
        if held.len() != self.region.len() || wanted.len() != self.region.len() {
            return Err(AnnotateError::Damaged("labels that do not fill their box"));
        }
        let mismatch = match mask.voxels() {
            LabelVoxels::U8(values) => first_mismatch(values, self.region, shape, held),
            LabelVoxels::U16(values) => first_mismatch(values, self.region, shape, held),
        };
        if let Some((offset, expected)) = mismatch {
            return Err(AnnotateError::Mismatch { voxel: voxel_of(offset, shape), expected, found: mask.at(offset) });
        }
        let pairs = held.beside(wanted).map(|(count, was, is)| (count, (was, is)));
        along_rows(self.region, shape, pairs, |offsets, (was, is)| {
            if was != is {
                offsets.for_each(|offset| mask.set(offset, is));
            }
            true
        });
        Ok(())
    }

    /// How many voxels get a label.
    #[must_use]
    pub fn gained(&self, label: u16) -> usize {
        self.before.beside(&self.after).filter(|(_, was, is)| *was != label && *is == label).map(|(count, ..)| count).sum()
    }

    /// How many voxels lose a label.
    #[must_use]
    pub fn lost(&self, label: u16) -> usize {
        self.before.beside(&self.after).filter(|(_, was, is)| *was == label && *is != label).map(|(count, ..)| count).sum()
    }

    /// Bytes the change takes in memory.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        let author = match &self.author {
            Author::Person => 0,
            Author::Model(model) => model.len(),
        };
        size_of::<Self>() + author + self.before.byte_len() + self.after.byte_len()
    }

    /// What a person reads after "Undo": the tool, and the model if one made it.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.author {
            Author::Person => self.tool.title().to_owned(),
            Author::Model(model) => format!("{} ({model})", self.tool.title()),
        }
    }
}

/// How many voxels differ between two packings of a box.
pub(crate) fn changed_voxels(before: &Runs, after: &Runs) -> usize {
    before.beside(after).filter(|(_, was, is)| was != is).map(|(count, ..)| count).sum()
}

pub(crate) fn voxel_of(offset: usize, shape: [usize; 3]) -> [usize; 3] {
    [offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]]
}

/// `grown` enlarged to hold two more voxels.
pub(crate) fn around(grown: Option<IndexBox>, first: [usize; 3], last: [usize; 3]) -> IndexBox {
    let start = IndexBox { low: first, high: first.map(|v| v + 1) };
    grown.map_or(start, |grown| grown.union(&start)).including(last)
}

/// Lays runs along the rows of a box: `visit` gets each piece as offsets into the grid, and says whether to go on.
pub(crate) fn along_rows<V: Copy>(
    region: IndexBox,
    shape: [usize; 3],
    mut runs: impl Iterator<Item = (usize, V)>,
    mut visit: impl FnMut(Range<usize>, V) -> bool,
) {
    let mut left: Option<(usize, V)> = None;
    for row in region.rows(shape) {
        let mut at = row.start;
        while at < row.end {
            let Some((count, value)) = left.take().or_else(|| runs.next()) else { return };
            let piece = count.min(row.end - at);
            if !visit(at..at + piece, value) {
                return;
            }
            at += piece;
            left = (count > piece).then_some((count - piece, value));
        }
    }
}

/// The first offset at which `values` do not hold what `held` says, and what it says there.
fn first_mismatch<T>(values: &[T], region: IndexBox, shape: [usize; 3], held: &Runs) -> Option<(usize, u16)>
where
    T: Copy + PartialEq + TryFrom<u16>,
{
    let mut found = None;
    along_rows(region, shape, held.iter(), |offsets, label| {
        let alike = T::try_from(label).map_or(0, |label| leading(&values[offsets.clone()], label));
        if alike < offsets.len() {
            found = Some((offsets.start + alike, label));
        }
        found.is_none()
    });
    found
}

/// The smallest box around the voxels in which two masks of one shape differ.
fn differing_box(before: &LabelMap, after: &LabelMap) -> Option<IndexBox> {
    let shape = before.grid().shape();
    match (before.voxels(), after.voxels()) {
        (LabelVoxels::U8(a), LabelVoxels::U8(b)) => differing(a, b, shape),
        (LabelVoxels::U8(a), LabelVoxels::U16(b)) => differing(a, b, shape),
        (LabelVoxels::U16(a), LabelVoxels::U8(b)) => differing(a, b, shape),
        (LabelVoxels::U16(a), LabelVoxels::U16(b)) => differing(a, b, shape),
    }
}

fn differing<A: Copy + Into<u16>, B: Copy + Into<u16>>(a: &[A], b: &[B], shape: [usize; 3]) -> Option<IndexBox> {
    let mut found: Option<IndexBox> = None;
    for (row, (a, b)) in a.chunks_exact(shape[0]).zip(b.chunks_exact(shape[0])).enumerate() {
        let same = a.iter().zip(b).fold(true, |same, (&x, &y)| same & (x.into() == y.into()));
        if same {
            continue;
        }
        let differs = |n: &usize| a[*n].into() != b[*n].into();
        let first = (0..shape[0]).find(differs).unwrap_or(0);
        let last = (0..shape[0]).rev().find(differs).unwrap_or(first);
        let (j, k) = (row % shape[1], row / shape[1]);
        found = Some(around(found, [first, j, k], [last, j, k]));
    }
    found
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;

    use super::*;

    fn mask() -> LabelMap {
        let mut mask = LabelMap::empty(Grid::axis_aligned([5, 4, 3], [1.0; 3]).expect("a grid"));
        (0..mask.len()).for_each(|offset| mask.set(offset, (offset % 3) as u16));
        mask
    }

    #[test]
    fn an_edit_is_shrunk_to_what_changes_and_goes_both_ways() {
        let mut mask = mask();
        let start = mask.clone();
        let region = IndexBox::whole([5, 4, 3]);
        let mut labels = mask.region(&region);
        labels[mask.grid().offset([1, 2, 1])] = 9;
        labels[mask.grid().offset([3, 2, 2])] = 9;
        let edit = Edit::from_region(&mask, region, &labels, Author::Person, Tool::Script, 5).expect("a change");
        assert_eq!(edit.region, IndexBox { low: [1, 2, 1], high: [4, 3, 3] });
        assert_eq!(edit.changed, 2);
        edit.apply(&mut mask).expect("holds what was there");
        assert_eq!(mask.region(&region), labels);
        let again = Edit::between(&start, &mask, Author::Person, Tool::Script, 5).expect("one grid").expect("a change");
        assert_eq!(again, edit);
        edit.revert(&mut mask).expect("holds what was put there");
        assert_eq!(mask, start);
        assert_eq!(Edit::between(&start, &mask, Author::Person, Tool::Script, 5), Ok(None));
        assert_eq!(Edit::from_region(&mask, region, &mask.region(&region), Author::Person, Tool::Script, 5), None);
    }

    #[test]
    fn a_mismatch_changes_nothing() {
        let mut mask = mask();
        let mut after = mask.clone();
        (0..20).for_each(|offset| after.set(offset, 7));
        let edit = Edit::between(&mask, &after, Author::Person, Tool::Script, 0).expect("one grid").expect("a change");
        mask.set(19, 300);
        let held = mask.clone();
        let error = edit.apply(&mut mask).expect_err("voxel 19 is another");
        assert_eq!(error, AnnotateError::Mismatch { voxel: [4, 3, 0], expected: 1, found: 300 });
        assert_eq!(edit.revert(&mut mask).map_err(|_| ()), Err(()));
        assert_eq!(mask, held);
        let mut small = LabelMap::empty(Grid::axis_aligned([2, 2, 2], [1.0; 3]).expect("a grid"));
        assert!(matches!(edit.apply(&mut small), Err(AnnotateError::OutsideGrid { .. })));
    }

    #[test]
    fn labels_above_255_are_put_and_taken_back() {
        let mut mask = mask();
        let start = mask.clone();
        let region = IndexBox { low: [1, 1, 1], high: [3, 3, 2] };
        let edit = Edit::from_region(&mask, region, &[300; 4], Author::Person, Tool::Script, 0).expect("a change");
        edit.apply(&mut mask).expect("fits");
        assert_eq!(mask.counts().get(&300), Some(&4));
        edit.revert(&mut mask).expect("fits");
        assert_eq!(Edit::between(&start, &mask, Author::Person, Tool::Script, 0), Ok(None));
    }
}
