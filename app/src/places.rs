//! Where things are kept on this machine.

use std::path::PathBuf;

/// The folder of studies and settings: `MEDLEY_DATA_DIR` where it is set, else the platform's place for a program's data.
#[must_use]
pub fn data_dir() -> PathBuf {
    if let Some(folder) = std::env::var_os("MEDLEY_DATA_DIR").filter(|folder| !folder.is_empty()) {
        return PathBuf::from(folder);
    }
    directories::ProjectDirs::from("", "", "medley").map_or_else(|| PathBuf::from("medley-data"), |dirs| dirs.data_dir().to_owned())
}

/// The study that comes with the program.
#[must_use]
pub fn sample_study() -> PathBuf {
    data_dir().join("Sample study")
}

/// The study that scans go into when none is open.
#[must_use]
pub fn own_study() -> PathBuf {
    data_dir().join("My study")
}

/// The file of what a person set.
#[must_use]
pub fn settings() -> PathBuf {
    data_dir().join("settings.json")
}

/// The table of trainings: `MEDLEY_RUNS` where it is set; `None` where that is `off`.
#[must_use]
pub fn runs() -> Option<PathBuf> {
    match std::env::var_os("MEDLEY_RUNS").filter(|file| !file.is_empty()) {
        Some(file) if file == "off" => None,
        Some(file) => Some(PathBuf::from(file)),
        None => Some(data_dir().join("runs.sqlite")),
    }
}

/// The folder of fetched and imported weights: `MEDLEY_WEIGHTS_DIR` where it is set.
#[must_use]
pub fn weights() -> PathBuf {
    let chosen = std::env::var_os("MEDLEY_WEIGHTS_DIR").filter(|folder| !folder.is_empty());
    chosen.map_or_else(|| data_dir().join("weights"), PathBuf::from)
}
