//! `medley weights …`: looking into weights, writing them in other formats, fetching and keeping them.

mod export;
mod inspect;
mod kept;

use std::path::PathBuf;

use super::file_names::weights_path;
use super::{Answer, Failure};

pub use inspect::WeightsReport;

/// Looks into files of weights, converts, fetches and keeps them
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Says what network a file of weights fits, and every key that is missing, unused or mis-shaped
    Inspect {
        /// A `.pth`, `.pth.tar` or `.safetensors` file, a folder that `finetune` or `pretrain` wrote, or the name of kept weights
        file: PathBuf,
    },
    Export(export::Arguments),
    Fetch(kept::FetchArguments),
    Import(kept::ImportArguments),
    List(kept::ListArguments),
}

/// `medley weights …`.
///
/// # Errors
/// As each subcommand says.
pub fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::Inspect { file } => {
            let report = WeightsReport::of(&weights_path(file)?)?;
            let text = report.text();
            Answer::new(&report, text)
        }
        Command::Export(arguments) => export::run(arguments),
        Command::Fetch(arguments) => kept::fetch(arguments),
        Command::Import(arguments) => kept::import(arguments),
        Command::List(arguments) => kept::list(arguments),
    }
}
