use std::path::PathBuf;

use super::file_names::model_file;
use super::{Answer, Failure};

/// Looks into weight files
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Says what network a file of weights fits: depth, shortcut, width, and every key that is missing, unused or mis-shaped
    Inspect {
        /// A `.pth`, `.pth.tar` or `.safetensors` file, or a folder that `finetune` or `pretrain` wrote
        file: PathBuf,
    },
}

/// `medley weights …`.
///
/// # Errors
/// If the file is no file of weights.
pub fn run(command: &Command) -> Result<Answer, Failure> {
    let Command::Inspect { file } = command;
    let inspection = medley_nn::weights::inspect(&model_file(file))?;
    let text = describe(&inspection);
    Answer::new(&inspection, text)
}

/// An inspection as people read it.
#[must_use]
pub fn describe(inspection: &medley_nn::weights::Inspection) -> String {
    let mut text = format!(
        "3D ResNet-{}, shortcut {}, base width {}\n{} tensors of the encoder found\n",
        inspection.depth, inspection.shortcut, inspection.base_width, inspection.matched
    );
    for (title, keys) in [("missing", &inspection.missing), ("unused", &inspection.unused), ("mis-shaped", &inspection.misshaped)] {
        text.push_str(&format!("{title}: {}\n", if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }));
    }
    text.push_str(&format!("SHA-256 {}\n", inspection.sha256));
    text
}
