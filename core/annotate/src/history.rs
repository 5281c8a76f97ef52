use std::collections::VecDeque;

use medley_volume::{IndexBox, LabelMap};

use crate::{AnnotateError, Edit};

/// Undo and redo of Edits that are in a mask, within a byte budget.
///
/// Its steps are a list, the oldest first: those done, then those undone in the order a redo does them. A *position* in it is how
/// many of them are done.
#[derive(Debug, Clone)]
pub struct History {
    pub(crate) done: VecDeque<Edit>,
    undone: Vec<Edit>,
    bytes: usize,
    undone_bytes: usize,
    budget: usize,
    least_steps: usize,
}

/// A step of a history.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    /// What it changed, who made it, with what, when.
    pub edit: &'a Edit,
    /// Whether the mask holds it; if not, it was undone.
    pub is_done: bool,
}

/// What a jump in a history did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Jump {
    /// How many steps were taken back.
    pub undone: usize,
    /// How many steps were done again.
    pub redone: usize,
    /// A box around all that changed.
    pub region: Option<IndexBox>,
}

impl Default for History {
    fn default() -> Self {
        Self::new()
    }
}

impl History {
    /// Bytes kept unless there are fewer steps than [`History::LEAST_STEPS`].
    pub const BUDGET_BYTES: usize = 256 << 20;
    /// Steps kept whatever they weigh.
    pub const LEAST_STEPS: usize = 200;

    /// A history with the usual limits: 256 MiB, but at least 200 steps.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(Self::BUDGET_BYTES, Self::LEAST_STEPS)
    }

    /// A history that forgets its oldest steps beyond `budget` bytes, but never the last `least_steps`.
    #[must_use]
    pub fn with_limits(budget: usize, least_steps: usize) -> Self {
        Self { done: VecDeque::new(), undone: Vec::new(), bytes: 0, undone_bytes: 0, budget, least_steps }
    }

    /// Remembers an Edit that is **already in the mask**. What could be redone no longer can.
    pub fn push(&mut self, edit: Edit) {
        self.undone.clear();
        self.bytes = self.bytes - self.undone_bytes + edit.byte_len();
        self.undone_bytes = 0;
        self.done.push_back(edit);
        self.forget_oldest();
    }

    /// Puts an Edit at the redo end: what an undo before the program closed had taken back. For rebuilding a history: first the
    /// done Edits by [`History::push`], then the undone ones, the one to be redone first coming last.
    pub fn push_undone(&mut self, edit: Edit) {
        self.bytes += edit.byte_len();
        self.undone_bytes += edit.byte_len();
        self.undone.push(edit);
        self.forget_oldest();
    }

    /// Takes the last Edit back in the mask and returns its box; `None` if there is none.
    ///
    /// # Errors
    /// As [`Edit::revert`]; mask and history are then as they were.
    pub fn undo(&mut self, mask: &mut LabelMap) -> Result<Option<IndexBox>, AnnotateError> {
        let Some(edit) = self.done.back() else { return Ok(None) };
        edit.revert(mask)?;
        let region = edit.region;
        self.note_undone();
        Ok(Some(region))
    }

    /// Does the last undone Edit again and returns its box; `None` if there is none.
    ///
    /// # Errors
    /// As [`Edit::apply`]; mask and history are then as they were.
    pub fn redo(&mut self, mask: &mut LabelMap) -> Result<Option<IndexBox>, AnnotateError> {
        let Some(edit) = self.undone.last() else { return Ok(None) };
        edit.apply(mask)?;
        let region = edit.region;
        self.note_redone();
        Ok(Some(region))
    }

    /// The step that an undo would take back.
    #[must_use]
    pub fn next_undo(&self) -> Option<&Edit> {
        self.done.back()
    }

    /// The step that a redo would do again.
    #[must_use]
    pub fn next_redo(&self) -> Option<&Edit> {
        self.undone.last()
    }

    /// Notes that the last step was taken back in the mask already, by [`Edit::revert`] on a copy of it that now takes its place.
    pub fn note_undone(&mut self) {
        if let Some(edit) = self.done.pop_back() {
            self.undone_bytes += edit.byte_len();
            self.undone.push(edit);
        }
    }

    /// Notes that the last undone step was done again in the mask already.
    pub fn note_redone(&mut self) {
        if let Some(edit) = self.undone.pop() {
            self.undone_bytes -= edit.byte_len();
            self.done.push_back(edit);
        }
    }

    /// Undoes or redoes until `position` steps are done, or as many as there are.
    ///
    /// # Errors
    /// As [`Edit::apply`]; mask and history are then as they were.
    pub fn jump_to(&mut self, position: usize, mask: &mut LabelMap) -> Result<Jump, AnnotateError> {
        let (start, mut jump) = (self.len(), Jump::default());
        let position = position.min(self.len() + self.redo_len());
        while self.len() != position {
            let is_back = self.len() > position;
            match if is_back { self.undo(mask) } else { self.redo(mask) } {
                Ok(region) => jump.add(is_back, region),
                Err(error) => {
                    // What was just done can be taken back: nothing has touched the mask in between.
                    while self.len() != start {
                        if is_back {
                            self.redo(mask)?
                        } else {
                            self.undo(mask)?
                        };
                    }
                    return Err(error);
                }
            }
        }
        Ok(jump)
    }

    /// All steps, the oldest first; the undone ones last, in the order in which they would be redone.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step<'_>> {
        (0..self.done.len() + self.undone.len()).filter_map(|at| self.step(at))
    }

    /// A step by its place in the list, which begins with 0.
    #[must_use]
    pub fn step(&self, at: usize) -> Option<Step<'_>> {
        if let Some(edit) = self.done.get(at) {
            return Some(Step { edit, is_done: true });
        }
        let from_end = at - self.done.len() + 1;
        let edit = self.undone.get(self.undone.len().checked_sub(from_end)?)?;
        Some(Step { edit, is_done: false })
    }

    /// Whether there is something to undo.
    #[must_use]
    pub fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    /// Whether there is something to redo.
    #[must_use]
    pub fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// What an undo would take back.
    #[must_use]
    pub fn undo_title(&self) -> Option<String> {
        self.done.back().map(Edit::title)
    }

    /// What a redo would do again.
    #[must_use]
    pub fn redo_title(&self) -> Option<String> {
        self.undone.last().map(Edit::title)
    }

    /// How many steps can be undone.
    #[must_use]
    pub fn len(&self) -> usize {
        self.done.len()
    }

    /// Whether no step can be undone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// How many steps can be redone.
    #[must_use]
    pub fn redo_len(&self) -> usize {
        self.undone.len()
    }

    /// Bytes all kept Edits take.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes
    }

    fn forget_oldest(&mut self) {
        while self.bytes > self.budget && self.done.len() + self.undone.len() > self.least_steps {
            let Some(oldest) = self.done.pop_front() else { return };
            self.bytes -= oldest.byte_len();
        }
    }
}

impl Jump {
    fn add(&mut self, is_back: bool, region: Option<IndexBox>) {
        self.undone += usize::from(is_back);
        self.redone += usize::from(!is_back);
        self.region = match (self.region, region) {
            (Some(all), Some(one)) => Some(all.union(&one)),
            (all, one) => all.or(one),
        };
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::{Author, Tool};

    const SHAPE: [usize; 3] = [6, 5, 4];

    fn empty() -> LabelMap {
        LabelMap::empty(Grid::axis_aligned(SHAPE, [1.0; 3]).expect("a grid"))
    }

    fn random_edit(mask: &LabelMap, rng: &mut ChaCha8Rng) -> Option<Edit> {
        let low: [usize; 3] = std::array::from_fn(|axis| rng.random_range(0..SHAPE[axis]));
        let high = std::array::from_fn(|axis| rng.random_range(low[axis] + 1..=SHAPE[axis]));
        let region = IndexBox { low, high };
        let labels: Vec<u16> = (0..region.len()).map(|_| rng.random_range(0..3)).collect();
        Edit::from_region(mask, region, &labels, Author::Person, Tool::Script, rng.random_range(0..9))
    }

    fn bytes_of(history: &History) -> usize {
        history.steps().map(|step| step.edit.byte_len()).sum()
    }

    #[test]
    fn jumping_anywhere_equals_replaying() {
        for seed in 0..20 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let (mut mask, mut history) = (empty(), History::new());
            let mut masks = vec![mask.clone()];
            for _ in 0..60 {
                if rng.random_bool(0.5) {
                    let Some(edit) = random_edit(&mask, &mut rng) else { continue };
                    edit.apply(&mut mask).expect("fits");
                    masks.truncate(history.len() + 1);
                    masks.push(mask.clone());
                    history.push(edit);
                } else {
                    let (from, to) = (history.len(), rng.random_range(0..masks.len() + 2));
                    let before = mask.clone();
                    let jump = history.jump_to(to, &mut mask).expect("fits");
                    let to = to.min(masks.len() - 1);
                    assert_eq!((jump.undone, jump.redone), (from.saturating_sub(to), to.saturating_sub(from)));
                    let changed = |offset: &usize| before.at(*offset) != mask.at(*offset);
                    let around = jump.region.unwrap_or(IndexBox { low: [0; 3], high: [0; 3] });
                    assert!((0..mask.len()).filter(changed).all(|offset| around.contains(crate::edit::voxel_of(offset, SHAPE))));
                }
                assert_eq!((&mask, history.byte_len()), (&masks[history.len()], bytes_of(&history)));
                assert_eq!(history.steps().count(), masks.len() - 1);
                assert_eq!(history.steps().filter(|step| step.is_done).count(), history.len());
                for (step, pair) in history.steps().zip(masks.windows(2)) {
                    let mut replayed = pair[0].clone();
                    step.edit.apply(&mut replayed).expect("fits");
                    assert_eq!(replayed, pair[1]);
                }
            }
        }
    }

    #[test]
    fn a_jump_that_fails_leaves_everything_as_it_was() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let (mut mask, mut history) = (empty(), History::new());
        let mut strange = empty();
        strange.set(0, 77);
        for _ in 0..6 {
            let Some(edit) = random_edit(&mask, &mut rng) else { continue };
            edit.apply(&mut mask).expect("fits");
            history.push(edit);
        }
        history.push_undone(Edit::between(&strange, &empty(), Author::Person, Tool::Script, 0).expect("one grid").expect("a change"));
        let (held, len) = (mask.clone(), history.len());
        history.jump_to(2, &mut mask).expect("fits");
        history.jump_to(usize::MAX, &mut mask).expect_err("the last step fits nothing");
        assert_eq!(history.len(), 2);
        history.jump_to(len, &mut mask).expect("fits");
        assert_eq!(mask, held);
    }

    #[test]
    fn the_oldest_are_forgotten_beyond_the_budget_but_never_the_last_ones() {
        let (mut mask, mut history) = (empty(), History::with_limits(1, 4));
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        for _ in 0..30 {
            let Some(edit) = random_edit(&mask, &mut rng) else { continue };
            edit.apply(&mut mask).expect("fits");
            history.push(edit);
            assert!(history.len() <= 4);
            assert_eq!(history.byte_len(), bytes_of(&history));
        }
        assert_eq!(history.len(), 4);
        history.jump_to(1, &mut mask).expect("fits");
        history.push(random_edit(&mask, &mut rng).inspect(|edit| edit.apply(&mut mask).expect("fits")).expect("a change"));
        assert_eq!((history.len(), history.redo_len(), history.byte_len()), (2, 0, bytes_of(&history)));
    }
}
