//! Changes of a mask that are too much for one frame: they are made on a copy, on a thread of their own, which then takes the mask's place.
//! Until it does, nothing else changes that mask.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use eframe::wgpu;
use medley_annotate::{Acceptance, AnnotateError, Author, Difference, Edit, Proposal, Tool};
use medley_project::CaseId;
use medley_volume::{LabelMap, LabelTable};

use crate::render::ScanTextures;

/// A change of a box of more voxels is made here.
const LARGE: usize = 4 << 20;

/// What is to be done to a mask.
pub enum Work {
    /// A change that is not in it yet.
    Do(Edit),
    /// Its last step is to be taken back.
    TakeBack(Edit),
    /// The step that was taken back last is to be done again.
    DoAgain(Edit),
    /// It is to hold what a proposal holds, or a part of that; then the proposal is done with, or not.
    Accept(Acceptance, bool),
    /// It is to hold what a file holds, with the names that the file gives to labels.
    Become(Box<LabelMap>, PathBuf, LabelTable),
    /// Nothing: a proposal is compared with it, and put on the device.
    Compare,
}

/// What is to be done once a change is made.
pub enum After {
    /// No more.
    Nothing,
    /// The proposal is done with.
    CloseProposal,
    /// A file was read: its labels and their names become known.
    Imported(PathBuf, Vec<u16>, LabelTable),
    /// A proposal was compared, and is to be shown.
    ShowProposal,
}

/// A proposal beside a mask.
pub type Beside = (Proposal, Difference);

/// Work for the thread.
pub struct Task {
    /// Whose mask it is.
    pub case: CaseId,
    /// The mask as it is.
    pub mask: Arc<LabelMap>,
    /// How often it had changed.
    pub version: u64,
    /// What is to be done.
    pub work: Work,
    /// The proposal that lies over it.
    pub beside: Option<Beside>,
    /// Where the mask is drawn.
    pub shown_on: Option<(Arc<ScanTextures>, wgpu::Queue)>,
    /// When, in unix milliseconds.
    pub at_ms: i64,
}

/// Which way a change went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A new step.
    New,
    /// A step taken back.
    Back,
    /// A step done again.
    Again,
}

/// A change that was made.
pub struct Change {
    /// What changed.
    pub edit: Edit,
    /// Which way.
    pub way: Way,
    /// The mask with the change in it.
    pub mask: Arc<LabelMap>,
}

/// What came of it.
pub struct Done {
    /// Whose mask it is.
    pub case: CaseId,
    /// How often it had changed before.
    pub version: u64,
    /// The change; `None` where there was nothing to change.
    pub change: Result<Option<Change>, AnnotateError>,
    /// The proposal and its difference from the mask as it is then.
    pub beside: Option<Beside>,
    /// What is to be done next.
    pub after: After,
    /// Where the change is drawn already.
    pub shown_on: Option<Arc<ScanTextures>>,
}

/// The thread, and the ways to it and from it.
pub struct LargeChanges {
    /// A change of a box of more voxels than this is made here.
    pub limit: usize,
    tasks: Option<Sender<Order>>,
    done: Receiver<Done>,
    thread: Option<JoinHandle<()>>,
    under_way: usize,
}

enum Order {
    Do(Box<Task>),
    /// Giving the memory of a mask back takes longer than a frame has.
    Drop(Arc<LabelMap>),
}

impl LargeChanges {
    /// Starts the thread; it calls `wake` when it has done something.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let (tasks, inbox) = channel::<Order>();
        let (outbox, done) = channel();
        let thread = std::thread::Builder::new().name("large changes".to_owned()).spawn(move || {
            while let Ok(order) = inbox.recv() {
                match order {
                    Order::Do(task) => {
                        if outbox.send(task.done()).is_err() {
                            return;
                        }
                        wake();
                    }
                    Order::Drop(mask) => drop(mask),
                }
            }
        })?;
        Ok(Self { limit: LARGE, tasks: Some(tasks), done, thread: Some(thread), under_way: 0 })
    }

    /// Asks for a change.
    pub fn ask(&mut self, task: Task) {
        self.under_way += usize::from(self.send(Order::Do(Box::new(task))));
    }

    /// Gives a mask's memory back.
    pub fn drop_later(&self, mask: Arc<LabelMap>) {
        self.send(Order::Drop(mask));
    }

    fn send(&self, order: Order) -> bool {
        self.tasks.as_ref().is_some_and(|tasks| tasks.send(order).is_ok())
    }

    /// What has been done since this was last called.
    pub fn poll(&mut self) -> Vec<Done> {
        let done: Vec<Done> = self.done.try_iter().collect();
        self.under_way = self.under_way.saturating_sub(done.len());
        done
    }

    /// Waits for the next of those that are under way; `None` if there is none. Only for when the study is left: a change that was asked
    /// for is made.
    pub fn wait(&mut self) -> Option<Done> {
        while self.under_way > 0 {
            match self.done.recv_timeout(Duration::from_secs(1)) {
                Ok(done) => {
                    self.under_way -= 1;
                    return Some(done);
                }
                Err(RecvTimeoutError::Timeout) => {}
                // A panic has ended the thread; its change was not made.
                Err(RecvTimeoutError::Disconnected) => self.under_way = 0,
            }
        }
        None
    }
}

impl Drop for LargeChanges {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take() {
            // A panic in it has been told already.
            let _ = thread.join();
        }
    }
}

impl Task {
    fn done(self) -> Done {
        let Self { case, mask, version, work, mut beside, shown_on, at_ms } = self;
        let mut after = After::Nothing;
        let change = match (work, &beside) {
            (Work::Do(edit), _) => changed(&mask, Ok(Some(edit)), Way::New),
            (Work::TakeBack(edit), _) => changed(&mask, Ok(Some(edit)), Way::Back),
            (Work::DoAgain(edit), _) => changed(&mask, Ok(Some(edit)), Way::Again),
            (Work::Accept(part, closes), Some((proposal, _))) => {
                after = if closes { After::CloseProposal } else { After::Nothing };
                changed(&mask, proposal.accept_part(&mask, &part, at_ms), Way::New)
            }
            (Work::Become(labels, path, names), _) => {
                after = After::Imported(path, labels.counts().into_keys().collect(), names);
                changed(&mask, Edit::between(&mask, &labels, Author::Person, Tool::Import, at_ms), Way::New)
            }
            (Work::Compare, _) => {
                after = After::ShowProposal;
                Ok(None)
            }
            (Work::Accept(..), None) => Ok(None),
        };
        let is_comparison = matches!(after, After::ShowProposal);
        let change = change.and_then(|change| {
            match (&change, &mut beside) {
                (Some(change), Some((proposal, difference))) => {
                    difference.follow(&proposal.labels, &change.edit, change.way == Way::Back)?;
                }
                (None, Some((proposal, difference))) if is_comparison => *difference = proposal.difference(&mask)?,
                _ => {}
            }
            Ok(change)
        });
        if let (Some((textures, queue)), Ok(change)) = (&shown_on, &change) {
            match (change, &beside) {
                (Some(change), _) => textures.write_mask(queue, &change.mask, change.edit.region),
                (None, Some((proposal, difference))) if is_comparison && difference.changed > 0 => {
                    textures.write_proposal(queue, Some(&proposal.labels));
                }
                _ => {}
            }
        }
        // The mask must not be shared when the answer is there, or painting would copy it.
        drop(mask);
        let shown_on = shown_on.map(|(textures, _)| textures);
        Done { case, version, change, beside, after, shown_on }
    }
}

/// A copy of the mask with the change in it.
fn changed(mask: &LabelMap, edit: Result<Option<Edit>, AnnotateError>, way: Way) -> Result<Option<Change>, AnnotateError> {
    let Some(edit) = edit? else { return Ok(None) };
    let mut mask = mask.clone();
    if way == Way::Back { edit.revert(&mut mask) } else { edit.apply(&mut mask) }?;
    Ok(Some(Change { edit, way, mask: Arc::new(mask) }))
}
