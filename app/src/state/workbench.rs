//! The whole state of a window, and what arrives from the threads behind it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use medley_annotate::{Brush, BrushShape, PaintRules, Proposal};
use medley_learn::{DeviceInfo, FineTuneSettings, FineTuneSpec, JobEvent, JobSpec, PredictSpec, Worker};
use medley_project::{CaseId, ModelRecord};
use medley_volume::{AnatomicalPlane, IndexBox, LabelTable, Ras};

use super::clerk::{Clerk, Gpu, JournalStep, LoadedCase, Reply, Request, StudySummary};
use super::notices::{Notices, Severity};
use super::open_case::{MaskChange, OpenCase};
use super::tools::{ActiveTool, BrushSettings};
use super::training::{Phase, TrainingChoices, TrainingRun};
use super::view::Views;
use super::window_level::WindowLevel;
use crate::dialogs::Dialogs;
use crate::render::Palette;

/// What a window opens with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OpenFirst {
    /// The bundled sample study.
    #[default]
    Sample,
    /// A scan or a study folder.
    Path(PathBuf),
    /// Nothing.
    Nothing,
}

/// A proposal being computed.
#[derive(Debug, Clone)]
pub struct Proposing {
    /// The case it is for.
    pub case: CaseId,
    /// The model that makes it.
    pub model: String,
    /// When it was asked for.
    pub since: Instant,
}

/// Everything a window shows.
pub struct Workbench {
    /// How the scan is looked at.
    pub views: Views,
    /// The tool in the hand.
    pub tool: ActiveTool,
    /// The brush's size and shape.
    pub brush: BrushSettings,
    /// The label that is painted.
    pub active_label: u16,
    /// The open study.
    pub study: Option<StudySummary>,
    /// The open case.
    pub case: Option<OpenCase>,
    /// The case that is being loaded.
    pub loading: Option<String>,
    /// The last or current fine-tuning.
    pub training: Option<TrainingRun>,
    /// What is chosen for the next one.
    pub choices: TrainingChoices,
    /// The model that proposes, by id; the newest where none was chosen.
    pub chosen_model: Option<String>,
    /// A proposal being computed.
    pub proposing: Option<Proposing>,
    /// What the user is told.
    pub notices: Notices,
    /// Dialogs that are open.
    pub dialogs: Dialogs,
    /// What can compute here, once it is known.
    pub devices: Vec<DeviceInfo>,
    /// Colours of the labels as the shaders use them.
    pub palette: Arc<Palette>,
    last_snapshot: Instant,
    clerk: Clerk,
    worker: Worker,
    gpu: Option<Gpu>,
    devices_slot: Arc<std::sync::OnceLock<Vec<DeviceInfo>>>,
}

/// The measure by which models are told apart.
pub const MEAN_DICE: &str = "mean_dice";

/// How long a mask with new Edits waits before it is written. The journal has them all by then.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(60);

impl Workbench {
    /// A window's state; `wake` is called from other threads when there is something new to show.
    ///
    /// # Errors
    /// If the system gives no threads.
    pub fn new(gpu: Option<Gpu>, first: &OpenFirst, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let clerk = Clerk::start(gpu.clone(), Arc::clone(&wake))?;
        let worker = Worker::start(Arc::clone(&wake));
        let devices_slot = Arc::new(std::sync::OnceLock::new());
        let slot = Arc::clone(&devices_slot);
        // Asking the drivers takes up to a second.
        std::thread::Builder::new().name("devices".to_owned()).spawn(move || {
            let _ = slot.set(medley_learn::device::devices());
            wake();
        })?;
        let mut workbench = Self {
            views: Views::default(),
            tool: ActiveTool::Crosshair,
            brush: BrushSettings::default(),
            active_label: 1,
            study: None,
            case: None,
            loading: None,
            training: None,
            choices: TrainingChoices::default(),
            chosen_model: None,
            proposing: None,
            notices: Notices::default(),
            dialogs: Dialogs::default(),
            devices: Vec::new(),
            palette: Arc::new(Palette::of(&LabelTable::default())),
            last_snapshot: Instant::now(),
            clerk,
            worker,
            gpu,
            devices_slot,
        };
        match first {
            OpenFirst::Sample => workbench.open_sample(),
            OpenFirst::Path(path) => workbench.open(path.clone()),
            OpenFirst::Nothing => {}
        }
        Ok(workbench)
    }

    /// Takes in everything that has arrived. Called once a frame.
    pub fn poll(&mut self) {
        for reply in self.clerk.poll() {
            self.take_reply(reply);
        }
        for event in self.worker.poll() {
            self.take_job_event(event);
        }
        if self.devices.is_empty()
            && let Some(devices) = self.devices_slot.get()
        {
            self.devices.clone_from(devices);
        }
        if self.last_snapshot.elapsed() > SNAPSHOT_EVERY {
            self.snapshot();
        }
        for path in self.dialogs.poll() {
            self.take_chosen(path);
        }
    }

    // ---- opening ----

    /// Opens a scan or a study folder.
    pub fn open(&mut self, path: PathBuf) {
        self.snapshot();
        self.loading = Some(path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned()));
        self.clerk.ask(Request::Open(path));
    }

    /// Opens the bundled sample study.
    pub fn open_sample(&mut self) {
        self.snapshot();
        self.loading = Some("the sample study".to_owned());
        self.clerk.ask(Request::OpenSample);
    }

    /// Makes an empty study and opens it.
    pub fn new_study(&mut self, folder: PathBuf) {
        self.snapshot();
        self.loading = Some("the new study".to_owned());
        self.clerk.ask(Request::NewStudy(folder));
    }

    /// Loads a case of the open study.
    pub fn load_case(&mut self, id: CaseId) {
        self.snapshot();
        let name = self.study.as_ref().and_then(|study| study.cases.iter().find(|case| case.id == id)).map(|case| case.name.clone());
        self.loading = Some(name.unwrap_or_default());
        self.clerk.ask(Request::LoadCase(id));
    }

    fn take_chosen(&mut self, chosen: crate::dialogs::Chosen) {
        use crate::dialogs::Chosen;
        match chosen {
            Chosen::Open(path) => self.open(path),
            Chosen::NewStudy(folder) => self.new_study(folder),
            Chosen::Weights(path) => self.choices.weights = super::training::WeightsChoice::File(path),
            Chosen::ExportMask(path) => {
                if let Some(case) = &self.case {
                    let (mask, geometry) = (Arc::clone(&case.mask), case.geometry.clone());
                    self.clerk.ask(Request::ExportMask { path, mask, geometry });
                }
            }
            Chosen::ImportMask(path) => {
                if let Some(case) = &self.case {
                    self.clerk.ask(Request::ReadMask(case.id, path));
                }
            }
            Chosen::NoDialog(what) => self.dialogs.ask_for_path(what),
        }
    }

    fn take_reply(&mut self, reply: Reply) {
        match reply {
            Reply::StudyOpened(study, first) => {
                self.case = None;
                self.proposing = None;
                self.chosen_model = None;
                self.set_palette(&study.labels);
                self.active_label = study.labels.labels().first().map_or(1, |label| label.value);
                self.study = Some(study);
                self.loading = None;
                if let Some(first) = first {
                    self.load_case(first);
                }
            }
            Reply::Cases(cases) => {
                if let Some(study) = &mut self.study {
                    study.cases = cases;
                }
            }
            Reply::Models(models) => {
                if let Some(study) = &mut self.study {
                    study.models = models;
                }
            }
            Reply::CaseLoaded(loaded) => self.take_case(*loaded),
            Reply::Journaled(id) => {
                if let Some(case) = self.case.as_mut().filter(|case| case.id == id) {
                    case.unjournaled = case.unjournaled.saturating_sub(1);
                }
            }
            Reply::JournalWaits(sentence) => self.notices.push(Severity::Error, sentence),
            Reply::MaskSaved(..) => {}
            Reply::MaskExported(path) => self.notices.push(Severity::Done, format!("Mask saved to {}.", path.display())),
            Reply::MaskRead(id, path, labels) => self.take_mask(id, &path, &labels),
            Reply::Notice(sentence) => self.notices.push(Severity::Warning, sentence),
            Reply::Failed(sentence) => {
                self.loading = None;
                self.notices.push(Severity::Error, sentence);
            }
        }
    }

    fn take_case(&mut self, loaded: LoadedCase) {
        let LoadedCase { id, name, case, textures } = loaded;
        let mut open = OpenCase::new(id, name, Arc::new(case.volume), case.geometry, case.mask, case.history);
        match textures {
            Some(Ok(textures)) => open.textures = Some(textures),
            Some(Err(sentence)) => self.notices.push(Severity::Error, sentence),
            None => {}
        }
        self.views.reset_cameras();
        self.views.crosshair = labelled_middle(&open).unwrap_or_else(|| open.volume.grid().center());
        self.views.window = WindowLevel::first_for(&open.volume);
        self.views.pointer = None;
        let counts = open.mask.counts();
        if let Some(study) = &mut self.study {
            let known = study.labels.labels().len();
            study.labels.add_unknown(counts.keys().copied());
            if study.labels.labels().len() != known {
                self.clerk.ask(Request::SetLabels(study.labels.clone()));
            }
            let labels = study.labels.clone();
            self.set_palette(&labels);
        }
        self.loading = None;
        self.case = Some(open);
        self.last_snapshot = Instant::now();
    }

    fn take_mask(&mut self, id: CaseId, path: &std::path::Path, labels: &medley_volume::LabelMap) {
        use medley_annotate::{Author, Edit, Tool};
        let Some(case) = self.case.as_mut().filter(|case| case.id == id) else { return };
        match Edit::between(&case.mask, labels, Author::Person, Tool::Import, now_ms()) {
            Ok(Some(edit)) => self.apply_and_journal(edit),
            Ok(None) => self.notices.push(Severity::Done, format!("{} holds what the mask holds already.", path.display())),
            Err(error) => self.notices.push(Severity::Error, format!("{}: {error}.", path.display())),
        }
    }

    // ---- masks ----

    /// Writes the open case's mask into the study now.
    pub fn save_mask(&mut self) {
        self.snapshot_of(true);
    }

    fn snapshot(&mut self) {
        self.snapshot_of(false);
    }

    fn snapshot_of(&mut self, is_asked_for: bool) {
        self.last_snapshot = Instant::now();
        let Some(case) = self.case.as_mut().filter(|case| case.unsaved > 0 || is_asked_for) else { return };
        if case.is_painting() {
            return;
        }
        case.unsaved = 0;
        self.clerk.ask(Request::SaveMask(case.id, Arc::clone(&case.mask)));
        if is_asked_for {
            self.notices.push(Severity::Done, format!("Mask of {} saved in the study.", case.name));
        }
    }

    /// The brush as it would paint in a plane now; `None` where the tool does not paint.
    #[must_use]
    pub fn brush_for(&self, plane: AnatomicalPlane, erases: bool) -> Option<Brush> {
        if !self.tool.is_painting() {
            return None;
        }
        let label = if erases || self.tool == ActiveTool::Eraser { 0 } else { self.active_label };
        let shape = if self.brush.is_ball { BrushShape::Ball } else { BrushShape::Disc(plane) };
        let locked = self.study.iter().flat_map(|study| study.labels.labels()).filter(|label| label.is_locked).map(|label| label.value);
        let rules = PaintRules { locked: locked.collect(), only_over: None };
        Some(Brush { label, radius_mm: self.brush.radius_mm, shape, rules })
    }

    /// Puts the brush down.
    pub fn begin_stroke(&mut self, brush: Brush) {
        let locked = self.study.as_ref().and_then(|study| study.labels.get(brush.label)).filter(|label| label.is_locked);
        if let Some(label) = locked {
            self.notices.push(Severity::Warning, format!("“{}” is locked; unlock it in the label list to paint it.", label.name));
            return;
        }
        if let Some(case) = &mut self.case {
            case.begin_stroke(brush);
        }
    }

    /// Draws on.
    pub fn extend_stroke(&mut self, to: Ras) {
        let change = self.case.as_mut().and_then(|case| case.extend_stroke(to));
        self.show_change(change);
    }

    /// Lifts the brush.
    pub fn finish_stroke(&mut self) {
        let Some(case) = &mut self.case else { return };
        if let Some(edit) = case.finish_stroke(now_ms()) {
            self.clerk.ask(Request::Journal(case.id, JournalStep::Edit(edit)));
            case.refresh_difference();
        }
    }

    /// Takes the stroke under way back.
    pub fn cancel_stroke(&mut self) {
        let change = self.case.as_mut().and_then(OpenCase::cancel_stroke);
        self.show_change(change);
    }

    /// Takes the last Edit back.
    pub fn undo(&mut self) {
        self.step_history(OpenCase::undo, JournalStep::Undo);
    }

    /// Does the last undone Edit again.
    pub fn redo(&mut self) {
        self.step_history(OpenCase::redo, JournalStep::Redo);
    }

    fn step_history(
        &mut self,
        step: impl FnOnce(&mut OpenCase) -> Result<Option<MaskChange>, medley_annotate::AnnotateError>,
        entry: JournalStep,
    ) {
        let Some(case) = &mut self.case else { return };
        match step(case) {
            Ok(Some(change)) => {
                self.clerk.ask(Request::Journal(case.id, entry));
                case.refresh_difference();
                self.show_change(Some(change));
            }
            Ok(None) => {}
            Err(error) => self.notices.push(Severity::Error, error.to_string()),
        }
    }

    fn apply_and_journal(&mut self, edit: medley_annotate::Edit) {
        let Some(case) = &mut self.case else { return };
        match case.apply(&edit) {
            Ok(change) => {
                self.clerk.ask(Request::Journal(case.id, JournalStep::Edit(edit)));
                self.show_change(Some(change));
            }
            Err(error) => self.notices.push(Severity::Error, error.to_string()),
        }
    }

    fn show_change(&self, change: Option<MaskChange>) {
        let (Some(change), Some(case), Some((_, queue))) = (change, &self.case, &self.gpu) else { return };
        if let Some(textures) = &case.textures {
            textures.write_mask(queue, &case.mask, change.region);
        }
    }

    // ---- labels and cases ----

    /// Keeps a changed label table and draws by it.
    pub fn set_labels(&mut self, labels: LabelTable) {
        self.set_palette(&labels);
        self.clerk.ask(Request::SetLabels(labels.clone()));
        if let Some(study) = &mut self.study {
            study.labels = labels;
        }
    }

    fn set_palette(&mut self, labels: &LabelTable) {
        self.palette = Arc::new(Palette::of(labels));
    }

    /// The label `steps` further in the list becomes the one painted.
    pub fn step_label(&mut self, steps: isize) {
        let Some(labels) = self.study.as_ref().map(|study| study.labels.labels()).filter(|labels| !labels.is_empty()) else { return };
        let at = labels.iter().position(|label| label.value == self.active_label).unwrap_or(0) as isize;
        let next = (at + steps).rem_euclid(labels.len() as isize) as usize;
        self.active_label = labels[next].value;
    }

    /// Marks a case as corrected: it is learned from (or measured on) from the next fine-tuning on.
    pub fn set_corrected(&mut self, case: CaseId, is_corrected: bool) {
        self.clerk.ask(Request::SetCorrected(case, is_corrected));
    }

    /// Says what a case is for.
    pub fn set_role(&mut self, case: CaseId, role: medley_project::Role) {
        self.clerk.ask(Request::SetRole(case, role));
    }

    // ---- learning ----

    /// Why fine-tuning cannot start now; `None` if it can.
    #[must_use]
    pub fn fine_tune_obstacle(&self) -> Option<&'static str> {
        let Some(study) = &self.study else { return Some("Open a study first.") };
        if self.training.as_ref().is_some_and(TrainingRun::is_active) {
            return Some("A fine-tuning is running.");
        }
        let is_lesson = |case: &medley_project::CaseInfo| case.is_corrected && case.role == medley_project::Role::Training;
        if !study.cases.iter().any(is_lesson) {
            return Some("Mark a case as corrected first: it is what the network learns from.");
        }
        if study.labels.labels().is_empty() {
            return Some("Add a label first.");
        }
        None
    }

    /// Starts fine-tuning on the corrected cases.
    pub fn fine_tune(&mut self) {
        if self.fine_tune_obstacle().is_some() {
            return;
        }
        self.snapshot();
        let Some(study) = &self.study else { return };
        let model_id = next_model_id(&study.models);
        let settings = FineTuneSettings { steps: self.choices.steps, seed: self.choices.seed, ..FineTuneSettings::default() };
        let spec = FineTuneSpec {
            cases: self.clerk.cases_to_learn_from(),
            labels: study.labels.labels().iter().map(|label| (label.value, label.name.clone())).collect(),
            weights: self.choices.weights.source(),
            settings,
            device: self.choices.device,
            output: study.folder.join("models").join(&model_id),
        };
        self.training = Some(TrainingRun::new(model_id, self.choices.steps));
        self.worker.submit(JobSpec::FineTune(spec));
    }

    /// Holds the running job or lets it go on.
    pub fn toggle_pause(&mut self) {
        let Some(run) = self.training.as_mut().filter(|run| run.is_active()) else { return };
        let Some(control) = self.worker.control() else { return };
        if run.phase == Phase::Paused {
            control.resume();
            run.phase = Phase::Running;
        } else {
            control.pause();
            run.phase = Phase::Paused;
        }
    }

    /// Ends the running job.
    pub fn stop_training(&mut self) {
        if let Some(run) = self.training.as_mut().filter(|run| run.is_active()) {
            run.phase = Phase::Stopping;
            if let Some(control) = self.worker.control() {
                control.stop();
            }
        }
    }

    /// Ends the running job and forgets it: the window closes.
    pub fn abandon_training(&mut self) {
        self.stop_training();
        self.training = None;
    }

    /// The model that proposes: the chosen one, else the newest.
    #[must_use]
    pub fn model(&self) -> Option<&ModelRecord> {
        let models = &self.study.as_ref()?.models;
        let chosen = self.chosen_model.as_ref().and_then(|id| models.iter().find(|model| model.id == *id));
        chosen.or_else(|| models.last())
    }

    /// Why nothing can be proposed now; `None` if it can.
    #[must_use]
    pub fn propose_obstacle(&self) -> Option<&'static str> {
        if self.case.is_none() {
            return Some("Open a scan first.");
        }
        if self.proposing.is_some() {
            return Some("A proposal is being computed.");
        }
        if self.training.as_ref().is_some_and(TrainingRun::is_active) {
            return Some("Wait until the fine-tuning has ended, or stop it.");
        }
        if self.model().is_none() {
            return Some("Fine-tune a model first.");
        }
        None
    }

    /// Lets the model segment the open scan.
    pub fn propose(&mut self) {
        if self.propose_obstacle().is_some() {
            return;
        }
        let (Some(case), Some(model)) = (&self.case, self.model()) else { return };
        let spec = PredictSpec {
            model: model.file.clone(),
            image: Arc::clone(&case.volume),
            device: self.choices.device,
            id: case.id.0.to_string(),
        };
        self.proposing = Some(Proposing { case: case.id, model: model.id.clone(), since: Instant::now() });
        self.worker.submit(JobSpec::Predict(spec));
    }

    /// Makes the proposal, or only some labels of it, one Edit of the mask.
    pub fn accept_proposal(&mut self, only: Option<u16>) {
        let locked = self.study.iter().flat_map(|study| study.labels.labels()).filter(|label| label.is_locked).map(|label| label.value);
        let part = medley_annotate::Acceptance { labels: only.map(|label| vec![label]), region: None, locked: locked.collect() };
        let Some(case) = &mut self.case else { return };
        if !case.may_paint() {
            return;
        }
        let Some((proposal, _)) = &case.proposal else { return };
        match proposal.accept_part(&case.mask, &part, now_ms()) {
            Ok(Some(edit)) => self.apply_and_journal(edit),
            Ok(None) => {}
            Err(error) => self.notices.push(Severity::Error, error.to_string()),
        }
        let Some(case) = &mut self.case else { return };
        case.refresh_difference();
        if only.is_none() || case.proposal.as_ref().is_some_and(|(_, difference)| difference.changed == 0) {
            self.reject_proposal();
        }
    }

    /// Takes the proposal away; the mask stays as it is.
    pub fn reject_proposal(&mut self) {
        if let Some(case) = &mut self.case {
            case.proposal = None;
        }
        self.show_proposal();
    }

    fn show_proposal(&self) {
        let (Some(case), Some((_, queue))) = (&self.case, &self.gpu) else { return };
        if let Some(textures) = &case.textures {
            textures.write_proposal(queue, case.proposal.as_ref().map(|(proposal, _)| &proposal.labels));
        }
    }

    fn take_job_event(&mut self, event: JobEvent) {
        match &event {
            JobEvent::Predicted(prediction) => {
                let Some(asked) = self.proposing.take() else { return };
                let Some(case) = self.case.as_mut().filter(|case| case.id == asked.case) else { return };
                let proposal = Proposal { labels: prediction.labels.clone(), model: asked.model };
                match case.propose(proposal) {
                    Ok(()) if case.proposal.as_ref().is_some_and(|(_, difference)| difference.changed == 0) => {
                        case.proposal = None;
                        self.notices.push(Severity::Done, "The model proposes exactly what the mask holds.");
                    }
                    Ok(()) => self.show_proposal(),
                    Err(error) => self.notices.push(Severity::Error, error.to_string()),
                }
            }
            JobEvent::Failed(sentence) if self.proposing.take().is_some() => self.notices.push(Severity::Error, sentence.clone()),
            _ => self.take_training_event(&event),
        }
    }

    fn take_training_event(&mut self, event: &JobEvent) {
        let Some(run) = &mut self.training else { return };
        if !run.is_active() {
            return;
        }
        run.take(event);
        match event {
            JobEvent::FineTuned(outcome) => {
                let record = ModelRecord {
                    id: run.model_id.clone(),
                    name: format!("Model {}", run.model_id),
                    file: outcome.model.clone(),
                    card_json: serde_json::to_string(&outcome.card).unwrap_or_default(),
                    created_ms: now_ms(),
                    metrics: outcome.mean_dice.map(|dice| (MEAN_DICE.to_owned(), dice)).into_iter().collect(),
                };
                self.chosen_model = None;
                self.clerk.ask(Request::AddModel(record));
                self.notices.push(Severity::Done, "Fine-tuning finished. Press Propose to let the new model segment the open scan.");
            }
            JobEvent::Failed(sentence) => self.notices.push(Severity::Error, sentence.clone()),
            _ => {}
        }
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        // The worker stops its job and the clerk finishes its requests when they are dropped.
        self.cancel_stroke();
        self.snapshot();
    }
}

/// The middle of what is labelled, so that a case opens where there is something to see.
fn labelled_middle(case: &OpenCase) -> Option<Ras> {
    let grid = *case.mask.grid();
    let mut found: Option<IndexBox> = None;
    for (row, range) in IndexBox::whole(grid.shape()).rows(grid.shape()).enumerate() {
        let inside = range.clone().find(|&offset| case.mask.at(offset) != 0);
        if let Some(first) = inside {
            let last = range.clone().rev().find(|&offset| case.mask.at(offset) != 0).unwrap_or(first);
            let (j, k) = (row % grid.shape()[1], row / grid.shape()[1]);
            let voxel = |offset: usize| [offset - range.start, j, k];
            let start = IndexBox { low: voxel(first), high: voxel(first).map(|v| v + 1) };
            found = Some(found.map_or(start, |found| found.union(&start)).including(voxel(last)));
        }
    }
    let middle = found?;
    Some(grid.ras_of(medley_volume::VoxelIndex(std::array::from_fn(|axis| (middle.low[axis] + middle.high[axis] - 1) / 2))))
}

/// The next free number with three digits.
fn next_model_id(models: &[ModelRecord]) -> String {
    let taken = models.iter().filter_map(|model| model.id.parse::<u32>().ok()).max().unwrap_or(0);
    format!("{:03}", taken + 1)
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
