//! Running the program, and small files for it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use medley_io::StoredGeometry;
use medley_volume::glam::{DAffine3, DMat3, DVec3};
use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};
use serde_json::Value;

/// What a run of the program left.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs the program.
pub fn medley<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_medley")).env("MEDLEY_RUNS", "off").args(arguments).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs the program with `folder` for its data and `variables` in its environment, and no hub or proxy but those.
pub fn medley_in<A: AsRef<OsStr>>(folder: &Path, variables: &[(&str, &str)], arguments: impl IntoIterator<Item = A>) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medley"));
    for name in ["MEDLEY_HUB", "HF_ENDPOINT", "MEDLEY_WEIGHTS_DIR", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        command.env_remove(name);
    }
    let output = command
        .current_dir(folder)
        .env("MEDLEY_DATA_DIR", folder)
        .envs(variables.iter().copied())
        .args(arguments)
        .output()
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// [`medley_in`] with `--json`: its answer. It must succeed.
pub fn answer_in<A: AsRef<OsStr>>(folder: &Path, variables: &[(&str, &str)], arguments: impl IntoIterator<Item = A>) -> Value {
    let arguments: Vec<_> = arguments.into_iter().map(|a| a.as_ref().to_owned()).chain([OsStr::new("--json").to_owned()]).collect();
    let run = medley_in(folder, variables, &arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

/// Runs the program with `--json` and returns its answer. It must succeed.
pub fn answer<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Value {
    let arguments: Vec<_> = arguments.into_iter().map(|a| a.as_ref().to_owned()).chain([OsStr::new("--json").to_owned()]).collect();
    let run = medley(&arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {run:?}");
    assert_eq!(run.out.trim_end().lines().count(), 1, "one object on one line: {}", run.out);
    serde_json::from_str(&run.out).expect("JSON")
}

impl Run {
    /// Fails unless the run failed as it should: exit code 1, nothing on standard output, one sentence on standard error that
    /// names `file`, and no trace of a panic.
    pub fn assert_refused(&self, file: &str) {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        assert_eq!(self.err.trim_end().lines().count(), 1, "one sentence: {self:?}");
        assert!(self.err.starts_with("medley: ") && self.err.contains(file), "it names {file}: {self:?}");
        assert!(!self.err.contains("panicked") && !self.err.contains("backtrace"), "{self:?}");
    }
}

/// A left-posterior-superior grid with uneven spacing and an origin off the lattice.
pub fn lps_grid(shape: [usize; 3]) -> Grid {
    let matrix3 = DMat3::from_cols(DVec3::new(-1.5, 0.0, 0.0), DVec3::new(0.0, -2.0, 0.0), DVec3::new(0.0, 0.0, 2.5));
    Grid::new(shape, DAffine3 { matrix3, translation: DVec3::new(31.25, 44.5, -807.75) }).expect("a grid")
}

/// A CT of air with a warm block in it, and the block as label 1; a smaller block inside is label 3.
pub fn phantom(grid: Grid, shift: usize) -> (Volume, LabelMap) {
    let shape = grid.shape();
    let mut values = vec![-1000i16; grid.len()];
    let mut mask = LabelMap::empty(grid);
    for (offset, value) in values.iter_mut().enumerate() {
        let at = [offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]];
        let inside = |low: usize, high: usize| (0..3).all(|axis| at[axis] * 8 >= shape[axis] * low && at[axis] * 8 < shape[axis] * high);
        // A little texture, the same on every run.
        let grain = ((offset + shift) * 7919 % 13) as i16;
        if inside(2, 6) {
            (*value, _) = (60 + grain, mask.set(offset, 1));
        } else {
            *value += grain;
        }
        if inside(3, 5) {
            (*value, _) = (220 + grain, mask.set(offset, 3));
        }
    }
    (Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits"), mask)
}

/// Writes a scan and its mask as `NAME.nii.gz` and `NAME_mask.nii.gz`.
pub fn write_case(folder: &Path, name: &str, (volume, mask): &(Volume, LabelMap)) -> [PathBuf; 2] {
    let paths = [folder.join(format!("{name}.nii.gz")), folder.join(format!("{name}_mask.nii.gz"))];
    let geometry = StoredGeometry::of_grid(volume.grid());
    medley_io::write_volume(&paths[0], volume, &geometry).expect("written");
    medley_io::write_labels(&paths[1], mask, &geometry).expect("written");
    paths
}

/// A mask from runs of labels along `i` on a grid of one row, 1 × 1 × 1 mm.
pub fn write_line(path: &Path, labels: &[u16]) {
    let grid = Grid::axis_aligned([labels.len(), 1, 1], [1.0; 3]).expect("a grid");
    let mut mask = LabelMap::empty(grid);
    labels.iter().enumerate().for_each(|(offset, &label)| mask.set(offset, label));
    medley_io::write_labels(path, &mask, &StoredGeometry::of_grid(&grid)).expect("written");
}

/// The 4 × 4 affine of an answer.
pub fn affine(answer: &Value) -> Vec<f64> {
    let rows = answer["affine"].as_array().expect("rows");
    rows.iter().flat_map(|row| row.as_array().expect("a row")).map(|cell| cell.as_f64().expect("a number")).collect()
}
