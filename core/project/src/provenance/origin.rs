//! For every voxel of a mask: who put there what it holds now.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use medley_annotate::{AnnotateError, Author, Edit, Tool};
use medley_volume::{Grid, LabelMap, LabelVoxels, VolumeError};
use serde::{Deserialize, Serialize};

use crate::lineage::Lineage;
use crate::{CaseId, ProjectError, Study};

/// Who put a label into a voxel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A person, with whatever tool; also by taking an earlier step back alone.
    Person,
    /// A mask that was read from a file.
    Imported,
    /// A model, by its id.
    Model(String),
}

impl Source {
    fn of(edit: &Edit) -> Self {
        match (&edit.author, edit.tool) {
            (Author::Model(model), _) => Self::Model(model.clone()),
            (Author::Person, Tool::Import) => Self::Imported,
            (Author::Person, _) => Self::Person,
        }
    }
}

/// How many voxels of a label come from one source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OriginCount {
    /// Who put the label there; `None` where nobody ever changed anything.
    pub source: Option<Source>,
    /// The label; 0 where a label was taken away, or never was.
    pub label: u16,
    /// How many voxels.
    pub voxels: usize,
    /// How much that is, in millilitres.
    pub millilitres: f64,
}

/// For every voxel of a mask who put there what it holds now: the last Edit, of those that are done, that changed the voxel.
///
/// A person who paints a voxel that a model made makes it the person's, even if it ends with the model's label again; an undo
/// gives it back to the model. Painting the label that is there already changes nothing.
#[derive(Debug, Clone)]
pub struct OriginMap {
    /// The mask that this tells of.
    pub mask: LabelMap,
    /// Per voxel 0 where nothing was ever changed, else 1 + the place of the source in [`OriginMap::sources`].
    pub codes: LabelMap,
    /// Who changed anything, in the order of their first change.
    pub sources: Vec<Source>,
    /// How many Edits could not be read or did not fit; what they changed counts as what was there before.
    pub unreadable: usize,
}

impl OriginMap {
    /// The origins after `edits`, which were made one after another on an empty mask on `grid`. `None` stands for an Edit that
    /// cannot be read.
    ///
    /// # Errors
    /// What fetching an Edit says.
    pub fn replay<E>(grid: Grid, edits: impl Iterator<Item = Result<Option<Edit>, E>>) -> Result<Self, E> {
        let mut tracer = Tracer::new(grid);
        for edit in edits {
            match edit? {
                Some(edit) => tracer.trace(&edit),
                None => tracer.unreadable += 1,
            }
        }
        let Tracer { mask, codes, sources, unreadable, .. } = tracer;
        // One value for each voxel of the grid: the map always fits it.
        let codes = codes.into_map(grid).unwrap_or_else(|_| LabelMap::empty(grid));
        Ok(Self { mask, codes, sources, unreadable })
    }

    /// Who put there what a voxel holds; `None` if nobody ever changed it, or there is no such voxel.
    ///
    /// `offset` counts voxels, `i` fastest.
    #[must_use]
    pub fn source(&self, offset: usize) -> Option<&Source> {
        let code = (offset < self.codes.len()).then(|| self.codes.at(offset))?;
        self.sources.get(usize::from(code).checked_sub(1)?)
    }

    /// How many voxels each label has from each source: voxels never changed first, then by source in their order, by rising label.
    #[must_use]
    pub fn counts(&self) -> Vec<OriginCount> {
        let mut counts: BTreeMap<(u16, u16), usize> = BTreeMap::new();
        for_each_run(&self.codes, &self.mask, |code, label, count| *counts.entry((code, label)).or_default() += count);
        let volume = self.mask.grid().voxel_volume_ml();
        let count = |((code, label), voxels): ((u16, u16), usize)| OriginCount {
            source: usize::from(code).checked_sub(1).and_then(|at| self.sources.get(at)).cloned(),
            label,
            voxels,
            millilitres: voxels as f64 * volume,
        };
        counts.into_iter().map(count).collect()
    }

    /// What to show of it: 1 where a model made a label and nobody has touched it since, 2 where a label comes from a person or a
    /// file, 0 elsewhere.
    #[must_use]
    pub fn untouched_model_work(&self) -> LabelMap {
        let mut shown = vec![0u8; self.mask.len()];
        let mut at = 0;
        for_each_run(&self.codes, &self.mask, |code, label, count| {
            let source = usize::from(code).checked_sub(1).and_then(|at| self.sources.get(at));
            let color = match source {
                _ if label == 0 => 0,
                Some(Source::Model(_)) => 1,
                _ => 2,
            };
            shown[at..at + count].fill(color);
            at += count;
        });
        LabelMap::new(*self.mask.grid(), LabelVoxels::U8(shown)).unwrap_or_else(|_| LabelMap::empty(*self.mask.grid()))
    }
}

/// A mask and its origins while Edits are put into them.
struct Tracer {
    mask: LabelMap,
    codes: Codes,
    sources: Vec<Source>,
    code_of: HashMap<Source, u16>,
    unreadable: usize,
}

impl Tracer {
    fn new(grid: Grid) -> Self {
        let mask = LabelMap::empty(grid);
        let codes = Codes::Few(vec![0; mask.len()]);
        Self { mask, codes, sources: Vec::new(), code_of: HashMap::new(), unreadable: 0 }
    }

    fn trace(&mut self, edit: &Edit) {
        let shape = self.mask.grid().shape();
        let code = self.code(Source::of(edit));
        let visited = edit.for_each_change(shape, |offsets, _, _| self.codes.fill(offsets, code));
        if let Err(error) = visited.and_then(|()| edit.apply(&mut self.mask)) {
            self.unreadable += 1;
            // As when a mask is rebuilt: an Edit that follows a missing one knows all of its box.
            if matches!(error, AnnotateError::Mismatch { .. }) {
                self.mask.set_region(&edit.region, &edit.after.unpack());
            }
        }
    }

    fn code(&mut self, source: Source) -> u16 {
        let next = u16::try_from(self.sources.len() + 1).unwrap_or(u16::MAX);
        *self.code_of.entry(source).or_insert_with_key(|source| {
            self.sources.push(source.clone());
            next
        })
    }
}

/// One code a voxel, a byte each while that is enough.
enum Codes {
    Few(Vec<u8>),
    Many(Vec<u16>),
}

impl Codes {
    fn fill(&mut self, offsets: Range<usize>, code: u16) {
        if let Self::Few(values) = self {
            if let Ok(code) = u8::try_from(code) {
                values[offsets].fill(code);
                return;
            }
            *self = Self::Many(values.iter().map(|&code| u16::from(code)).collect());
        }
        if let Self::Many(values) = self {
            values[offsets].fill(code);
        }
    }

    fn into_map(self, grid: Grid) -> Result<LabelMap, VolumeError> {
        LabelMap::new(
            grid,
            match self {
                Self::Few(values) => LabelVoxels::U8(values),
                Self::Many(values) => LabelVoxels::U16(values),
            },
        )
    }
}

/// Visits two maps of one grid side by side, in runs in which neither changes: value of the first, of the second, how many voxels.
fn for_each_run(first: &LabelMap, second: &LabelMap, visit: impl FnMut(u16, u16, usize)) {
    match (first.voxels(), second.voxels()) {
        (LabelVoxels::U8(a), LabelVoxels::U8(b)) => runs(a, b, visit),
        (LabelVoxels::U8(a), LabelVoxels::U16(b)) => runs(a, b, visit),
        (LabelVoxels::U16(a), LabelVoxels::U8(b)) => runs(a, b, visit),
        (LabelVoxels::U16(a), LabelVoxels::U16(b)) => runs(a, b, visit),
    }
}

fn runs<A: Copy + PartialEq + Into<u16>, B: Copy + PartialEq + Into<u16>>(a: &[A], b: &[B], mut visit: impl FnMut(u16, u16, usize)) {
    /// Compared without a branch inside, which the compiler makes wide.
    const BLOCK: usize = 64;
    let (mut at, end) = (0, a.len().min(b.len()));
    while at < end {
        let (start, x, y) = (at, a[at], b[at]);
        let is_alike =
            |from: usize, to: usize| a[from..to].iter().zip(&b[from..to]).fold(true, |same, (p, q)| same & (*p == x) & (*q == y));
        while at + BLOCK <= end && is_alike(at, at + BLOCK) {
            at += BLOCK;
        }
        while at < end && a[at] == x && b[at] == y {
            at += 1;
        }
        visit(x.into(), y.into(), at - start);
    }
}

impl Study {
    /// For every voxel of a case's mask who put there what it holds now, from the journal: all of it is replayed.
    ///
    /// # Errors
    /// If there is no such case, its grid is not known and its image cannot be read, or the database cannot be read.
    pub fn origins(&self, id: CaseId) -> Result<OriginMap, ProjectError> {
        let grid = self.case_grid(id)?;
        let mut chain: Vec<i64> = self.with_lineage(id, |lineage: &Lineage| lineage.chain(lineage.head()).collect())?;
        chain.reverse();
        OriginMap::replay(grid, chain.into_iter().map(|edit| self.stored_edit(id, edit)))
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::IndexBox;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const SHAPE: [usize; 3] = [70, 5, 3];

    fn random_edit(mask: &LabelMap, rng: &mut ChaCha8Rng, models: usize) -> Option<Edit> {
        let low: [usize; 3] = std::array::from_fn(|axis| rng.random_range(0..SHAPE[axis]));
        let region = IndexBox { low, high: std::array::from_fn(|axis| rng.random_range(low[axis] + 1..=SHAPE[axis])) };
        let most = if rng.random_bool(0.1) { 400 } else { 3 };
        let labels: Vec<u16> = (0..region.len()).map(|_| rng.random_range(0..most)).collect();
        let (author, tool) = match rng.random_range(0..4) {
            0 => (Author::Person, Tool::Import),
            1 => (Author::Person, Tool::Brush),
            _ => (Author::Model(format!("model {}", rng.random_range(0..models))), Tool::Proposal),
        };
        Edit::from_region(mask, region, &labels, author, tool, 0)
    }

    /// Voxel by voxel: whoever changed it last.
    fn by_the_simple_way(grid: Grid, edits: &[Edit]) -> (LabelMap, Vec<Option<Source>>) {
        let mut mask = LabelMap::empty(grid);
        let mut sources = vec![None; mask.len()];
        for edit in edits {
            let before = mask.clone();
            edit.apply(&mut mask).expect("fits");
            for offset in (0..mask.len()).filter(|&offset| mask.at(offset) != before.at(offset)) {
                sources[offset] = Some(Source::of(edit));
            }
        }
        (mask, sources)
    }

    fn replay(grid: Grid, edits: &[Edit]) -> OriginMap {
        OriginMap::replay(grid, edits.iter().cloned().map(|edit| Ok::<_, ()>(Some(edit)))).expect("readable")
    }

    #[test]
    fn origins_equal_those_of_a_naive_replay() {
        let grid = Grid::axis_aligned(SHAPE, [1.0, 2.0, 0.5]).expect("a grid");
        for seed in 0..12 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let models = if seed == 0 { 5000 } else { 3 };
            let (mut mask, mut edits) = (LabelMap::empty(grid), Vec::new());
            for _ in 0..if seed == 0 { 700 } else { 25 } {
                let Some(edit) = random_edit(&mask, &mut rng, models) else { continue };
                edit.apply(&mut mask).expect("fits");
                edits.push(edit);
            }
            let (mask, sources) = by_the_simple_way(grid, &edits);
            let map = replay(grid, &edits);
            assert_eq!((&map.mask, map.unreadable), (&mask, 0));
            assert!((0..mask.len()).all(|offset| map.source(offset) == sources[offset].as_ref()), "seed {seed}");
            assert_eq!(seed == 0, map.sources.len() > 255);
            let mut counted = 0;
            for count in map.counts() {
                let is_meant = |&offset: &usize| sources[offset] == count.source && mask.at(offset) == count.label;
                assert_eq!(count.voxels, (0..mask.len()).filter(is_meant).count());
                assert!((count.millilitres - count.voxels as f64 * 0.001).abs() < 1e-9);
                counted += count.voxels;
            }
            assert_eq!(counted, mask.len());
            let shown = map.untouched_model_work();
            for offset in 0..mask.len() {
                let expected = match &sources[offset] {
                    _ if mask.at(offset) == 0 => 0,
                    Some(Source::Model(_)) => 1,
                    _ => 2,
                };
                assert_eq!(shown.at(offset), expected);
            }
        }
    }

    #[test]
    fn a_voxel_painted_back_to_the_models_label_is_the_persons() {
        let grid = Grid::axis_aligned([2, 1, 1], [1.0; 3]).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        let mut edits = Vec::new();
        let model = || Author::Model("m".to_owned());
        for (label, author, tool) in [(5, model(), Tool::Proposal), (6, Author::Person, Tool::Brush), (5, Author::Person, Tool::Brush)] {
            let edit = Edit::from_region(&mask, IndexBox { low: [0; 3], high: [1; 3] }, &[label], author, tool, 0).expect("a change");
            edit.apply(&mut mask).expect("fits");
            edits.push(edit);
        }
        assert_eq!(replay(grid, &edits).source(0), Some(&Source::Person));
        assert_eq!(replay(grid, &edits[..1]).source(0), Some(&Source::Model("m".to_owned())), "undone, it is the model's again");
        assert_eq!((replay(grid, &edits).source(1), replay(grid, &edits).source(2)), (None, None));
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_passed_over() {
        let grid = Grid::axis_aligned([3, 1, 1], [1.0; 3]).expect("a grid");
        let region = IndexBox { low: [0; 3], high: [3, 1, 1] };
        let mut mask = LabelMap::empty(grid);
        (0..3).for_each(|offset| mask.set(offset, 4));
        let edit = Edit::from_region(&mask, region, &[4, 7, 7], Author::Person, Tool::Brush, 0).expect("a change");
        let map = OriginMap::replay(grid, [Ok::<_, ()>(None), Ok(Some(edit))].into_iter()).expect("readable");
        assert_eq!(map.unreadable, 2, "one is gone, the next does not fit what is there");
        assert_eq!((map.mask.at(0), map.mask.at(1)), (0, 7));
    }
}
