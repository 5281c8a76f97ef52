//! The thread that owns the study: it alone reads scans, writes masks and keeps the journal, so that the window never waits
//! for a disk. Requests go in, replies come out, both in order.
//!
//! # Map
//! - this file: the window's end, the thread, and which request is whose; `messages`: what is said; `watch`: how far reading has come
//! - `opening`: scans and studies; `volumes`: files of several scans; `sets`: data sets of others; `second`: a scan over the open one
//! - `journal`; `masks`: masks as files; `operand`: one to work with; `measurements`; `provenance`
//! - `lending`, `study_cases`: what is learned from, seen from the clerk and from the worker

mod graphics;
mod journal;
mod lending;
mod masks;
mod measurements;
mod messages;
mod opening;
mod operand;
mod provenance;
mod second;
mod sets;
mod study_cases;
mod volumes;
mod watch;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use medley_io::{OpenedVolume, dicom};
use medley_learn::{CaseSource, ClassSource};
use medley_project::dataset::DataSet;
use medley_project::{CaseId, CaseStatus, ModelRecord, Study};

pub use self::sets::CheckedSet;
use self::study_cases::{ClassifiedCases, StudyCases};
pub use self::volumes::{OneVolume, Volumes};
use self::watch::Watch;
use super::open_case::OpenCase;
use super::window_level::WindowLevel;
use crate::clock::now_ms;
use crate::texts;

pub use messages::{JournalStep, LoadedCase, Reply, Request, StudySummary};

/// The window's end of the thread.
pub struct Clerk {
    requests: Sender<Request>,
    replies: Receiver<Reply>,
    watch: Arc<Watch>,
    thread: Option<JoinHandle<()>>,
}

/// Device and queue on which scans are put, where there is a GPU window.
pub type Gpu = (wgpu::Device, wgpu::Queue);

impl Clerk {
    /// Starts the thread. `wake` is called after every reply.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(gpu: Option<Gpu>, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let (requests, inbox) = channel();
        let (outbox, replies) = channel();
        let watch = Arc::new(Watch::new(Arc::clone(&wake)));
        let desk = Desk {
            study: None,
            gpu,
            outbox,
            wake,
            backlog: VecDeque::new(),
            watch: Arc::clone(&watch),
            just_read: None,
            checked_set: None,
            told_status: None,
        };
        let thread = std::thread::Builder::new().name("clerk".to_owned()).spawn(move || desk.work(&inbox))?;
        Ok(Self { requests, replies, watch, thread: Some(thread) })
    }

    /// Asks for something.
    pub fn ask(&self, request: Request) {
        if is_reading(&request) {
            self.watch.begin();
        }
        // The thread ends only when the window closes; nobody is left to answer then.
        let _ = self.requests.send(request);
    }

    /// How far the scan that is being opened has been read, from 0 to 1.
    #[must_use]
    pub fn fraction_read(&self) -> f32 {
        self.watch.fraction()
    }

    /// Gives up the scan that is being opened.
    pub fn stop_reading(&self) {
        self.watch.stop();
    }

    /// What has come since the last time.
    pub fn poll(&self) -> Vec<Reply> {
        self.replies.try_iter().collect()
    }

    /// The study's cases as something to learn from.
    #[must_use]
    pub fn cases_to_learn_from(&self) -> Box<dyn CaseSource> {
        Box::new(StudyCases { requests: self.requests.clone() })
    }

    /// The study's cases that are of one of these classes.
    #[must_use]
    pub fn classified_cases(&self, classes: Vec<String>) -> Box<dyn ClassSource> {
        Box::new(ClassifiedCases { classes, requests: self.requests.clone() })
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.ask(Request::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Desk {
    study: Option<Study>,
    gpu: Option<Gpu>,
    outbox: Sender<Reply>,
    wake: Arc<dyn Fn() + Send + Sync>,
    backlog: VecDeque<(CaseId, JournalStep)>,
    watch: Arc<Watch>,
    /// A scan that was read to see whether it can be, and is about to be opened.
    just_read: Option<(CaseId, OpenedVolume)>,
    /// A data set that was looked through; errors are left out of it.
    checked_set: Option<DataSet>,
    /// The status that was told last of the case whose mask changes.
    told_status: Option<(CaseId, CaseStatus)>,
}

/// How often a journal that does not take a change is tried again.
const RETRY: Duration = Duration::from_secs(1);

impl Desk {
    fn work(mut self, inbox: &Receiver<Request>) {
        loop {
            let request =
                if self.backlog.is_empty() { inbox.recv().map_err(|_| RecvTimeoutError::Disconnected) } else { inbox.recv_timeout(RETRY) };
            match request {
                Ok(Request::Close) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(request) => self.handle(request),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.journal_backlog();
        }
        self.journal_backlog();
    }

    fn reply(&self, reply: Reply) {
        // A closed window needs no answer.
        let _ = self.outbox.send(reply);
        (self.wake)();
    }

    fn handle(&mut self, request: Request) {
        self.return_to_study();
        // Only these can be given up; what else fails must be told, whatever was given up before.
        let is_reading = is_reading(&request);
        let result = match request {
            Request::Open(path) => self.open(&path),
            Request::OpenVolumes(path, volumes) => self.open_volumes(&path, &volumes),
            Request::ImportSet => self.import_set(),
            Request::OpenSample => self.open_sample(),
            Request::NewStudy(folder) => self.new_study(&folder),
            Request::LoadCase(id) => self.load(id),
            Request::LoadSecond(source, grid) => self.load_second(source, &grid),
            Request::Journal(case, step) => {
                self.backlog.push_back((case, step));
                Ok(())
            }
            Request::SaveMask(case, mask) => {
                self.journal_backlog();
                self.save_mask(case, &mask)
            }
            Request::ExportMask { path, mask, labels, label, .. } if medley_io::mesh::is_mesh_name(&path) => {
                self.export_surface(path, &mask, &labels, label)
            }
            Request::ExportMask { path, mask, labels, case, .. } if dicom::is_dicom_name(&path) => {
                self.export_segmentation(path, case, &mask, &labels)
            }
            Request::ExportMask { path, mask, labels, geometry, .. } => self.export(path, &mask, &labels, &geometry),
            Request::ExportLabels(path, labels) => {
                let written = medley_io::label_files::write(&path, &labels).map_err(sentence);
                written.map(|()| self.reply(Reply::Exported(texts::study::LABEL_NAMES, path)))
            }
            Request::ReadLabels(path) => {
                let read = medley_io::label_files::read(&path).map_err(sentence);
                read.map(|labels| self.reply(Reply::LabelsRead(path, labels)))
            }
            Request::ReadMask(case, path) => self.read_mask(case, path),
            Request::ReadOperand(case, grid, path) => self.read_operand(case, &grid, path),
            Request::TakeBack(case, version, step, mask) => {
                let taken = step.take_back(&mask, now_ms()).map_err(sentence);
                self.reply(Reply::TakenBack(case, version, taken));
                Ok(())
            }
            Request::TellProvenance(case) => self.tell_provenance(case),
            Request::SaveProvenance(path) => self.save_provenance(path),
            Request::ShowOrigins(case, textures) => self.show_origins(case, textures.as_deref()),
            Request::ShowMask(case, textures, mask) => {
                self.show_mask(textures.as_deref(), &mask);
                self.reply(Reply::MaskShown(case));
                Ok(())
            }
            Request::UseGraphics(gpu) => {
                self.gpu = gpu;
                Ok(())
            }
            Request::ShowCase(case, version, volume, mask) => {
                self.show_case(case, version, &volume, &mask);
                Ok(())
            }
            Request::ShowSecond(volume) => {
                self.show_second(&volume);
                Ok(())
            }
            Request::SetStatus(case, status) => self.change_cases(|study| study.set_status(case, status)),
            Request::SetReviewer(name) => self.set_reviewer(name.as_deref()),
            Request::SetCorrected(case, is_corrected) => self.change_cases(|study| study.set_corrected(case, is_corrected)),
            Request::SetRole(case, role) => self.change_cases(|study| study.set_role(case, role)),
            Request::SetClass(case, class) => self.change_cases(|study| study.set_class(case, class.as_deref())),
            Request::SetLabels(table) => self.study_mut().and_then(|study| study.set_label_table(&table).map_err(sentence)),
            Request::AddModel(model) => self.add_model(&model),
            Request::ReadMeasurements(study, case) => {
                self.read_measurements(study, case);
                Ok(())
            }
            Request::KeepMeasurements(study, case, measurements) => {
                self.keep_measurements(&study, case, &measurements);
                Ok(())
            }
            Request::WriteText(what, path, text) => self.write_text(what, path, &text),
            Request::ListLearnable(answer) => {
                let _ = answer.send(self.learnable());
                Ok(())
            }
            Request::ListClassified(answer) => {
                let _ = answer.send(self.classified());
                Ok(())
            }
            Request::Lend(case, answer) => {
                let _ = answer.send(self.lend(case));
                Ok(())
            }
            Request::Close => Ok(()),
        };
        match result {
            Err(_) if is_reading && self.watch.is_stopped() => self.reply(Reply::Stopped),
            Err(sentence) => self.reply(Reply::Failed(sentence)),
            Ok(()) => {}
        }
    }

    fn study_mut(&mut self) -> Result<&mut Study, String> {
        self.study.as_mut().ok_or_else(|| texts::study::NO_STUDY.to_owned())
    }

    fn load(&mut self, id: CaseId) -> Result<(), String> {
        self.journal_backlog();
        let (watch, just_read) = (Arc::clone(&self.watch), self.just_read.take());
        let study = self.study_mut()?;
        let name = study.case(id).map_err(sentence)?.name;
        let loaded = match just_read.filter(|(read, _)| *read == id) {
            Some((_, opened)) => study.load_case_with(id, opened),
            None => study.load_case_watched(id, &*watch),
        };
        let mut loaded = loaded.map_err(sentence)?;
        for notice in std::mem::take(&mut loaded.notices) {
            self.reply(Reply::Notice(notice));
        }
        if loaded.restored > 0 {
            self.reply(Reply::Notice(texts::history::restored(loaded.restored)));
        }
        let mut case = OpenCase::new(id, name, loaded);
        case.textures = self.textures_of(&case.volume, &case.mask);
        let loaded = LoadedCase {
            crosshair: case.labelled_middle().unwrap_or_else(|| case.volume.grid().center()),
            window: WindowLevel::first_for(&case.volume),
            labels: case.mask.counts().into_keys().collect(),
            case,
        };
        self.reply(Reply::CaseLoaded(Box::new(loaded)));
        Ok(())
    }

    fn change_cases<E: std::fmt::Display>(&mut self, change: impl FnOnce(&mut Study) -> Result<(), E>) -> Result<(), String> {
        let study = self.study_mut()?;
        change(study).map_err(sentence)?;
        let cases = study.cases().map_err(sentence)?;
        self.reply(Reply::Cases(cases));
        Ok(())
    }

    fn add_model(&mut self, model: &ModelRecord) -> Result<(), String> {
        let study = self.study_mut()?;
        study.add_model(model).map_err(sentence)?;
        let models = study.models().map_err(sentence)?;
        self.reply(Reply::Models(models));
        Ok(())
    }
}

/// Whether a request opens something, which takes a while and can be given up.
fn is_reading(request: &Request) -> bool {
    matches!(request, Request::Open(_) | Request::OpenVolumes(..) | Request::ImportSet | Request::LoadCase(_) | Request::LoadSecond(..))
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| texts::study::about_file(path, &error))
}

fn sentence(error: impl std::fmt::Display) -> String {
    error.to_string()
}
