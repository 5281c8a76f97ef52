//! Operations on voxels (pieces, distances, morphology, resampling, surfaces) beside cc3d, edt, scipy, SimpleITK and scikit-image, on one
//! phantom. What both gave is compared.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use medley_volume::measure::{Operation, Outcome, Phantom};
use medley_volume::{LabelVoxels, Voxels};
use serde::Deserialize;
use serde_json::{Value, json};

use super::memory::held;
use super::partner::{Partner, Program};
use super::{Arguments, Failure, Progress, Row, median};

const PEERS: Program = Program {
    script: include_str!("../../../../tests/peers/voxels.py"),
    needs: "cc3d, edt, scipy, SimpleITK and scikit-image",
    name: "peers",
    ended: "a peer ended in the middle of the measurement; is there memory enough?",
};
/// A patch, and a chest and abdomen in slices of a millimetre.
const SHAPES: [[usize; 3]; 2] = [[256; 3], [512, 512, 500]];

/// Rows of the table, and what the peers are.
pub(super) fn measure(arguments: &Arguments, threads: usize) -> Result<(Vec<Row>, Option<String>), Failure> {
    let (mut rows, mut known) = (Vec::new(), None);
    for shape in SHAPES {
        let size = shape.map(|side| side.to_string()).join("×");
        let making = Progress::new(&format!("a phantom of {size}"));
        let phantom = Phantom::new(shape)?;
        let folder = tempfile::tempdir()?;
        let mut peers = if arguments.alone { None } else { Some(Peers::start(&arguments.python, &phantom, folder.path(), threads)?) };
        drop(making);
        for operation in Operation::ALL {
            let _progress = Progress::new(&format!("{size} {}", operation.name()));
            rows.extend(of_operation(operation, &size, &phantom, peers.as_mut(), folder.path(), arguments.rounds)?);
        }
        known = peers.as_ref().map(|peers| peers.versions.clone());
    }
    Ok((rows, known))
}

/// Ours and all peers in turn.
fn of_operation(
    operation: Operation,
    size: &str,
    phantom: &Phantom,
    mut peers: Option<&mut Peers>,
    folder: &Path,
    rounds: usize,
) -> Result<Vec<Row>, Failure> {
    let names = peers.as_ref().and_then(|peers| peers.of.get(operation.name()).cloned()).unwrap_or_default();
    let mut ours: Vec<Run> = Vec::new();
    let mut theirs: Vec<Vec<Run>> = vec![Vec::new(); names.len()];
    let mut agreements = vec![None; names.len()];
    // The first of each warms caches, and is what is compared.
    for round in 0..=rounds.max(1) {
        let (run, outcome) = run(operation, phantom)?;
        ours.extend((round > 0).then_some(run));
        let Some(peers) = peers.as_mut() else { continue };
        for (n, name) in names.iter().enumerate() {
            let run = peers.run(operation, name)?;
            if round > 0 {
                theirs[n].push(run);
            } else {
                agreements[n] = peers.agreement(&outcome, &folder.join("outcome.raw"))?;
            }
        }
    }
    let ours_s = median(ours.iter().map(|run| run.seconds).collect());
    let name = format!("{size} {}", operation.name());
    let ours_peak_bytes = ours.iter().filter_map(|run| run.peak).max();
    let alone = Row { name, ours_s, ours_peak_bytes, ..Row::default() };
    if names.is_empty() {
        return Ok(vec![alone]);
    }
    let beside = |(n, peer): (usize, &String)| Row {
        name: format!("{}, {peer}", alone.name),
        peer_s: Some(median(theirs[n].iter().map(|run| run.seconds).collect())),
        ratio: Some(median(ours.iter().zip(&theirs[n]).map(|(ours, theirs)| ours.seconds / theirs.seconds).collect())),
        peer_peak_bytes: theirs[n].iter().filter_map(|run| run.peak).max(),
        apart: agreements[n].clone(),
        ..alone.clone()
    };
    Ok(names.iter().enumerate().map(beside).collect())
}

/// One run of one side.
#[derive(Debug, Clone, Deserialize)]
struct Run {
    seconds: f64,
    /// Beyond what the process held before, the outcome included.
    peak: Option<u64>,
}

fn run(operation: Operation, phantom: &Phantom) -> Result<(Run, Outcome), Failure> {
    // Linux forgets the highest mark so far; where there is no such file the column stays empty.
    let before = std::fs::write("/proc/self/clear_refs", "5").ok().and_then(|()| held("VmRSS"));
    let start = Instant::now();
    let outcome = operation.run(phantom)?;
    let seconds = start.elapsed().as_secs_f64();
    let peak = before.and_then(|before| Some(held("VmHWM")?.saturating_sub(before)));
    Ok((Run { seconds, peak }, outcome))
}

/// The peers in a process of their own, asked for one operation at a time.
struct Peers {
    partner: Partner,
    /// Who can do which operation.
    of: BTreeMap<String, Vec<String>>,
    versions: String,
}

impl Peers {
    /// Starts them and gives them the phantom, in files of `folder`.
    fn start(python: &Path, phantom: &Phantom, folder: &Path, threads: usize) -> Result<Self, Failure> {
        let (partner, hello) = Partner::start(python, &PEERS, &given(phantom, folder, threads)?)?;
        let versions: BTreeMap<String, String> = serde_json::from_value(hello["versions"].clone())?;
        let versions = versions.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", ");
        Ok(Self { partner, of: serde_json::from_value(hello["peers"].clone())?, versions })
    }

    fn run(&mut self, operation: Operation, peer: &str) -> Result<Run, Failure> {
        Ok(serde_json::from_value(self.partner.ask(&json!({ "run": operation.name(), "peer": peer }))?)?)
    }

    /// How far the last outcome is from ours; nothing where both mean something else by it.
    fn agreement(&mut self, ours: &Outcome, path: &Path) -> Result<Option<String>, Failure> {
        if self.partner.ask(&json!({ "keep": path }))?["kept"] != true {
            return Ok(None);
        }
        let theirs = std::fs::read(path)?;
        std::fs::remove_file(path)?;
        Ok(Some(ours.agreement(&theirs).to_string()))
    }
}

/// The phantom as files, and what to do with it.
fn given(phantom: &Phantom, folder: &Path, threads: usize) -> Result<Value, Failure> {
    let [labels, volume] = ["labels.raw", "volume.raw"].map(|name| folder.join(name));
    if let LabelVoxels::U8(values) = phantom.labels.voxels() {
        std::fs::write(&labels, values)?;
    }
    if let Voxels::I16(values) = phantom.volume.voxels() {
        std::fs::write(&volume, values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    let (grid, coarser) = (phantom.labels.grid(), &phantom.coarser);
    let origin = coarser.ras_from_voxel().translation.to_array();
    Ok(json!({
        "labels": labels, "volume": volume, "shape": grid.shape(), "spacing": grid.spacing(),
        "coarser": { "shape": coarser.shape(), "spacing": coarser.spacing(), "origin": origin },
        "radius_mm": Operation::RADIUS_MM, "reach": Operation::REACH, "sigma_mm": Operation::SIGMA_MM, "threads": threads,
    }))
}
