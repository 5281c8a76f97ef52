//! Inputs of coming steps, made ready by threads beside the one that computes.
//!
//! What a step is given follows from its number alone, so the number of threads changes nothing but the time.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How many inputs each thread may be ahead.
const AHEAD: usize = 2;

/// The most threads that are of use beside one device.
const MOST_THREADS: usize = 8;

/// Threads for a device: one where it is the processor, which they take time from; else all processors but one.
pub(crate) fn usual_threads(is_cpu: bool) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    if is_cpu { 1 } else { (processors - 1).clamp(1, MOST_THREADS) }
}

struct State<T> {
    /// The next step that no thread has begun with.
    next: usize,
    /// The step that is asked for next.
    wanted: usize,
    ready: BTreeMap<usize, T>,
    is_closed: bool,
    panic: Option<Box<dyn Any + Send>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
    end: usize,
    capacity: usize,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, draw: &(impl Fn(usize) -> T + Sync)) {
        loop {
            let mut state = self.lock();
            while !state.is_closed && state.next < self.end && state.next >= state.wanted + self.capacity {
                state = self.wait(state);
            }
            if state.is_closed || state.next >= self.end {
                return;
            }
            let step = state.next;
            state.next += 1;
            drop(state);
            let drawn = catch_unwind(AssertUnwindSafe(|| draw(step)));
            let mut state = self.lock();
            match drawn {
                Ok(input) => drop(state.ready.insert(step, input)),
                Err(panic) => {
                    state.panic.get_or_insert(panic);
                    state.is_closed = true;
                }
            }
            drop(state);
            self.changed.notify_all();
        }
    }
}

/// How long steps took, and how long of that they waited for their inputs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Waiting {
    waited: Duration,
    worked: Duration,
}

impl Waiting {
    /// Takes in one step.
    pub(crate) fn add(&mut self, waited: Duration, step: Duration) {
        self.waited += waited;
        self.worked += step;
    }

    /// The share of all steps' time.
    pub(crate) fn share(self) -> f64 {
        self.waited.as_secs_f64() / self.worked.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Inputs in the order of the steps.
pub(crate) struct Feed<'a, T, F> {
    shared: &'a Shared<T>,
    draw: &'a F,
    has_threads: bool,
}

impl<T, F: Fn(usize) -> T> Feed<'_, T, F> {
    /// The input of a step, and how long it was waited for. Steps must be asked for in order.
    ///
    /// # Panics
    /// As making the input did.
    pub(crate) fn take(&mut self, step: usize) -> (T, Duration) {
        let start = Instant::now();
        if !self.has_threads {
            return ((self.draw)(step), start.elapsed());
        }
        let mut state = self.shared.lock();
        loop {
            if let Some(input) = state.ready.remove(&step) {
                state.wanted = step + 1;
                drop(state);
                self.shared.changed.notify_all();
                return (input, start.elapsed());
            }
            if let Some(panic) = state.panic.take() {
                drop(state);
                resume_unwind(panic);
            }
            state = self.shared.wait(state);
        }
    }
}

/// Closes the feed however its user ends, so that the threads end too.
struct Close<'a, T>(&'a Shared<T>);

impl<T> Drop for Close<'_, T> {
    fn drop(&mut self) {
        self.0.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

/// Runs `body` with the inputs that `draw` makes of step numbers, on `threads` threads beside this one; 0: on this one.
pub(crate) fn feed<T: Send, F: Fn(usize) -> T + Sync, R>(
    threads: usize,
    steps: Range<usize>,
    draw: &F,
    body: impl FnOnce(&mut Feed<'_, T, F>) -> R,
) -> R {
    let state = State { next: steps.start, wanted: steps.start, ready: BTreeMap::new(), is_closed: false, panic: None };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new(), end: steps.end, capacity: AHEAD * threads };
    std::thread::scope(|scope| {
        let _close = Close(&shared);
        let start = |number: usize| {
            let builder = std::thread::Builder::new().name(format!("medley-data-{number}"));
            builder.spawn_scoped(scope, || shared.work(draw))
        };
        let started = (0..threads).map(start).filter_map(Result::ok).count();
        body(&mut Feed { shared: &shared, draw, has_threads: started > 0 })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_number_of_threads_gives_the_same_inputs_in_order() {
        let draw = |step: usize| step * step;
        for threads in [0, 1, 3, 7] {
            let taken: Vec<usize> = feed(threads, 5..60, &draw, |feed| (5..60).map(|step| feed.take(step).0).collect());
            assert_eq!(taken, (5..60).map(|step| step * step).collect::<Vec<_>>(), "{threads}");
        }
    }

    #[test]
    fn no_more_is_made_than_the_queue_holds() {
        let made = AtomicUsize::new(0);
        let draw = |step: usize| {
            made.fetch_add(1, Ordering::SeqCst);
            step
        };
        feed(2, 0..1000, &draw, |feed| (0..10).for_each(|step| assert_eq!(feed.take(step).0, step)));
        assert!(made.load(Ordering::SeqCst) <= 10 + 2 * AHEAD, "{made:?}");
    }

    #[test]
    fn a_panic_while_an_input_is_made_reaches_the_one_who_waits() {
        let draw = |step: usize| assert!(step != 3, "step {step} cannot be made");
        let caught = catch_unwind(AssertUnwindSafe(|| feed(2, 0..10, &draw, |feed| (0..10).for_each(|step| feed.take(step).0))));
        assert!(caught.expect_err("a panic").downcast_ref::<String>().is_some_and(|text| text.contains("step 3")));
    }
}
