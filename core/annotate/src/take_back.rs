//! One earlier step taken back without those after it.

use medley_volume::{IndexBox, LabelMap, LabelVoxels};

use crate::edit::{along_rows, around, voxel_of};
use crate::runs::Packer;
use crate::{AnnotateError, Author, Edit, History, Runs, Tool};

/// What remains of a step that is taken back alone.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenBack {
    /// The change that gives its voxels back, not applied yet; `None` if later steps have changed all of them.
    pub edit: Option<Edit>,
    /// Voxels of the step that later steps have changed: they stay as they are.
    pub kept: usize,
}

/// A step to be taken back alone, and the later ones that reach into its box: all that is needed to work it out elsewhere.
#[derive(Debug, Clone, PartialEq)]
pub struct StepAlone {
    step: Edit,
    later: Vec<Edit>,
}

impl StepAlone {
    /// Works out what remains of the step in `mask`; see [`History::take_back`].
    ///
    /// # Errors
    /// [`AnnotateError::OutsideGrid`] if it is not a step of `mask`.
    pub fn take_back(&self, mask: &LabelMap, at_ms: i64) -> Result<TakenBack, AnnotateError> {
        take_back(&self.step, self.later.iter(), mask, at_ms)
    }
}

impl History {
    /// The step at `at` (0 is the oldest), to be taken back elsewhere: on another thread, where the history is not.
    ///
    /// # Errors
    /// [`AnnotateError::StepNotDone`] if there is no such step or it is undone.
    pub fn step_alone(&self, at: usize) -> Result<StepAlone, AnnotateError> {
        let step = self.done.get(at).ok_or(AnnotateError::StepNotDone(at))?;
        let later = self.done.iter().skip(at + 1).filter(|edit| edit.region.intersection(&step.region).is_some());
        Ok(StepAlone { step: step.clone(), later: later.cloned().collect() })
    }

    /// Takes back the step at `at` (0 is the oldest) and none after it: each voxel it changed gets back what it held before, unless
    /// a later step has changed that voxel too, even to the same label. The result is a new Edit by the person, for [`Edit::apply`]
    /// and [`History::push`].
    ///
    /// # Errors
    /// [`AnnotateError::StepNotDone`] if there is no such step or it is undone, [`AnnotateError::OutsideGrid`] if the history is not
    /// that of `mask`.
    pub fn take_back(&self, at: usize, mask: &LabelMap, at_ms: i64) -> Result<TakenBack, AnnotateError> {
        let step = self.done.get(at).ok_or(AnnotateError::StepNotDone(at))?;
        take_back(step, self.done.iter().skip(at + 1), mask, at_ms)
    }
}

fn take_back<'a>(step: &Edit, later: impl Iterator<Item = &'a Edit>, mask: &LabelMap, at_ms: i64) -> Result<TakenBack, AnnotateError> {
    let shape = mask.grid().shape();
    let mut marks = Marks::new(step.region);
    for edit in later.filter(|edit| edit.region.intersection(&step.region).is_some()) {
        edit.for_each_change(shape, |offsets, _, _| marks.mark(voxel_of(offsets.start, shape), offsets.len()))?;
    }
    let is_given = |offset: usize, is: u16| !marks.is_marked(voxel_of(offset, shape)) && mask.at(offset) == is;
    let (mut given, mut region) = (0, None);
    step.for_each_change(shape, |offsets, _, is| {
        for offset in offsets.filter(|&offset| is_given(offset, is)) {
            let voxel = voxel_of(offset, shape);
            given += 1;
            region = Some(around(region, voxel, voxel));
        }
    })?;
    let kept = step.changed.saturating_sub(given);
    let Some(region) = region else { return Ok(TakenBack { edit: None, kept }) };
    let mut after = Packer::default();
    let pairs = step.before.beside(&step.after).map(|(count, was, is)| (count, (was, is)));
    along_rows(step.region, shape, pairs, |offsets, (was, is)| {
        let [i, j, k] = voxel_of(offsets.start, shape);
        let (first, last) = (i.max(region.low[0]), (i + offsets.len()).min(region.high[0]));
        if first < last && region.contains([first, j, k]) {
            let clipped = offsets.start + first - i..offsets.start + last - i;
            if was == is {
                match mask.voxels() {
                    LabelVoxels::U8(values) => after.push_values(&values[clipped]),
                    LabelVoxels::U16(values) => after.push_values(&values[clipped]),
                }
            } else {
                clipped.for_each(|offset| after.push(1, if is_given(offset, is) { was } else { mask.at(offset) }));
            }
        }
        true
    });
    let before = Runs::of_region(mask, &region);
    let edit = Edit::of_runs(region, before, after.finish(), Author::Person, Tool::TakeBack, at_ms);
    Ok(TakenBack { edit: Some(edit), kept })
}

/// Voxels of a box, one bit each, `i` fastest. No memory is taken before the first is marked.
struct Marks {
    region: IndexBox,
    bits: Vec<u64>,
}

impl Marks {
    fn new(region: IndexBox) -> Self {
        Self { region, bits: Vec::new() }
    }

    /// Marks `count` voxels along `i` from `first`, as far as they lie in the box.
    fn mark(&mut self, [i, j, k]: [usize; 3], count: usize) {
        let (first, last) = (i.max(self.region.low[0]), (i + count).min(self.region.high[0]));
        if first >= last || !self.region.contains([first, j, k]) {
            return;
        }
        self.bits.resize(self.region.len().div_ceil(64), 0);
        let start = self.place([first, j, k]);
        (start..start + last - first).for_each(|at| self.bits[at / 64] |= 1 << (at % 64));
    }

    fn is_marked(&self, voxel: [usize; 3]) -> bool {
        let at = self.place(voxel);
        self.bits.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }

    fn place(&self, voxel: [usize; 3]) -> usize {
        let [width, height, _] = self.region.shape();
        let [i, j, k]: [usize; 3] = std::array::from_fn(|axis| voxel[axis] - self.region.low[axis]);
        (k * height + j) * width + i
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const SHAPE: [usize; 3] = [9, 6, 4];

    /// A mask, its history, and by the simple way who changed each voxel last: the step's place, or none.
    struct Drawn {
        mask: LabelMap,
        history: History,
        owner: Vec<Option<usize>>,
    }

    fn drawn(seed: u64, steps: usize) -> Drawn {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mask = LabelMap::empty(Grid::axis_aligned(SHAPE, [1.0; 3]).expect("a grid"));
        let mut drawn = Drawn { owner: vec![None; mask.len()], mask, history: History::new() };
        while drawn.history.len() < steps {
            let low: [usize; 3] = std::array::from_fn(|axis| rng.random_range(0..SHAPE[axis]));
            let region = IndexBox { low, high: std::array::from_fn(|axis| rng.random_range(low[axis] + 1..=SHAPE[axis])) };
            let most = if rng.random_bool(0.2) { 300 } else { 3 };
            let labels: Vec<u16> = (0..region.len()).map(|_| rng.random_range(0..most)).collect();
            let Some(edit) = Edit::from_region(&drawn.mask, region, &labels, Author::Person, Tool::Script, 0) else { continue };
            drawn.push(edit);
        }
        drawn
    }

    impl Drawn {
        fn push(&mut self, edit: Edit) {
            let before = self.mask.clone();
            edit.apply(&mut self.mask).expect("fits");
            let differs = |&offset: &usize| before.at(offset) != self.mask.at(offset);
            (0..before.len()).filter(differs).for_each(|offset| self.owner[offset] = Some(self.history.len()));
            self.history.push(edit);
        }
    }

    #[test]
    fn exactly_the_voxels_that_are_still_the_steps_go_back() {
        for seed in 0..60 {
            let mut drawn = drawn(seed, 12);
            let at = seed as usize % 12;
            let step = drawn.history.step(at).expect("there").edit.clone();
            let mut replayed = LabelMap::empty(*drawn.mask.grid());
            drawn.history.steps().take(at).for_each(|step| step.edit.apply(&mut replayed).expect("fits"));
            let taken = drawn.history.take_back(at, &drawn.mask, 5).expect("a done step");
            assert_eq!(drawn.history.step_alone(at).expect("a done step").take_back(&drawn.mask, 5), Ok(taken.clone()));
            let own: Vec<usize> = (0..drawn.mask.len()).filter(|&offset| drawn.owner[offset] == Some(at)).collect();
            assert_eq!(taken.kept, step.changed - own.len());
            assert_eq!(taken.edit.as_ref().map_or(0, |edit| edit.changed), own.len());
            let before = drawn.mask.clone();
            let Some(edit) = taken.edit else { continue };
            assert_eq!((edit.tool, &edit.author, edit.at_ms), (Tool::TakeBack, &Author::Person, 5));
            drawn.push(edit.clone());
            for offset in 0..before.len() {
                let expected = if own.contains(&offset) { replayed.at(offset) } else { before.at(offset) };
                assert_eq!(drawn.mask.at(offset), expected);
            }
            assert_eq!(Edit::between(&before, &drawn.mask, Author::Person, Tool::TakeBack, 5), Ok(Some(edit)), "the smallest box");
            let again = drawn.history.take_back(at, &drawn.mask, 6).expect("a done step");
            assert_eq!(again, TakenBack { edit: None, kept: step.changed }, "nothing is left of it");
            drawn.history.undo(&mut drawn.mask).expect("fits");
            assert_eq!(drawn.mask, before);
        }
    }

    #[test]
    fn a_voxel_changed_to_and_fro_by_others_is_theirs() {
        let mut drawn = drawn(0, 0);
        for label in [1, 2, 1] {
            let region = IndexBox { low: [0; 3], high: [1, 1, 1] };
            let edit = Edit::from_region(&drawn.mask, region, &[label], Author::Person, Tool::Brush, 0).expect("a change");
            drawn.push(edit);
        }
        assert_eq!(drawn.history.take_back(0, &drawn.mask, 0), Ok(TakenBack { edit: None, kept: 1 }));
        assert_eq!(drawn.history.take_back(2, &drawn.mask, 0).expect("done").kept, 0);
    }

    #[test]
    fn what_is_undone_cannot_be_taken_back() {
        let mut drawn = drawn(3, 2);
        drawn.history.undo(&mut drawn.mask).expect("fits");
        assert_eq!(drawn.history.take_back(1, &drawn.mask, 0), Err(AnnotateError::StepNotDone(1)));
        assert_eq!(drawn.history.take_back(9, &drawn.mask, 0), Err(AnnotateError::StepNotDone(9)));
    }
}
