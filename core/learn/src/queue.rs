//! The jobs of a [`crate::Worker`]: the one that runs, and those that wait, in their order.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::worker::JobSpec;
use crate::{Control, JobKind};

/// A job of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJob {
    /// Its number, as [`crate::Worker::submit`] returned it.
    pub id: u64,
    /// What it does.
    pub kind: JobKind,
    /// Where it stands.
    pub standing: JobStanding,
}

/// Where a job of a worker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStanding {
    /// It runs.
    Running,
    /// It has begun, and is held until it is let go on; those behind it wait too.
    Paused,
    /// It was told to stop and has not ended yet.
    Stopping,
    /// It has not begun. It may be held already: then it begins and waits.
    Waiting,
}

/// A job that has not begun.
pub(crate) struct Waiting {
    pub(crate) id: u64,
    pub(crate) control: Control,
    pub(crate) spec: JobSpec,
}

#[derive(Default)]
pub(crate) struct Queue {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    running: Option<(u64, JobKind, Control)>,
    waiting: VecDeque<Waiting>,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job at the end.
    pub(crate) fn push(&self, job: Waiting) {
        self.lock().waiting.push_back(job);
        self.changed.notify_all();
    }

    /// Waits for the next job, which then runs; `None` once no more will come.
    pub(crate) fn next(&self) -> Option<Waiting> {
        let mut jobs = self.lock();
        loop {
            if jobs.is_closed {
                return None;
            }
            if let Some(job) = jobs.waiting.pop_front() {
                jobs.running = Some((job.id, job.spec.kind(), job.control.clone()));
                return Some(job);
            }
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The running job has ended.
    pub(crate) fn ended(&self) {
        self.lock().running = None;
    }

    /// Stops the running job, forgets the others and takes no more.
    pub(crate) fn close(&self) {
        let mut jobs = self.lock();
        jobs.is_closed = true;
        if let Some((_, _, control)) = &jobs.running {
            control.stop();
        }
        let forgotten = std::mem::take(&mut jobs.waiting);
        drop(jobs);
        self.changed.notify_all();
        drop(forgotten);
    }

    pub(crate) fn is_empty(&self) -> bool {
        let jobs = self.lock();
        jobs.running.is_none() && jobs.waiting.is_empty()
    }

    /// The job that runs or comes next.
    pub(crate) fn first(&self) -> Option<Control> {
        let jobs = self.lock();
        let running = jobs.running.as_ref().map(|(_, _, control)| control.clone());
        running.or_else(|| jobs.waiting.front().map(|job| job.control.clone()))
    }

    pub(crate) fn control_of(&self, id: u64) -> Option<Control> {
        let jobs = self.lock();
        let running = jobs.running.iter().find(|(other, _, _)| *other == id).map(|(_, _, control)| control.clone());
        running.or_else(|| jobs.waiting.iter().find(|job| job.id == id).map(|job| job.control.clone()))
    }

    /// The running job first, then those that wait.
    pub(crate) fn list(&self) -> Vec<QueuedJob> {
        let jobs = self.lock();
        let running = jobs.running.iter().map(|(id, kind, control)| {
            let standing = match (control.is_stopped(), control.is_paused()) {
                (true, _) => JobStanding::Stopping,
                (false, true) => JobStanding::Paused,
                (false, false) => JobStanding::Running,
            };
            QueuedJob { id: *id, kind: *kind, standing }
        });
        let waiting = jobs.waiting.iter().map(|job| QueuedJob { id: job.id, kind: job.spec.kind(), standing: JobStanding::Waiting });
        running.chain(waiting).collect()
    }

    /// Takes a job that waits out of the queue.
    pub(crate) fn take_out(&self, id: u64) -> Option<Waiting> {
        let mut jobs = self.lock();
        let at = jobs.waiting.iter().position(|job| job.id == id)?;
        jobs.waiting.remove(at)
    }

    /// Puts a job that waits at place `to` among those that wait, 0 being the next; the last place if there are fewer.
    pub(crate) fn put(&self, id: u64, to: usize) -> bool {
        let mut jobs = self.lock();
        let Some(job) = jobs.waiting.iter().position(|job| job.id == id).and_then(|at| jobs.waiting.remove(at)) else { return false };
        let to = to.min(jobs.waiting.len());
        jobs.waiting.insert(to, job);
        true
    }
}
