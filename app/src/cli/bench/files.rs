//! Opening scans, beside nibabel and SimpleITK. Each run is a process of its own, so that memory can be compared too; the time is
//! that of opening alone. nibabel maps plain files: it is made to look at every voxel once.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use medley_io::StoredGeometry;
use medley_volume::resample::{CanonicalArray, resize_linear};
use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};
use serde::{Deserialize, Serialize};

use super::memory::held;
use super::{Answer, Arguments, Failure, Progress, Row, median};
use crate::sample;

const SCRIPT: &str = include_str!("file_peer.py");
/// Size of the scans that are made: a chest and abdomen in slices of a millimetre.
const SHAPE: [usize; 3] = [512, 512, 500];

/// One opening.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Opening {
    #[serde(default)]
    version: String,
    seconds: f64,
    bytes: u64,
    /// Beyond what the process held before.
    peak: Option<u64>,
    /// The largest value: what was read was looked at.
    total: f64,
}

/// Opens a scan in this process and tells of it.
pub(super) fn open_once(path: &Path) -> Result<Answer, Failure> {
    let before = held("VmRSS");
    let start = Instant::now();
    let opened = medley_io::open_volume(path)?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = before.and_then(|before| Some(held("VmHWM")?.saturating_sub(before)));
    let total = opened.volume.summary().max;
    let opening = Opening { version: String::new(), seconds, bytes: opened.volume.voxels().byte_len() as u64, peak, total };
    let text = format!("{seconds:.3} s");
    Answer::new(&opening, text)
}

/// Rows of the table, and what the peers are.
pub(super) fn measure(arguments: &Arguments) -> Result<(Vec<Row>, Option<String>), Failure> {
    let made;
    let files = if arguments.file.is_empty() {
        made = tempfile::tempdir()?;
        make(made.path())?
    } else {
        arguments.file.clone()
    };
    let (mut rows, mut peers) = (Vec::new(), Vec::new());
    for file in &files {
        let name = file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned());
        let _progress = Progress::new(&name);
        // nibabel reads no folders.
        let readers: &[&str] = match arguments.alone {
            true => &[],
            false if file.is_dir() => &["simpleitk"],
            false => &["nibabel", "simpleitk"],
        };
        let (mut ours, mut theirs) = (Vec::new(), vec![Vec::new(); readers.len()]);
        for round in 0..=arguments.rounds.max(1) {
            let mine = of_ours(file)?;
            let others = readers.iter().map(|reader| of_peer(&arguments.python, reader, file)).collect::<Result<Vec<_>, _>>()?;
            // The first brings the file into the system's cache.
            if round > 0 {
                ours.push(mine);
                others.into_iter().zip(&mut theirs).for_each(|(opening, all)| all.push(opening));
            }
        }
        let ours_s = median(ours.iter().map(|opening| opening.seconds).collect());
        let ours_peak_bytes = ours.iter().filter_map(|opening| opening.peak).max();
        let ours_computed_bytes = ours.first().map(|opening| opening.bytes);
        let alone = Row { name: name.clone(), ours_s, ours_peak_bytes, ours_computed_bytes, ..Row::default() };
        if readers.is_empty() {
            rows.push(alone);
            continue;
        }
        for (reader, theirs) in readers.iter().zip(theirs) {
            let version = theirs.first().map(|opening| opening.version.clone()).unwrap_or_default();
            let known = format!("{reader} {version}");
            if !peers.contains(&known) {
                peers.push(known);
            }
            rows.push(Row {
                name: format!("{name}, {reader}"),
                ours_s,
                peer_s: Some(median(theirs.iter().map(|opening| opening.seconds).collect())),
                ratio: Some(median(ours.iter().zip(&theirs).map(|(ours, theirs)| ours.seconds / theirs.seconds).collect())),
                ours_peak_bytes,
                ours_computed_bytes,
                peer_peak_bytes: theirs.iter().filter_map(|opening| opening.peak).max(),
                apart: None,
            });
        }
    }
    Ok((rows, (!peers.is_empty()).then(|| peers.join(", "))))
}

fn of_ours(file: &Path) -> Result<Opening, Failure> {
    let output = Command::new(std::env::current_exe()?).args(["bench", "io", "--json", "--open-once"]).arg(file).output()?;
    if !output.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn of_peer(python: &Path, reader: &str, file: &Path) -> Result<Opening, Failure> {
    let missing = |reason: &str| {
        let python = python.display();
        let advice = "name one that can with --python, or leave peers out with --alone";
        Failure::new(format!("{python} cannot open {} with {reader} ({reason}); {advice}", file.display()))
    };
    let run = Command::new(python).args(["-c", SCRIPT, reader]).arg(file).output().map_err(|error| missing(&error.to_string()))?;
    if !run.status.success() {
        let errors = String::from_utf8_lossy(&run.stderr);
        return Err(missing(errors.lines().last().unwrap_or("it ended")));
    }
    Ok(serde_json::from_slice(&run.stdout)?)
}

/// A CT of full size, plain and packed, and its mask: the bundled one made finer, with the noise that a scanner would add.
fn make(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let _progress = Progress::new("scans of 512×512×500");
    let (volume, mask) = (sample::FIRST.scan()?.volume, sample::FIRST.reference()?.labels);
    let grid = Grid::axis_aligned(SHAPE, [0.8, 0.8, 1.0])?;
    let small = volume.grid().shape();
    let mut finer = resize_linear(&CanonicalArray { shape: small, values: volume.to_f32() }, SHAPE);
    let mut state = 1u32;
    // Marsaglia's xorshift: noise that no packer can guess.
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state % 25) as f32 - 12.0
    };
    let values = finer.values.drain(..).map(|value| (value + noise()).round() as i16).collect();
    let scan = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield)?;
    let classes: Vec<u16> = (0..mask.len()).map(|offset| mask.at(offset)).collect();
    let fine = medley_volume::resample::resize_nearest(&classes, small, SHAPE);
    let mut labels = LabelMap::empty(grid);
    fine.iter().enumerate().for_each(|(offset, &label)| labels.set(offset, label));
    let geometry = StoredGeometry::of_grid(&grid);
    // Not side by side: SimpleITK takes `ct.nii` for `ct.nii.gz` where both are there.
    std::fs::create_dir(folder.join("packed"))?;
    let [plain, packed, mask] = ["ct.nii", "packed/ct.nii.gz", "packed/mask.nii.gz"].map(|name| folder.join(name));
    medley_io::write_volume(&plain, &scan, &geometry)?;
    medley_io::write_volume(&packed, &scan, &geometry)?;
    medley_io::write_labels(&mask, &labels, &geometry)?;
    Ok(vec![plain, packed, mask])
}
