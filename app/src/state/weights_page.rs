//! The page of weights: what is here, what can be had, and what is on its way.
//!
//! Looking into files, fetching and importing each run on a thread of their own, since they may take minutes and the clerk's may
//! not; the page holds what they said last.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use medley_learn::card::Card;
use medley_nn::weights::WeightsFile;
use medley_project::ModelRecord;

use super::training::WeightsChoice;
use crate::catalog::LICENCE;
use crate::hub::{Flow, Hub, HubError, Kept, Received, Shelf};
use crate::texts::weights as texts;
use crate::{places, sample};

/// Called when there is something new to show.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Weights that are on this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What to start from.
    pub choice: WeightsChoice,
    /// The network: `ResNet-50, shortcut B, width 64`.
    pub network: String,
    /// What they were trained on, their licence, and where they came from.
    pub about: Vec<String>,
    /// Size of the file in bytes.
    pub bytes: Option<u64>,
}

/// What is on this machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The bundled encoder first, then the kept ones, then the open study's models.
    pub rows: Vec<Row>,
    /// Sentences about records that cannot be read.
    pub troubles: Vec<String>,
}

/// What is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// A released checkpoint from the hub.
    Fetch(String),
    /// A file of the user's.
    Import(PathBuf),
}

/// An errand that has not ended.
pub struct Running {
    /// What it is.
    pub errand: Errand,
    received: Arc<Mutex<Received>>,
    is_stopped: Arc<AtomicBool>,
}

/// What a thread has to say.
enum Said {
    Listed(Listing),
    /// The errand of this number ended.
    Ended(u64, Result<Kept, String>),
}

/// What came of an errand, for the window to tell.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Weights are here now.
    Here(Kept),
    /// A sentence why not.
    Failed(String),
}

/// The page's state.
pub struct WeightsPage {
    /// Whether it is shown.
    pub is_open: bool,
    /// The path in the field.
    pub typed: String,
    /// Why the last errand failed, and which it was.
    pub trouble: Option<(Errand, String)>,
    listing: Option<Listing>,
    running: Option<Running>,
    errands: u64,
    thread: Option<JoinHandle<()>>,
    shelf: Shelf,
    outbox: Sender<Said>,
    inbox: Receiver<Said>,
    wake: Wake,
}

/// How often a transfer asks for a new picture.
const REDRAW_EVERY: Duration = Duration::from_millis(100);

impl WeightsPage {
    /// A page on the user's own folder of weights, closed.
    #[must_use]
    pub fn new(wake: Wake) -> Self {
        let (outbox, inbox) = channel();
        let shelf = Shelf::at(places::weights());
        let (typed, trouble, listing, running, thread) = (String::new(), None, None, None, None);
        Self { is_open: false, typed, trouble, listing, running, errands: 0, thread, shelf, outbox, inbox, wake }
    }

    /// What is here; `None` until it was looked for.
    #[must_use]
    pub fn listing(&self) -> Option<&Listing> {
        self.listing.as_ref()
    }

    /// The folder of kept weights.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.shelf.folder()
    }

    /// What is on its way, and how much of it has come.
    #[must_use]
    pub fn running(&self) -> Option<(&Errand, Received)> {
        let running = self.running.as_ref()?;
        Some((&running.errand, *running.received.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Looks again at what is here; `models` are the open study's.
    pub fn refresh(&mut self, models: &[ModelRecord]) {
        let (shelf, models, outbox, wake) = (self.shelf.clone(), models.to_vec(), self.outbox.clone(), Arc::clone(&self.wake));
        let look = move || {
            let _ = outbox.send(Said::Listed(listing(&shelf, &models)));
            wake();
        };
        // Without a thread the page goes on showing what it knew.
        let _ = std::thread::Builder::new().name("weights list".to_owned()).spawn(look);
    }

    /// Fetches a released checkpoint; with `again` although it is here.
    pub fn fetch(&mut self, name: &str, again: bool) {
        let wanted = name.to_owned();
        self.start(Errand::Fetch(name.to_owned()), move |shelf, tell| Ok(shelf.fetch(&wanted, &Hub::of_environment()?, again, tell)?.kept));
    }

    /// Copies a file to the kept ones.
    pub fn import(&mut self, file: PathBuf) {
        let wanted = file.clone();
        self.start(Errand::Import(file), move |shelf, _| shelf.import(&wanted));
    }

    fn start(
        &mut self,
        errand: Errand,
        work: impl FnOnce(&Shelf, &mut dyn FnMut(Received) -> Flow) -> Result<Kept, HubError> + Send + 'static,
    ) {
        if self.running.is_some() {
            return;
        }
        self.errands += 1;
        let (number, shelf, outbox, wake) = (self.errands, self.shelf.clone(), self.outbox.clone(), Arc::clone(&self.wake));
        let received = Arc::new(Mutex::new(Received { bytes: 0, total: None }));
        let is_stopped = Arc::new(AtomicBool::new(false));
        let running = Running { errand: errand.clone(), received: Arc::clone(&received), is_stopped: Arc::clone(&is_stopped) };
        let earlier = self.thread.take();
        let run = move || {
            // One that was stopped may still wait for the network; it holds the file until then.
            if let Some(earlier) = earlier {
                let _ = earlier.join();
            }
            let mut drawn = Instant::now();
            let mut tell = |now: Received| {
                *received.lock().unwrap_or_else(PoisonError::into_inner) = now;
                if drawn.elapsed() > REDRAW_EVERY {
                    drawn = Instant::now();
                    wake();
                }
                if is_stopped.load(Ordering::Relaxed) { Flow::Stop } else { Flow::GoOn }
            };
            let ended = work(&shelf, &mut tell).map_err(|error| error.to_string());
            let _ = outbox.send(Said::Ended(number, ended));
            wake();
        };
        self.trouble = None;
        match std::thread::Builder::new().name("weights".to_owned()).spawn(run) {
            Ok(thread) => (self.thread, self.running) = (Some(thread), Some(running)),
            Err(error) => self.trouble = Some((errand, texts::no_thread(&error))),
        }
    }

    /// Stops what is on its way; what has come of it is kept.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.is_stopped.store(true, Ordering::Relaxed);
            // Its number is passed, so that its end is no news.
            self.errands += 1;
        }
    }

    /// Takes in what the threads said, once a frame.
    pub fn poll(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for said in self.inbox.try_iter().collect::<Vec<_>>() {
            match said {
                Said::Listed(listing) => self.listing = Some(listing),
                Said::Ended(number, _) if number != self.errands => {}
                Said::Ended(_, ended) => {
                    let errand = self.running.take().map(|running| running.errand);
                    match (ended, errand) {
                        (Ok(kept), _) => news.push(News::Here(kept)),
                        (Err(sentence), Some(errand)) => {
                            self.trouble = Some((errand, sentence.clone()));
                            news.push(News::Failed(sentence));
                        }
                        (Err(sentence), None) => news.push(News::Failed(sentence)),
                    }
                }
            }
        }
        news
    }
}

impl Drop for WeightsPage {
    fn drop(&mut self) {
        // The thread ends with the program at the latest; the next transfer goes on from what it leaves.
        self.stop();
    }
}

/// Looks at the folder and at the cards of the models.
fn listing(shelf: &Shelf, models: &[ModelRecord]) -> Listing {
    let mut rows: Vec<Row> = starter().into_iter().collect();
    let (kept, troubles) = shelf.list();
    rows.extend(kept.into_iter().map(|kept| {
        let record = &kept.record;
        let came = format!("{}, {}", record.source, record.date);
        let about = match kept.released() {
            Some(released) => vec![texts::trained_with(released.trained_on), LICENCE.to_owned(), came],
            None => vec![texts::UNKNOWN_TRAINING.to_owned(), came],
        };
        let network = texts::network(&record.network.depth.to_string(), &record.network.shortcut.to_string(), record.network.base_width);
        Row { network, about, bytes: Some(record.bytes), choice: WeightsChoice::of(&kept) }
    }));
    rows.extend(models.iter().map(|model| {
        let card = Card::from_json(&model.name, &model.card_json).ok();
        let network = card.as_ref().map_or_else(
            || texts::UNKNOWN_NETWORK.to_owned(),
            |card| texts::network(&card.architecture.depth, &card.architecture.shortcut, card.architecture.base_width),
        );
        let lessons = card.map(|card| card.sets.iter().map(|set| set.training.len()).sum::<usize>());
        let about = match lessons {
            Some(cases) => texts::fine_tuned_on(cases),
            None => texts::STUDY_MODEL.to_owned(),
        };
        let bytes = std::fs::metadata(&model.file).ok().map(|about| about.len());
        Row { choice: WeightsChoice::of_model(model), network, about: vec![about, texts::YOURS.to_owned()], bytes }
    }));
    Listing { rows, troubles }
}

/// The encoder inside the program.
fn starter() -> Option<Row> {
    let bytes = sample::starter_encoder();
    let found = WeightsFile::from_bytes(sample::STARTER_NAME, bytes).and_then(|file| file.architecture()).ok()?;
    let network = texts::network(&found.depth.to_string(), &found.shortcut.to_string(), found.base_width);
    let about = vec![texts::STARTER_TRAINED_ON.to_owned(), texts::STARTER_LICENCE.to_owned()];
    Some(Row { choice: WeightsChoice::Starter, network, about, bytes: Some(bytes.len() as u64) })
}
