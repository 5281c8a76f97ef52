//! The command line: the same work as in the window, without one.
//!
//! # Map
//! - [`run`]: from arguments to an answer; [`Arguments`] is what is understood
//! - one file per subcommand, each with its `Arguments` and a `run` that returns an [`Answer`]
//! - [`output`]: JSON or text; [`Failure`]: the one sentence of a failure; `progress`: the bar on standard error
//! - `cases`: data sets on disk as something to learn from; `options`: what training commands share
//!
//! # Invariants
//! 1. Standard output carries the answer and nothing else; with `--json` it is one JSON object on one line.
//! 2. Exit code 0: done. 1: not done, and one sentence on standard error says why. 2: the arguments make no sense.
//! 3. No file that was read is overwritten; another existing one only with `--force`.

mod cases;
mod content;
mod convert;
mod demo;
mod devices;
mod evaluate;
mod failure;
mod file_names;
mod finetune;
mod info;
mod options;
pub mod output;
mod predict;
mod pretrain;
mod progress;
mod weights;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use failure::Failure;
pub use output::{Answer, Table};

/// Labels CT and MR scans, and trains networks to do it
///
/// Without a subcommand the window opens, on the bundled sample study or on PATH.
#[derive(Debug, Parser)]
#[command(name = "medley", version, args_conflicts_with_subcommands = true, subcommand_precedence_over_arg = true)]
pub struct Arguments {
    /// A scan or a study folder to open in the window
    path: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
    /// Answer with one JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Info(info::Arguments),
    Convert(convert::Arguments),
    #[command(subcommand)]
    Weights(weights::Command),
    Pretrain(pretrain::Arguments),
    Finetune(finetune::Arguments),
    Predict(predict::Arguments),
    Evaluate(evaluate::Arguments),
    /// Lists what can compute here
    Devices,
    Demo(demo::Arguments),
}

/// Runs the program with the arguments it was started with.
#[must_use]
pub fn main() -> ExitCode {
    let status = run(std::env::args_os(), &mut std::io::stdout(), &mut std::io::stderr());
    ExitCode::from(status)
}

/// Runs the program with `arguments`, the first being its own name. Returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(usage) => return explain(&usage, out, err),
    };
    let is_json = arguments.json;
    let result = match arguments.command {
        None => open_window(arguments.path).map(|()| None),
        Some(command) => perform(command).map(Some),
    };
    match result.and_then(|answer| answer.map_or(Ok(()), |answer| answer.write(is_json, out))) {
        Ok(()) => 0,
        Err(failure) => {
            // Nobody is left to be told if standard error is closed.
            let _ = writeln!(err, "medley: {}", failure.sentence());
            1
        }
    }
}

fn perform(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Info(arguments) => info::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Weights(command) => weights::run(&command),
        Command::Pretrain(arguments) => pretrain::run(&arguments),
        Command::Finetune(arguments) => finetune::run(&arguments),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Devices => devices::run(),
        Command::Demo(arguments) => demo::run(&arguments),
    }
}

/// Help and version go to standard output, mistakes to standard error.
fn explain(usage: &clap::Error, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let text = usage.render();
    if usage.use_stderr() {
        let _ = write!(err, "{text}");
        return 2;
    }
    let _ = write!(out, "{text}");
    0
}

fn open_window(path: Option<PathBuf>) -> Result<(), Failure> {
    let first = path.map_or(crate::state::OpenFirst::Sample, crate::state::OpenFirst::Path);
    crate::window::open(first).map_err(Failure::new)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn said(arguments: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = std::iter::once("medley").chain(arguments.iter().copied()).map(OsString::from);
        let status = run(arguments, &mut out, &mut err);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (status, text(out), text(err))
    }

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_goes_to_standard_output_and_mistakes_to_standard_error() {
        let (status, out, err) = said(&["--help"]);
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.contains("finetune") && out.contains("demo"));
        let (status, out, err) = said(&["info"]);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(err.contains("FILE"), "{err}");
        assert_eq!(said(&["convert", "a.nii", "b.nii", "--wrong"]).0, 2);
        assert_eq!(said(&["finetune", "x", "-o", "y", "--device", "abacus"]).0, 2);
    }

    #[test]
    fn a_failure_is_one_sentence_on_standard_error() {
        let (status, out, err) = said(&["info", "no/such/file.nii", "--json"]);
        assert_eq!((status, out.as_str()), (1, ""));
        assert!(err.starts_with("medley: ") && err.contains("no/such/file.nii") && err.trim_end().lines().count() == 1, "{err}");
    }

    #[test]
    fn a_path_opens_the_window_and_a_subcommand_does_not() {
        let window = Arguments::try_parse_from(["medley", "scan.nii.gz"]).expect("a path");
        assert!(window.command.is_none() && window.path.is_some());
        let command = Arguments::try_parse_from(["medley", "devices", "--json"]).expect("a subcommand");
        assert!(command.json && command.path.is_none());
    }
}
