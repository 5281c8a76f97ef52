//! The whole state of a window, and what arrives from the threads behind it.
//!
//! # Map
//! - this file: what there is, and taking in what has arrived, once a frame
//! - `hands`: settings; `opening`: studies and cases; `tabs`: several open ones; `comparing`: two next to each other; `masks`: painting
//!   and the journal; `correcting`: the other tools; `operands`: the other label they work with; `history`: jumping, and steps taken back
//!   alone; `provenance`: who did what, and what stands in the way of changes; `large`: changes on a thread of their own; `labels`;
//!   `learning`: fine-tuning and proposals; `tasks`: the same for classes and boxes; `weights`; `graphics`: a device that is lost;
//!   `second`: the scan that lies over the open one, and turned planes; `measuring`: measurements; `figures`: pictures for papers

mod comparing;
mod correcting;
mod figures;
mod graphics;
mod hands;
mod history;
mod labels;
mod large;
mod learning;
mod masks;
mod measuring;
mod opening;
mod operands;
mod provenance;
mod second;
mod tabs;
mod tasks;
mod weights;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_learn::{DeviceInfo, Worker};
use medley_project::CaseId;
use medley_volume::LabelTable;

use super::clerk::{CheckedSet, Clerk, Gpu, StudySummary};
use super::clipboard::Clipboard;
use super::compare::Comparison;
use super::correction::Correction;
use super::figure::FigureDesk;
use super::hands::Hands;
use super::large_change::LargeChanges;
use super::layout::Layout;
use super::measure::Measure;
use super::notices::Notices;
use super::open_case::OpenCase;
use super::provenance::ProvenancePage;
use super::second_scan::{SecondScan, SecondSource};
use super::tabs::Tabs;
use super::tools::{ActiveTool, BrushSettings};
use super::training::{TrainingChoices, TrainingRun};
use super::view::Views;
use super::weights_page::WeightsPage;
use crate::dialogs::{Dialogs, VolumeChoice};
use crate::render::Palette;
use crate::run_log::RunLog;

pub use tasks::ShownFinding;

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
    /// How the views share the window.
    pub layout: Layout,
    /// The tool in the hand.
    pub tool: ActiveTool,
    /// The brush's size and shape.
    pub brush: BrushSettings,
    /// Tools other than the brush.
    pub correction: Correction,
    /// The label that is painted.
    pub active_label: u16,
    /// What the list of labels is searched for.
    pub label_filter: String,
    /// The open study.
    pub study: Option<StudySummary>,
    /// The open case: of several, the one in the views.
    pub case: Option<OpenCase>,
    /// The tabs, and the open cases that are not in the views.
    pub tabs: Tabs,
    /// Another case that is looked at beside the open one.
    pub comparison: Option<Comparison>,
    /// The case that is being loaded.
    pub loading: Option<String>,
    /// A scan that lies over the open one.
    pub second: Option<SecondScan>,
    /// The one that is being read.
    pub second_loading: Option<SecondSource>,
    /// The last or current fine-tuning.
    pub training: Option<TrainingRun>,
    /// The file of the table of trainings; nothing is taken down without one.
    pub runs_table: Option<PathBuf>,
    /// Where the running training is taken down.
    run_log: Option<RunLog>,
    /// What is chosen for the next one.
    pub choices: TrainingChoices,
    /// The model that proposes, by id; the newest where none was chosen.
    pub chosen_model: Option<String>,
    /// A proposal being computed.
    pub proposing: Option<Proposing>,
    /// What a model for classes or boxes says of the open scan.
    pub finding: Option<ShownFinding>,
    /// A class that is being typed, and the case it is for.
    pub class_draft: Option<(CaseId, String)>,
    /// What is measured in the open case.
    pub measure: Measure,
    /// The next figure.
    pub figure: FigureDesk,
    /// The system's clipboard.
    pub clipboard: Clipboard,
    /// What the user is told.
    pub notices: Notices,
    /// Dialogs that are open.
    pub dialogs: Dialogs,
    /// Volumes of a file or folder to choose from.
    pub volume_choice: Option<VolumeChoice>,
    /// A data set that was looked through and may become cases.
    pub checked_set: Option<CheckedSet>,
    /// The page of weights.
    pub weights_page: WeightsPage,
    /// The page of who did what.
    pub provenance: ProvenancePage,
    /// The step of the history that was chosen.
    pub chosen_step: Option<usize>,
    /// What can compute here, once it is known.
    pub devices: Vec<DeviceInfo>,
    /// Settings, the command palette, the page of shortcuts, fingers on the screen.
    pub hands: Hands,
    /// Colours of the labels as the shaders use them.
    pub palette: Arc<Palette>,
    /// The case and the position of its history to which the mask is being taken.
    jump: Option<(CaseId, usize)>,
    /// Whether what is being opened may take the place of the study: no change must reach the journal of another one.
    may_leave_study: bool,
    large: LargeChanges,
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
        let [wake_tools, wake_large] = [Arc::clone(&wake), Arc::clone(&wake)];
        let clerk = Clerk::start(gpu.clone(), Arc::clone(&wake))?;
        let worker = Worker::start(Arc::clone(&wake));
        let mut weights_page = WeightsPage::new(Arc::clone(&wake));
        weights_page.refresh(&[]);
        let wake_measure = Arc::clone(&wake);
        let devices_slot = Arc::new(std::sync::OnceLock::new());
        let slot = Arc::clone(&devices_slot);
        // Asking the drivers takes up to a second.
        std::thread::Builder::new().name("devices".to_owned()).spawn(move || {
            let _ = slot.set(medley_learn::device::devices());
            wake();
        })?;
        let mut workbench = Self {
            views: Views::default(),
            layout: Layout::default(),
            tool: ActiveTool::Crosshair,
            brush: BrushSettings::default(),
            correction: Correction::new(Arc::clone(&wake_tools))?,
            active_label: 1,
            label_filter: String::new(),
            study: None,
            case: None,
            tabs: Tabs::default(),
            comparison: None,
            loading: None,
            second: None,
            second_loading: None,
            training: None,
            runs_table: None,
            run_log: None,
            choices: TrainingChoices::default(),
            chosen_model: None,
            proposing: None,
            finding: None,
            class_draft: None,
            measure: Measure::new(Arc::clone(&wake_measure))?,
            clipboard: Clipboard::new(Arc::clone(&wake_measure)),
            figure: FigureDesk::new(wake_measure),
            notices: Notices::default(),
            dialogs: Dialogs::default(),
            volume_choice: None,
            checked_set: None,
            weights_page,
            provenance: ProvenancePage::default(),
            chosen_step: None,
            jump: None,
            may_leave_study: false,
            devices: Vec::new(),
            hands: Hands::default(),
            palette: Arc::new(Palette::of(&LabelTable::default())),
            large: LargeChanges::start(wake_large)?,
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
        self.poll_large();
        self.poll_tools();
        self.poll_history();
        self.poll_provenance();
        self.take_weights_news();
        self.poll_measure();
        self.poll_figure();
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
}

impl Drop for Workbench {
    fn drop(&mut self) {
        // The worker stops its job and the clerk finishes its requests when they are dropped.
        self.cancel_stroke();
        self.finish_large();
        self.snapshot();
        self.keep_measurements();
    }
}
