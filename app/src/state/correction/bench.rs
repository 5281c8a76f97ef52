//! The thread on which tools work. Previews are latest-wins: of those that wait only the newest is worked out.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;

use eframe::wgpu;
use medley_annotate::tools::Canvas;
use medley_annotate::{Author, Edit, Refusal};
use medley_volume::{LabelMap, Volume};

use crate::render::ScanTextures;

use super::Wanted;

/// Work for the thread.
pub struct Task {
    /// What is to be done.
    pub wanted: Wanted,
    /// The mask as it is.
    pub mask: Arc<LabelMap>,
    /// The scan below it.
    pub scan: Arc<Volume>,
    /// When, in unix milliseconds.
    pub at_ms: i64,
    /// Where the change is shown before it is done.
    pub shown_on: Option<(Arc<ScanTextures>, wgpu::Queue)>,
}

/// What came of it.
pub struct Done {
    /// What was to be done.
    pub wanted: Wanted,
    /// The change, or why there is none.
    pub outcome: Result<Edit, Refusal>,
    /// Voxels that would get the label, and that would lose it.
    pub counts: Option<[usize; 2]>,
}

/// The thread, and the ways to it and from it.
pub struct ToolBench {
    tasks: Option<Sender<Task>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
}

impl ToolBench {
    /// Starts the thread; it calls `wake` when it has done something.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let (tasks, inbox) = channel::<Task>();
        let (outbox, done) = channel();
        let thread = std::thread::Builder::new().name("tools".to_owned()).spawn(move || {
            while let Some(task) = newest(&inbox) {
                let Task { wanted, mask, scan, at_ms, shown_on } = task;
                let author = Author::Person;
                let canvas = Canvas { mask: &mask, scan: Some(&scan), label: wanted.label, rules: &wanted.rules, author: &author, at_ms };
                let outcome = wanted.gesture.edit(&canvas);
                let counts = outcome.as_ref().ok().map(|edit| [edit.gained(wanted.label), edit.lost(wanted.label)]);
                if let (Some((textures, queue)), Ok(edit)) = (&shown_on, &outcome) {
                    textures.write_preview(queue, &mask, Some(edit));
                }
                // The mask must not be shared when the answer is there, or applying it would copy it.
                drop((mask, scan));
                if outbox.send(Done { wanted, outcome, counts }).is_err() {
                    return;
                }
                wake();
            }
        })?;
        Ok(Self { tasks: Some(tasks), done, thread: Some(thread) })
    }

    /// Asks for a change to be worked out. What was asked before and is not begun is forgotten.
    pub fn ask(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            // The thread lives as long as this does.
            let _ = tasks.send(task);
        }
    }

    /// What has been done since this was last called.
    pub fn poll(&self) -> Vec<Done> {
        self.done.try_iter().collect()
    }
}

/// The newest task; waits for one where there is none. `None` when there will be no more.
fn newest(inbox: &Receiver<Task>) -> Option<Task> {
    let mut task = inbox.recv().ok()?;
    loop {
        match inbox.try_recv() {
            Ok(newer) => task = newer,
            Err(TryRecvError::Empty) => return Some(task),
            Err(TryRecvError::Disconnected) => return None,
        }
    }
}

impl Drop for ToolBench {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            // A panic in a tool has ended the thread; there is nothing to add to it here.
            let _ = thread.join();
        }
    }
}
