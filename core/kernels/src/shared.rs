//! One slice written by several threads, each its own parts.

#![allow(unsafe_code, reason = "parts that lie between each other cannot be split off as slices")]

use std::marker::PhantomData;

use crate::kernel::{Processor, Turn};

/// A mutable slice whose parts may be handed to several threads.
pub(crate) struct Shared<'a> {
    first: *mut f32,
    len: usize,
    lifetime: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is only a place; whoever takes a part promises that nobody else has it.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub fn new(slice: &'a mut [f32]) -> Self {
        Self { first: slice.as_mut_ptr(), len: slice.len(), lifetime: PhantomData }
    }

    /// # Safety
    /// While the part lives, nobody else takes one that overlaps it.
    ///
    /// # Panics
    /// If it does not lie inside the slice.
    #[expect(clippy::mut_from_ref, reason = "disjointness is the caller's promise")]
    pub unsafe fn part(&self, start: usize, len: usize) -> &mut [f32] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: inside the slice, and the caller promises that it is taken once.
        unsafe { std::slice::from_raw_parts_mut(self.first.add(start), len) }
    }

    /// Turns a block of numbers into lines that begin at `start`.
    ///
    /// # Safety
    /// Nobody else writes or reads these lines meanwhile.
    ///
    /// # Panics
    /// If a line does not lie inside the slice, or `from` is too short.
    pub unsafe fn transpose(&self, from: &[f32], start: usize, turn: Turn<'_>) {
        if turn.rows == 0 || turn.columns == 0 {
            return;
        }
        assert!(start + turn.reach() <= self.len);
        // SAFETY: inside the slice; nobody else is there, as the caller promises.
        unsafe { Processor::get().transpose_to(from, self.first.add(start), turn) };
    }
}
