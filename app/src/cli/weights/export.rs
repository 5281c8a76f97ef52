use std::path::PathBuf;

use medley_nn::weights::{ExportOptions, Exported, Precision, WeightsFile};
use serde::Serialize;

use crate::cli::file_names::{require_writable, weights_path};
use crate::cli::{Answer, Failure};

/// Writes weights as a `.pth` that PyTorch reads with `torch.load(weights_only=True)`, or as `.safetensors`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Any file of weights, a folder that `finetune` or `pretrain` wrote, or the name of kept weights
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The new file; its ending (`.pth`, `.pt`, `.pth.tar` or `.safetensors`) says the format
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Write all floating-point numbers as `f32`, `f16` or `bf16`; as they are, unless given
    #[arg(long)]
    precision: Option<Precision>,
    /// Leave the head out
    #[arg(long)]
    encoder_only: bool,
    /// Put this before every name; the reference's own programs expect `module.`
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    prefix: String,
    /// Put the dictionary under this key of an outer one; the reference's own programs expect `state_dict`
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Write a network that lacks parts, too
    #[arg(long)]
    allow_partial: bool,
    /// Replace OUT if it is there already
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    path: String,
    bytes: u64,
    sha256: String,
    #[serde(flatten)]
    exported: Exported,
}

/// `medley weights export IN OUT`.
///
/// # Errors
/// If the file is no file of weights, is not whole, or cannot be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let Arguments { output, precision, encoder_only, prefix, key, allow_partial, force, .. } = arguments;
    let input = weights_path(&arguments.input)?;
    require_writable(output, &[&input], *force)?;
    let options = ExportOptions {
        precision: *precision,
        is_encoder_only: *encoder_only,
        prefix: prefix.clone(),
        top_level: key.clone(),
        allow_partial: *allow_partial,
    };
    let exported = WeightsFile::open(&input)?.export(output, &options)?;
    let bytes = std::fs::metadata(output)?.len();
    let report = Report { path: output.display().to_string(), bytes, sha256: crate::hub::file_sha256(output)?, exported };
    let text = text(&report);
    Answer::new(&report, text)
}

fn text(report: &Report) -> String {
    let Report { path, bytes, sha256, exported } = report;
    let mut text = format!("{path}: {}, {} tensors, {bytes} bytes\nSHA-256 {sha256}\n", exported.architecture, exported.tensors);
    if !exported.coverage.is_whole() {
        text.push_str(&format!("note: {}\n", exported.coverage));
    }
    if !exported.left_out.is_empty() {
        text.push_str(&format!("left out: {}\n", exported.left_out.join(", ")));
    }
    text
}
