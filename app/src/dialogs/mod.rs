//! Dialogs: choosing files, the command palette, the pages of shortcuts, settings and weights.
//!
//! The system's file dialog runs beside the window and never holds it up. Where the system has none, a field to type a path
//! takes its place.

mod close;
mod data_set;
mod figure;
mod help;
mod palette;
mod path_field;
mod settings;
mod volumes;
mod weights;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

pub use close::close_window;
pub use data_set::data_set_window;
pub use figure::{figure_window, record as record_figure};
pub use help::help_window;
pub use palette::palette_window;
pub use path_field::path_window;
pub use settings::settings_window;
pub use volumes::{VolumeChoice, volumes_window};
pub use weights::weights_window;

use crate::texts::files as texts;

/// What a file is chosen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A scan to open.
    OpenScan,
    /// A scan to lie over the open one.
    OpenSecond,
    /// A study's folder to open.
    OpenStudy,
    /// A folder for a new study.
    NewStudy,
    /// Weights to start from.
    Weights,
    /// Weights to keep.
    ImportWeights,
    /// Where a mask is to be saved.
    ExportMask,
    /// A mask to read.
    ImportMask,
    /// A mask to work with.
    Operand,
    /// Where names of labels are to be saved.
    ExportLabels,
    /// Names of labels to read.
    ImportLabels,
    /// Where a table of measurements is to be saved.
    SaveMeasurements,
    /// Where a figure is to be saved.
    SaveFigure,
    /// Where provenance is to be saved.
    SaveProvenance,
}

impl Purpose {
    fn chosen(self, path: PathBuf) -> Chosen {
        match self {
            Self::OpenScan | Self::OpenStudy => Chosen::Open(path),
            Self::OpenSecond => Chosen::OpenSecond(path),
            Self::NewStudy => Chosen::NewStudy(path),
            Self::Weights => Chosen::Weights(path),
            Self::ImportWeights => Chosen::ImportWeights(path),
            Self::ExportMask => Chosen::ExportMask(path),
            Self::ImportMask => Chosen::ImportMask(path),
            Self::Operand => Chosen::Operand(path),
            Self::ExportLabels => Chosen::ExportLabels(path),
            Self::ImportLabels => Chosen::ImportLabels(path),
            Self::SaveMeasurements => Chosen::SaveMeasurements(path),
            Self::SaveFigure => Chosen::SaveFigure(path),
            Self::SaveProvenance => Chosen::SaveProvenance(path),
        }
    }
}

/// What came of a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Open this scan or study.
    Open(PathBuf),
    /// Lay this scan over the open one.
    OpenSecond(PathBuf),
    /// Make a study in this folder.
    NewStudy(PathBuf),
    /// Start from these weights.
    Weights(PathBuf),
    /// Keep these weights.
    ImportWeights(PathBuf),
    /// Save the mask here.
    ExportMask(PathBuf),
    /// Read this mask.
    ImportMask(PathBuf),
    /// Work with this mask.
    Operand(PathBuf),
    /// Save the names of labels here.
    ExportLabels(PathBuf),
    /// Read names of labels from here.
    ImportLabels(PathBuf),
    /// Save the measurements here.
    SaveMeasurements(PathBuf),
    /// Save the figure here.
    SaveFigure(PathBuf),
    /// Save the provenance of all cases here.
    SaveProvenance(PathBuf),
    /// The system has no file dialog.
    NoDialog(Purpose),
}

/// Dialogs that are open.
#[derive(Debug)]
pub struct Dialogs {
    /// Somebody wants to close the window although a training runs.
    pub asks_to_close: bool,
    path: Option<(Purpose, String)>,
    outbox: Sender<Chosen>,
    inbox: Receiver<Chosen>,
}

impl Default for Dialogs {
    fn default() -> Self {
        let (outbox, inbox) = channel();
        Self { asks_to_close: false, path: None, outbox, inbox }
    }
}

/// Endings of scans and masks.
const SCANS: [&str; 11] = ["nii", "gz", "hdr", "img", "nrrd", "nhdr", "mha", "mhd", "npy", "dcm", "zip"];

/// A page that has grown is laid out in the frame after: there must be one, even if nobody moves the mouse.
pub(crate) fn draw_again_if_grown(ui: &egui::Ui, page: &egui::Response) {
    let (place, size) = (page.id.with("size"), page.rect.size());
    if ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or(place, egui::Vec2::ZERO), size)) != size {
        ui.ctx().request_repaint();
    }
}

/// A dialog that was answered sooner than this was never shown: nobody gives one up so fast, and a busy machine refuses slowly.
const TOO_SOON: Duration = Duration::from_secs(1);

impl Dialogs {
    /// Opens the system's file dialog. `suggested` is a file name to begin with.
    pub fn choose(&self, purpose: Purpose, suggested: Option<&str>, wake: impl Fn() + Send + 'static) {
        let mut dialog = rfd::AsyncFileDialog::new().set_title(texts::title(purpose));
        dialog = match purpose {
            Purpose::OpenScan | Purpose::OpenSecond | Purpose::ImportMask | Purpose::Operand => dialog.add_filter(texts::SCANS, &SCANS),
            Purpose::Weights | Purpose::ImportWeights => dialog.add_filter(texts::WEIGHTS, &["pth", "pt", "tar", "safetensors"]),
            Purpose::ExportMask => dialog
                .add_filter(texts::MASKS, &["gz", "nii", "nrrd", "mha", "mhd", "dcm"])
                .add_filter(texts::SURFACE, &["stl", "ply", "obj"]),
            Purpose::ExportLabels | Purpose::ImportLabels => dialog.add_filter(texts::LABEL_NAMES, &["txt", "label", "ctbl"]),
            Purpose::SaveMeasurements => dialog.add_filter(texts::TABLES, &["csv"]),
            Purpose::SaveProvenance => dialog.add_filter(texts::TABLES, &["csv", "json"]),
            Purpose::SaveFigure => dialog.add_filter(texts::PICTURES, &["png"]),
            Purpose::OpenStudy | Purpose::NewStudy => dialog,
        };
        if let Some(name) = suggested {
            dialog = dialog.set_file_name(name);
        }
        let outbox = self.outbox.clone();
        // The future is made on the window's thread, as macOS asks for, and waited for elsewhere.
        let picked: std::pin::Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>> = match purpose {
            Purpose::ExportMask | Purpose::ExportLabels | Purpose::SaveMeasurements | Purpose::SaveFigure | Purpose::SaveProvenance => {
                Box::pin(dialog.save_file())
            }
            Purpose::OpenStudy | Purpose::NewStudy => Box::pin(dialog.pick_folder()),
            _ => Box::pin(dialog.pick_file()),
        };
        let began = Instant::now();
        let wait = move || {
            let chosen = match pollster::block_on(picked) {
                Some(file) => Some(purpose.chosen(file.path().to_owned())),
                None if began.elapsed() < TOO_SOON => Some(Chosen::NoDialog(purpose)),
                None => None,
            };
            if let Some(chosen) = chosen {
                let _ = outbox.send(chosen);
                wake();
            }
        };
        if std::thread::Builder::new().name("file dialog".to_owned()).spawn(wait).is_err() {
            let _ = self.outbox.send(Chosen::NoDialog(purpose));
        }
    }

    /// Shows a field to type a path into.
    pub fn ask_for_path(&mut self, purpose: Purpose) {
        self.path = Some((purpose, String::new()));
    }

    /// What was chosen since the last time.
    pub fn poll(&self) -> Vec<Chosen> {
        self.inbox.try_iter().collect()
    }

    /// Closes what is open; whether anything was.
    pub fn close(&mut self) -> bool {
        let was_open = self.asks_to_close || self.path.is_some();
        self.asks_to_close = false;
        self.path = None;
        was_open
    }
}
