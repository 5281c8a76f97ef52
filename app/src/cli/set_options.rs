//! Where a data set lies and how its files are called.

use std::path::{Path, PathBuf};

use medley_project::dataset::{DataSet, Options, Pattern};

use super::Failure;
use super::progress::Progress;

/// What the path of a data set does not say.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct SetOptions {
    /// Where the paths of an `img_list` start
    #[arg(long, value_name = "DIR")]
    data_root: Option<PathBuf>,
    /// How the scans of a folder are called, such as `scans/{case}_t1.nii.gz`
    #[arg(long, value_name = "PATTERN")]
    images: Option<String>,
    /// How their masks are called, such as `masks/{case}.nii.gz`
    #[arg(long, value_name = "PATTERN", requires = "images")]
    masks: Option<String>,
}

impl SetOptions {
    /// Opens a data set. One that names no labels (an `img_list`, a folder) is looked through for those that its masks hold.
    ///
    /// # Errors
    /// If there is none, or a file it names is missing.
    pub fn open(&self, path: &Path) -> Result<DataSet, Failure> {
        let mut set = DataSet::open_with(path, &self.options(false))?;
        if set.label_table.labels().is_empty() && set.cases.iter().any(|case| case.label.is_some()) {
            let progress = Progress::new("looking for labels");
            let report = set.check(&|_, _| true)?;
            drop(progress);
            set.adopt(&report);
        }
        Ok(set)
    }

    /// As the data set's reader wants them.
    #[must_use]
    pub fn options(&self, keep_missing: bool) -> Options {
        let pattern = self.images.clone().map(|images| Pattern { images, labels: self.masks.clone() });
        Options { data_root: self.data_root.clone(), pattern, keep_missing }
    }
}
