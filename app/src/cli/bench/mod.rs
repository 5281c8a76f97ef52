//! `medley bench`: our own speed beside that of others.
//!
//! # Map
//! - `convolutions`, `networks`: what is measured; `peer`, `peer.py`: PyTorch, asked in turn with ours
//! - `files`, `file_peer.py`: opening scans, beside nibabel and SimpleITK
//! - `frames`: the window on a large scan; `screenless`: the window without a screen
//! - `voxels`, `tests/peers/voxels.py`: operations on masks and scans, beside cc3d, edt, scipy, SimpleITK and scikit-image
//!
//! Ours and the peer run in turn, again and again; a table has the median of each and the median of their ratios, so that what
//! else the machine does meets both.

mod convolutions;
mod files;
mod frames;
mod memory;
mod networks;
mod partner;
mod peer;
mod screenless;
mod voxels;

use std::path::PathBuf;
use std::time::Instant;

use clap::ValueEnum;
use medley_learn::DeviceChoice;
use medley_nn::{Checkpointing, Depth};
use serde::Serialize;

use super::Failure;
use super::output::{Answer, Table};
use super::progress::Progress;
use peer::Peer;

/// Measures this program's speed on this machine, beside that of others where they are installed
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to measure
    #[arg(value_enum, default_value = "encoder")]
    name: Name,
    /// Python with PyTorch; for io with nibabel and SimpleITK; for voxels with what tests/peers/voxels.py imports
    #[arg(long, default_value = "python3", value_name = "PATH")]
    python: PathBuf,
    /// Without a peer
    #[arg(long)]
    alone: bool,
    /// Threads of both; all processors unless said otherwise
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How often each is measured
    #[arg(long, default_value_t = 9, value_name = "N")]
    rounds: usize,
    /// Where ours computes (encoder): cpu, gpu, gpu:N or auto
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    device: DeviceChoice,
    /// Depths (encoder)
    #[arg(long, value_delimiter = ',', default_values = ["10", "50"], value_name = "N,…")]
    depth: Vec<Depth>,
    /// Base widths
    #[arg(long, value_delimiter = ',', default_values_t = [64, 16], value_name = "N,…")]
    base_width: Vec<usize>,
    /// Edges of the input, voxels
    #[arg(long, value_delimiter = ',', default_values_t = [64, 96], value_name = "N,…")]
    size: Vec<usize>,
    /// What a training step of ours keeps (encoder): off, blocks, blocks-16bit
    #[arg(long, value_delimiter = ',', default_values = ["off"], value_name = "off|blocks|blocks-16bit,…")]
    checkpointing: Vec<Checkpointing>,
    /// Scans to open in place of those that are made (io)
    #[arg(long, value_delimiter = ',', value_name = "FILE,…")]
    file: Vec<PathBuf>,
    /// A fine-tuning on the processor beside it (frames)
    #[arg(long)]
    beside_training: bool,
    /// One opening, in a process of its own
    #[arg(long, hide = true, value_name = "FILE")]
    open_once: Option<PathBuf>,
    /// One training step's memory, in a process of its own
    #[arg(long, hide = true)]
    memory_of_step: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Every convolution of ResNet-10
    Conv3d,
    /// Whole networks with the reference's head: forward, and a training step with its memory
    Encoder,
    /// Opening scans
    Io,
    /// Pieces, distances, morphology, resampling and surfaces of a phantom
    Voxels,
    /// Frames of the window on a scan of 512×512×500, drawn without a screen
    Frames,
}

/// One measurement.
#[derive(Debug, Clone, Default, Serialize)]
struct Row {
    name: String,
    ours_s: f64,
    peer_s: Option<f64>,
    ratio: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ours_peak_bytes: Option<u64>,
    /// What was to be expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    ours_computed_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_peak_bytes: Option<u64>,
    /// How far both outcomes are from each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    apart: Option<String>,
}

#[derive(Debug, Serialize)]
struct Report {
    machine: String,
    instructions: &'static str,
    threads: usize,
    peer: Option<String>,
    rows: Vec<Row>,
}

/// `medley bench`.
///
/// # Errors
/// If the peer is wanted and not there, or a device fails.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    if arguments.memory_of_step {
        return pool.install(|| memory::of_this_process(arguments));
    }
    if let Some(file) = &arguments.open_once {
        return files::open_once(file);
    }
    let torch = || if arguments.alone { Ok(None) } else { Peer::start(&arguments.python, threads).map(Some) };
    let known = |peer: Option<Peer>| peer.map(|peer| format!("PyTorch {}", peer.version));
    let (rows, peer) = match arguments.name {
        Name::Io => files::measure(arguments)?,
        // Has a table of its own.
        Name::Frames => return frames::run(arguments),
        Name::Voxels => pool.install(|| voxels::measure(arguments, threads))?,
        Name::Conv3d => {
            let mut peer = torch()?;
            (pool.install(|| convolutions::measure(arguments, peer.as_mut()))?, known(peer))
        }
        Name::Encoder => {
            let mut peer = torch()?;
            (pool.install(|| networks::measure(arguments, peer.as_mut(), threads))?, known(peer))
        }
    };
    let report = Report { machine: machine(), instructions: medley_kernels::instructions(), threads, peer, rows };
    let text = text(&report);
    Answer::new(&report, text)
}

/// Measures ours and the peer in turn. `ours` runs once; the peer runs what it was given.
fn in_turn(
    name: String,
    rounds: usize,
    mut peer: Option<(&mut Peer, &str)>,
    mut ours: impl FnMut() -> Result<(), Failure>,
) -> Result<Row, Failure> {
    let _progress = Progress::new(&name);
    let mut times = Vec::with_capacity(rounds);
    // The first of each warms caches and allocators.
    for round in 0..=rounds.max(1) {
        let start = Instant::now();
        ours()?;
        let mine = start.elapsed().as_secs_f64();
        let theirs = peer.as_mut().map(|(peer, what)| peer.run(what)).transpose()?;
        if round > 0 {
            times.push((mine, theirs));
        }
    }
    let ours_s = median(times.iter().map(|(ours, _)| *ours).collect());
    let peers: Vec<f64> = times.iter().filter_map(|(_, peer)| *peer).collect();
    let ratios: Vec<f64> = times.iter().filter_map(|(ours, peer)| Some(ours / (*peer)?)).collect();
    let some = |numbers: Vec<f64>| (!numbers.is_empty()).then(|| median(numbers));
    Ok(Row { name, ours_s, peer_s: some(peers), ratio: some(ratios), ..Row::default() })
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

fn machine() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim().to_owned()));
    model.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

fn text(report: &Report) -> String {
    let peer = report.peer.as_deref().unwrap_or("no peer");
    let mut text = format!("{}, {} threads, {}; {peer}\n\n", report.machine, report.threads, report.instructions);
    let mut table = Table::new(["", "ours ms", "peer ms", "ratio", "ours MiB", "expected MiB", "peer MiB", "apart"]);
    let milliseconds = |seconds: f64| format!("{:.1}", seconds * 1e3);
    let dash = || "–".to_owned();
    let mebibytes = |bytes: Option<u64>| bytes.map_or_else(dash, |bytes| (bytes >> 20).to_string());
    for row in &report.rows {
        table.row([
            row.name.clone(),
            milliseconds(row.ours_s),
            row.peer_s.map_or_else(dash, milliseconds),
            row.ratio.map_or_else(dash, |ratio| format!("{ratio:.2}")),
            mebibytes(row.ours_peak_bytes),
            mebibytes(row.ours_computed_bytes),
            mebibytes(row.peer_peak_bytes),
            row.apart.clone().unwrap_or_else(dash),
        ]);
    }
    text.push_str(&table.to_string());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_slow_run() {
        assert_eq!(median(vec![3.0, 1.0, 100.0]), 3.0);
        assert!(median(Vec::new()).is_nan());
    }
}
