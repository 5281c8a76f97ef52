//! Buffers that outlive a call: fresh pages from the system would cost more than what is computed in them.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

static FREE: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// More idle numbers than this (256 MiB) are given back to the system.
const KEPT: usize = 64 << 20;

/// A buffer whose contents are whatever the last user left.
pub(crate) struct Scratch {
    numbers: Vec<f32>,
    len: usize,
}

impl Scratch {
    pub fn new(len: usize) -> Self {
        let mut free = pool();
        // The smallest that is large enough; else the largest, to grow.
        let best = (0..free.len()).filter(|&at| free[at].len() >= len).min_by_key(|&at| free[at].len());
        let any = best.or_else(|| (0..free.len()).max_by_key(|&at| free[at].len()));
        let mut numbers = any.map(|at| free.swap_remove(at)).unwrap_or_default();
        drop(free);
        if numbers.len() < len {
            // The small one goes before the large one comes.
            drop(std::mem::take(&mut numbers));
            numbers = vec![0.0; len];
        }
        Self { numbers, len }
    }
}

impl Deref for Scratch {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.numbers[..self.len]
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[..self.len]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut free = pool();
        if free.iter().map(Vec::len).sum::<usize>() + self.numbers.len() <= KEPT {
            free.push(std::mem::take(&mut self.numbers));
        }
    }
}

fn pool() -> MutexGuard<'static, Vec<Vec<f32>>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}
