//! How far reading has come, and whether it is to end: written on one side, read on the other, never waited for.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use medley_io::Progress;

/// Steps in which progress is told.
const STEPS: f64 = 200.0;

/// Shared by the window and the clerk's thread.
pub(super) struct Watch {
    step: AtomicU32,
    is_stopped: AtomicBool,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Watch {
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { step: AtomicU32::new(0), is_stopped: AtomicBool::new(false), wake }
    }

    /// Something new will be read.
    pub fn begin(&self) {
        self.step.store(0, Ordering::Relaxed);
        self.is_stopped.store(false, Ordering::Relaxed);
    }

    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// From 0 to 1.
    pub fn fraction(&self) -> f32 {
        (f64::from(self.step.load(Ordering::Relaxed)) / STEPS) as f32
    }
}

impl Progress for Watch {
    fn reached(&self, fraction: f64) -> ControlFlow<()> {
        let step = (fraction.clamp(0.0, 1.0) * STEPS) as u32;
        if self.step.swap(step, Ordering::Relaxed) != step {
            (self.wake)();
        }
        if self.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_wakes_the_window_when_there_is_something_new_to_draw_and_stops_when_told() {
        let woken = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&woken);
        let watch = Watch::new(Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        watch.begin();
        for at in 0..=10_000 {
            assert!(watch.reached(f64::from(at) / 10_000.0).is_continue());
        }
        assert_eq!((woken.load(Ordering::Relaxed), watch.fraction()), (200, 1.0));
        watch.stop();
        assert!(watch.reached(1.0).is_break());
        watch.begin();
        assert!(watch.reached(0.5).is_continue() && watch.fraction() == 0.5);
    }
}
