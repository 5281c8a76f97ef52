use std::path::PathBuf;

/// What the path of a data set does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Where the paths of an `img_list` start; `None`: in the list's folder, or in the folder above if none of its files is in the
    /// first and one is in the second.
    pub data_root: Option<PathBuf>,
    /// How scans and masks of a folder are called; `None`: as in one of the common layouts.
    pub pattern: Option<Pattern>,
    /// Whether cases whose files are missing stay in the list, with a notice, so that [`DataSet::check`](super::DataSet::check) can
    /// name each. Without it a missing file is an error.
    pub keep_missing: bool,
}

/// How the files of a case are called, relative to the data set's folder and with `/` between folders: `{case}` stands for the same
/// text, which is never empty and holds no `/`, wherever it occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Scans, such as `scans/{case}/{case}_t1.nii.gz`.
    pub images: String,
    /// Masks, such as `masks/{case}.nii.gz`; `None` if there are none.
    pub labels: Option<String>,
}
