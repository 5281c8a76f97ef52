//! What is said between the window and the clerk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use medley_annotate::{Edit, StepAlone, TakenBack};
use medley_io::StoredGeometry;
use medley_learn::TrainingCase;
use medley_project::provenance::CaseProvenance;
use medley_project::{CaseId, CaseInfo, CaseStatus, ModelRecord, ReadOnlyBecause, Role};
use medley_volume::{Grid, LabelMap, LabelTable, Ras, Volume};

use super::Gpu;
use super::sets::CheckedSet;
use super::volumes::{OneVolume, Volumes};
use crate::render::{ScanTextures, SecondTexture};
use crate::state::correction::operand::MaskFile;
use crate::state::measure::Measurement;
use crate::state::open_case::OpenCase;
use crate::state::second_scan::{SecondScan, SecondSource};
use crate::state::window_level::WindowLevel;

/// A case with its role and its class.
pub type Classified = (CaseId, Role, String);

/// What the window asks for.
pub enum Request {
    /// Open whatever this is: a study folder or a scan.
    Open(PathBuf),
    /// Add some of the volumes of a file or folder to the study and open the first of them.
    OpenVolumes(PathBuf, Vec<OneVolume>),
    /// Add the cases of the data set that was looked through last to the study.
    ImportSet,
    /// Open the bundled sample study, unpacking it the first time.
    OpenSample,
    /// Make an empty study in a folder and open it.
    NewStudy(PathBuf),
    /// Load a case's scan, mask and history.
    LoadCase(CaseId),
    /// Read a scan that is to lie over the one on this grid.
    LoadSecond(SecondSource, Grid),
    /// Put a change of a mask into the journal.
    Journal(CaseId, JournalStep),
    /// Write a case's mask into the study.
    SaveMask(CaseId, Arc<LabelMap>),
    /// Write a mask, or the surface of one of its labels, to a file of the user's choice.
    ExportMask {
        /// Where to; its ending chooses the format.
        path: PathBuf,
        /// What.
        mask: Arc<LabelMap>,
        /// The case it belongs to.
        case: CaseId,
        /// Names and colours, for formats that store them.
        labels: LabelTable,
        /// The label whose surface is written, where the format is one of surfaces.
        label: u16,
        /// The geometry fields of its scan.
        geometry: StoredGeometry,
    },
    /// Write names and colours of labels for another program.
    ExportLabels(PathBuf, LabelTable),
    /// Read names and colours of labels.
    ReadLabels(PathBuf),
    /// Read a mask that is to replace the open one.
    ReadMask(CaseId, PathBuf),
    /// Read a mask on this grid that the open one is worked on with; the study stays as it is.
    ReadOperand(CaseId, Grid, PathBuf),
    /// Work out what remains of a step of a case's history that is taken back alone. The number tells which state of the mask is
    /// meant.
    TakeBack(CaseId, u64, Box<StepAlone>, Arc<LabelMap>),
    /// Tell how a case's mask came to be.
    TellProvenance(CaseId),
    /// Write the provenance of all cases to a file; its ending chooses the format.
    SaveProvenance(PathBuf),
    /// Show on the slices who made what in place of the labels.
    ShowOrigins(CaseId, Option<Arc<ScanTextures>>),
    /// Show the labels again.
    ShowMask(CaseId, Option<Arc<ScanTextures>>, Arc<LabelMap>),
    /// Put scans on this device from now on; on none while there is none.
    UseGraphics(Option<Gpu>),
    /// Put a case that is open already on the device, its mask as it is in this version.
    ShowCase(CaseId, u64, Arc<Volume>, Arc<LabelMap>),
    /// Put a scan that lies over it on the device.
    ShowSecond(Arc<Volume>),
    /// Give a case a status.
    SetStatus(CaseId, CaseStatus),
    /// Say who reviews from now on.
    SetReviewer(Option<String>),
    /// Mark a case as corrected or not.
    SetCorrected(CaseId, bool),
    /// Say what a case is for.
    SetRole(CaseId, Role),
    /// Give a whole scan a class, or take it away.
    SetClass(CaseId, Option<String>),
    /// Keep the label table.
    SetLabels(LabelTable),
    /// Remember a trained model.
    AddModel(ModelRecord),
    /// Read what was measured in a case of the study in this folder.
    ReadMeasurements(PathBuf, CaseId),
    /// Write what was measured in a case of the study in this folder; another may be open by then.
    KeepMeasurements(PathBuf, CaseId, Vec<Measurement>),
    /// Write a text to a file of the user's choice: what it is called, where to, the text.
    WriteText(&'static str, PathBuf, String),
    /// Which cases can be learned from or measured on.
    ListLearnable(Sender<Result<Vec<(CaseId, Role)>, String>>),
    /// Which cases have a class and what they are for.
    ListClassified(Sender<Result<Vec<Classified>, String>>),
    /// One case for learning.
    Lend(CaseId, Sender<Result<TrainingCase, String>>),
    /// Finish.
    Close,
}

/// What goes into the journal.
#[derive(Debug, Clone)]
pub enum JournalStep {
    /// A change.
    Edit(Edit),
    /// The last change was taken back.
    Undo,
    /// The last change taken back was done again.
    Redo,
    /// So many changes were taken back (below 0) or done again (above).
    Jump(isize),
}

/// A study as the window knows it.
#[derive(Debug, Clone)]
pub struct StudySummary {
    /// Its folder.
    pub folder: PathBuf,
    /// Its name.
    pub name: String,
    /// Its labels.
    pub labels: LabelTable,
    /// Its cases.
    pub cases: Vec<CaseInfo>,
    /// Its models, newest last.
    pub models: Vec<ModelRecord>,
    /// Who reviews, if somebody has said so.
    pub reviewer: Option<String>,
    /// Why nothing of it can be changed here, if so.
    pub read_only: Option<ReadOnlyBecause>,
}

/// A case, loaded, and how it is first looked at. All that takes time on a large scan was done by the clerk.
pub struct LoadedCase {
    /// The case; without textures where there is no GPU or it could not take the scan.
    pub case: OpenCase,
    /// Where there is something to see.
    pub crosshair: Ras,
    /// The window its values are first shown in.
    pub window: WindowLevel,
    /// The labels in its mask.
    pub labels: Vec<u16>,
}

/// What came of a request.
pub enum Reply {
    /// A study is open; a case to load first may be named.
    StudyOpened(StudySummary, Option<CaseId>),
    /// The list of cases changed.
    Cases(Vec<CaseInfo>),
    /// The list of models changed.
    Models(Vec<ModelRecord>),
    /// A case is loaded.
    CaseLoaded(Box<LoadedCase>),
    /// A scan to lie over the open one was read.
    SecondLoaded(Box<SecondScan>),
    /// It could not be read.
    SecondFailed(String),
    /// A change is in the journal.
    Journaled(CaseId),
    /// A change could not be put into the journal; it is tried again until it can.
    JournalWaits(String),
    /// What remains of a step that is taken back alone, for the state of the mask that was meant; or why it cannot be.
    TakenBack(CaseId, u64, Result<TakenBack, String>),
    /// How a case's mask came to be.
    Provenance(CaseId, Box<CaseProvenance>),
    /// The slices show who made what; `false` if that could not be.
    OriginsShown(CaseId, bool),
    /// The slices show the labels again.
    MaskShown(CaseId),
    /// An open case is on the device, its mask as it was in this version.
    CaseShown(CaseId, u64, Arc<ScanTextures>),
    /// A scan that lies over it is on the device.
    SecondShown(Arc<Volume>, Arc<SecondTexture>),
    /// Who reviews from now on.
    Reviewer(Option<String>),
    /// A mask was written into the study.
    MaskSaved(CaseId, PathBuf),
    /// Something was written to a file of the user's choice: what, and where.
    Exported(&'static str, PathBuf),
    /// A mask was read, with the names that its file gives to labels.
    MaskRead(CaseId, PathBuf, Box<LabelMap>, LabelTable),
    /// A mask to work with was read.
    OperandRead(Box<MaskFile>),
    /// Names and colours of labels were read.
    LabelsRead(PathBuf, LabelTable),
    /// What was measured in a case of the study in this folder was read.
    MeasurementsRead(PathBuf, CaseId, Vec<Measurement>),
    /// What was measured could not be written.
    MeasurementsNotKept(String),
    /// Something about a file that the user should know.
    Notice(String),
    /// There are several volumes to choose from.
    VolumesFound(Box<Volumes>),
    /// A data set was looked through.
    SetChecked(Box<CheckedSet>),
    /// What was being opened was given up.
    Stopped,
    /// Something could not be done.
    Failed(String),
}
