use std::collections::VecDeque;

use medley_volume::{IndexBox, LabelMap};

use crate::{AnnotateError, Edit};

/// Undo and redo of Edits that are in a mask, within a byte budget.
#[derive(Debug, Clone)]
pub struct History {
    done: VecDeque<Edit>,
    undone: Vec<Edit>,
    bytes: usize,
    budget: usize,
    least_steps: usize,
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
        Self { done: VecDeque::new(), undone: Vec::new(), bytes: 0, budget, least_steps }
    }

    /// Remembers an Edit that is **already in the mask**. What could be redone no longer can.
    pub fn push(&mut self, edit: Edit) {
        self.undone.clear();
        self.bytes = self.done.iter().map(Edit::byte_len).sum::<usize>() + edit.byte_len();
        self.done.push_back(edit);
        self.forget_oldest();
    }

    /// Puts an Edit at the redo end: what an undo before the program closed had taken back. For rebuilding a history: first the
    /// done Edits by [`History::push`], then the undone ones, the one to be redone first coming last.
    pub fn push_undone(&mut self, edit: Edit) {
        self.bytes += edit.byte_len();
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
        self.undone.extend(self.done.pop_back());
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
        self.done.extend(self.undone.pop());
        Ok(Some(region))
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
