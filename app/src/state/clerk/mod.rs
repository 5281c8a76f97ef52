//! The thread that owns the study: it alone reads scans, writes masks and keeps the journal, so that the window never waits
//! for a disk. Requests go in, replies come out, both in order.

mod measurements;
mod messages;
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

use medley_io::{FileKind, OpenedVolume, StoredGeometry, dicom};
use medley_learn::{CaseSource, ClassSource, TrainingCase};
use medley_project::dataset::DataSet;
use medley_project::{CaseId, CaseStatus, ModelRecord, Role, Study};
use medley_volume::{LabelMap, LabelTable, Mesh};

pub use self::sets::CheckedSet;
use self::study_cases::{ClassifiedCases, StudyCases};
pub use self::volumes::{OneVolume, Volumes};
use self::watch::Watch;
use super::open_case::OpenCase;
use super::window_level::WindowLevel;
use crate::clock::now_ms;
use crate::render::ScanTextures;
use crate::stem::stem;
use crate::{places, sample, texts};

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

const NO_STUDY: &str = "No study is open.";

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
                written.map(|()| self.reply(Reply::Exported("Label names", path)))
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
        self.study.as_mut().ok_or_else(|| NO_STUDY.to_owned())
    }

    fn open(&mut self, path: &Path) -> Result<(), String> {
        match medley_io::kind_of(path).map_err(sentence)? {
            FileKind::Study => {
                self.close_study()?;
                self.study = Some(Study::open_even_read_only(path).map_err(sentence)?);
                self.announce(None)
            }
            FileKind::Nifti | FileKind::Nrrd | FileKind::MetaImage | FileKind::Npy => self.open_scan(path),
            FileKind::Dicom => self.open_dicom(path),
            // Segmentations of DICOM may lie among scans of other formats.
            FileKind::DicomFolder => self.open_dicom(path).or_else(|why| self.check_set(path).map_err(|_| why)),
            FileKind::Json | FileKind::Folder => self.check_set(path),
            FileKind::Unknown(_) | FileKind::LabelTable if path.extension().is_some_and(|end| end == "txt") => self.check_set(path),
            other => Err(format!("{} cannot be opened: {}.", path.display(), why_not(&other))),
        }
    }

    fn open_sample(&mut self) -> Result<(), String> {
        self.close_study()?;
        let folder = places::sample_study();
        let is_there = folder.join("study.sqlite").exists();
        let study = if is_there {
            Study::open_even_read_only(&folder).map_err(sentence)?
        } else {
            sample::unpack_study(&folder).map_err(sentence)?
        };
        self.study = Some(study);
        self.announce(None)
    }

    fn new_study(&mut self, folder: &Path) -> Result<(), String> {
        let study = Study::create(folder, &first_labels()).map_err(sentence)?;
        self.close_study()?;
        self.study = Some(study);
        self.announce(None)
    }

    /// Adds a scan to the open study, or to the user's own study where none is open. A scan that is in it already is not added twice.
    fn open_scan(&mut self, path: &Path) -> Result<(), String> {
        let path = absolute(path)?;
        let watch = Arc::clone(&self.watch);
        let study = self.any_study()?;
        let known = study.cases().map_err(sentence)?.into_iter().find(|case| case.image == path);
        let id = match known {
            Some(case) => case.id,
            None => {
                // Read before it is added: what cannot be read never becomes a case.
                let opened = medley_io::open_volume_watched(&path, &*watch).map_err(sentence)?;
                if let Some(volumes) = Volumes::of_file(&path, &opened) {
                    self.reply(Reply::VolumesFound(Box::new(volumes)));
                    return Ok(());
                }
                let study = self.any_study()?;
                let id = study.add_case(&stem(&path), &path, Role::Training).map_err(sentence)?;
                self.just_read = Some((id, opened));
                id
            }
        };
        self.announce(Some(id))
    }

    /// The open study, or the user's own.
    fn any_study(&mut self) -> Result<&mut Study, String> {
        if self.study.is_none() {
            let folder = places::own_study();
            let is_there = folder.join("study.sqlite").exists();
            let study = if is_there { Study::open_even_read_only(&folder) } else { Study::create(&folder, &first_labels()) };
            self.study = Some(study.map_err(sentence)?);
        }
        self.study_mut()
    }

    /// Opens the only series there is, or asks which.
    fn open_dicom(&mut self, path: &Path) -> Result<(), String> {
        let path = absolute(path)?;
        let volumes = Volumes::of_dicom(&path)?;
        // One file stands for the whole series that it belongs to.
        if path.is_file() && volumes.is_one_picture {
            return self.open_scan(&path);
        }
        match volumes.only().cloned() {
            Some(only) => self.open_volumes(&path, &[only]),
            None => {
                self.reply(Reply::VolumesFound(Box::new(volumes)));
                Ok(())
            }
        }
    }

    /// Adds volumes of a file or folder to the open study, those that are not in it yet, and opens the first.
    fn open_volumes(&mut self, path: &Path, volumes: &[OneVolume]) -> Result<(), String> {
        let mut first = None;
        let mut outcome = Ok(());
        for volume in volumes {
            match self.add_volume(path, volume, first.is_none()) {
                Ok(id) => first = first.or(Some(id)),
                Err(why) => {
                    outcome = Err(why);
                    break;
                }
            }
        }
        // What was added before something failed is there.
        match first {
            Some(_) => self.announce(first).and(outcome),
            None => outcome,
        }
    }

    /// A volume as a case of the study; the first of several is kept in memory, because it is opened next.
    fn add_volume(&mut self, path: &Path, volume: &OneVolume, is_first: bool) -> Result<CaseId, String> {
        let watch = Arc::clone(&self.watch);
        let known = self.any_study()?.cases().map_err(sentence)?;
        if let Some(case) = known.iter().find(|case| case.image == path && case.part == volume.part) {
            return Ok(case.id);
        }
        // Read before it is added: what cannot be read never becomes a case.
        let opened = medley_io::open_volume_part(path, &volume.part, Some(&*watch)).map_err(sentence)?;
        let id = self.any_study()?.add_case_part(&volume.name, path, &volume.part, Role::Training).map_err(sentence)?;
        if is_first {
            self.just_read = Some((id, opened));
        }
        Ok(id)
    }

    /// Closes the open study, unless a change of it is not on the disk: that one would have no place in another study.
    fn close_study(&mut self) -> Result<(), String> {
        self.journal_backlog();
        if !self.backlog.is_empty() && self.study.is_some() {
            return Err(texts::history::NOT_WRITTEN.to_owned());
        }
        self.told_status = None;
        self.just_read = None;
        self.study = None;
        Ok(())
    }

    fn announce(&mut self, first: Option<CaseId>) -> Result<(), String> {
        let study = self.study.as_ref().ok_or(NO_STUDY)?;
        let cases = study.cases().map_err(sentence)?;
        let first = first.or_else(|| cases.first().map(|case| case.id));
        let folder = study.folder().to_owned();
        let name = folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned());
        let labels = study.label_table().map_err(sentence)?;
        let models = study.models().map_err(sentence)?;
        let reviewer = study.reviewer().map_err(sentence)?;
        let read_only = study.read_only_because().cloned();
        self.reply(Reply::StudyOpened(StudySummary { folder, name, labels, cases, models, reviewer, read_only }, first));
        Ok(())
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
        if let Some((device, queue)) = &self.gpu {
            match ScanTextures::upload(device, queue, &case.volume) {
                Ok(textures) => {
                    textures.write_mask(queue, &case.mask, medley_volume::IndexBox::whole(case.mask.grid().shape()));
                    case.textures = Some(Arc::new(textures));
                }
                Err(error) => self.reply(Reply::Failed(sentence(error))),
            }
        }
        let loaded = LoadedCase {
            crosshair: case.labelled_middle().unwrap_or_else(|| case.volume.grid().center()),
            window: WindowLevel::first_for(&case.volume),
            labels: case.mask.counts().into_keys().collect(),
            case,
        };
        self.reply(Reply::CaseLoaded(Box::new(loaded)));
        Ok(())
    }

    /// Journals what waits, in order, until one does not go.
    fn journal_backlog(&mut self) {
        while let Some((case, step)) = self.backlog.front() {
            let case = *case;
            let Some(study) = self.study.as_mut() else { return };
            let result = match step {
                JournalStep::Edit(edit) => study.journal_edit(case, edit).map(|_| ()),
                JournalStep::Undo => study.journal_undo(case),
                JournalStep::Redo => study.journal_redo(case),
                JournalStep::Jump(steps) => study.journal_jump(case, *steps),
            };
            if let Err(error) = result {
                if self.return_to_study() {
                    continue;
                }
                self.reply(Reply::JournalWaits(sentence(error)));
                return;
            }
            self.backlog.pop_front();
            self.reply(Reply::Journaled(case));
            self.tell_status(case);
        }
    }

    fn save_mask(&mut self, case: CaseId, mask: &LabelMap) -> Result<(), String> {
        let path = self.study_mut()?.save_mask(case, mask).map_err(sentence)?;
        self.reply(Reply::MaskSaved(case, path));
        let cases = self.study_mut()?.cases().map_err(sentence)?;
        self.reply(Reply::Cases(cases));
        Ok(())
    }

    fn export(&mut self, path: PathBuf, mask: &LabelMap, labels: &LabelTable, geometry: &StoredGeometry) -> Result<(), String> {
        if let Some(study) = &self.study {
            let is_image = study.cases().map_err(sentence)?.iter().any(|case| case.image == path);
            if is_image {
                return Err(format!("{} is the scan itself; save the mask under another name.", path.display()));
            }
        }
        medley_io::write_labels_with_table(&path, mask, labels, geometry).map_err(sentence)?;
        self.reply(Reply::Exported("Mask", path));
        Ok(())
    }

    /// A DICOM segmentation: of the patient and study of the case's series, where the case is one.
    fn export_segmentation(&mut self, path: PathBuf, case: CaseId, mask: &LabelMap, labels: &LabelTable) -> Result<(), String> {
        let info = self.study_mut()?.case(case).map_err(sentence)?;
        let is_dicom = matches!(medley_io::kind_of(&info.image), Ok(FileKind::Dicom | FileKind::DicomFolder));
        let source = is_dicom.then(|| dicom::series_at(&info.image, &info.part)).transpose().map_err(sentence)?;
        dicom::write_segmentation(&path, mask, labels, source.as_ref(), &dicom::SegmentationOptions::default()).map_err(sentence)?;
        self.reply(Reply::Exported("Segmentation", path));
        Ok(())
    }

    fn export_surface(&mut self, path: PathBuf, mask: &LabelMap, labels: &LabelTable, label: u16) -> Result<(), String> {
        let mesh = medley_volume::surface(mask, label).smoothed(Mesh::USUAL_ROUNDS);
        if mesh.triangles.is_empty() {
            let name = labels.get(label).map_or_else(|| label.to_string(), |label| label.name.clone());
            return Err(format!("The mask holds no voxel of {name}, the chosen label: there is no surface to save."));
        }
        medley_io::mesh::write(&path, &mesh).map_err(sentence)?;
        self.reply(Reply::Exported("Surface", path));
        Ok(())
    }

    fn read_mask(&mut self, case: CaseId, path: PathBuf) -> Result<(), String> {
        let (labels, names, notices) = self.mask_of_file(case, &path)?;
        for notice in notices {
            self.reply(Reply::Notice(notice));
        }
        self.reply(Reply::MaskRead(case, path, Box::new(labels), names));
        Ok(())
    }

    /// The mask of a file, with the names it gives to labels and what should be known of it. Formats that hold only the labelled part of a
    /// scan are laid onto the case's voxels; others may lie anywhere.
    fn mask_of_file(&mut self, case: CaseId, path: &Path) -> Result<(LabelMap, LabelTable, Vec<String>), String> {
        let study = self.study_mut()?;
        if dicom::is_contours(path) {
            let read = dicom::open_contours(path, &study.case_grid(case).map_err(sentence)?).map_err(sentence)?;
            return Ok((read.labels, read.table, read.notices));
        }
        let (read, names) = medley_io::open_labels_with_table(path).map_err(sentence)?;
        let labels = if dicom::is_segmentation(path) {
            // It holds only the slices that have labels.
            let (grid, name) = (study.case_grid(case).map_err(sentence)?, study.case(case).map_err(sentence)?.name);
            let elsewhere = || format!("{} does not lie on the voxels of {name}: it belongs to another scan.", path.display());
            medley_volume::slab_onto(&read.labels, &grid).ok_or_else(elsewhere)?
        } else {
            read.labels
        };
        Ok((labels, names, read.notices))
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

    fn learnable(&mut self) -> Result<Vec<(CaseId, Role)>, String> {
        self.journal_backlog();
        let cases = self.study_mut()?.cases().map_err(sentence)?;
        Ok(cases.into_iter().filter(|case| case.is_corrected).map(|case| (case.id, case.role)).collect())
    }

    fn classified(&mut self) -> Result<Vec<(CaseId, Role, String)>, String> {
        let cases = self.study_mut()?.cases().map_err(sentence)?;
        Ok(cases.into_iter().filter_map(|case| Some((case.id, case.role, case.class?))).collect())
    }

    fn lend(&mut self, id: CaseId) -> Result<TrainingCase, String> {
        let study = self.study_mut()?;
        let name = study.case(id).map_err(sentence)?.name;
        let case = study.load_case(id).map_err(sentence)?;
        Ok(TrainingCase { name, image: Arc::new(case.volume), truth: Arc::new(case.mask), never_annotated: Vec::new() })
    }
}

/// What a new study begins with: something to paint.
fn first_labels() -> LabelTable {
    LabelTable::from_names([(1, "label 1")])
}

/// What is wrong with a file that is neither a scan nor a study, and what to do.
/// Whether a request opens something, which takes a while and can be given up.
fn is_reading(request: &Request) -> bool {
    matches!(request, Request::Open(_) | Request::OpenVolumes(..) | Request::ImportSet | Request::LoadCase(_) | Request::LoadSecond(..))
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}.", path.display()))
}

fn why_not(kind: &FileKind) -> String {
    match kind {
        FileKind::Pytorch | FileKind::Safetensors => {
            "it holds network weights; choose it under “Start from” in the Fine-tune panel".to_owned()
        }
        FileKind::LabelTable => "it is a list of labels, not a scan".to_owned(),
        FileKind::Unknown(what) => format!("it {what}"),
        _ => "it is neither a scan nor a study folder".to_owned(),
    }
}

fn sentence(error: impl std::fmt::Display) -> String {
    error.to_string()
}
