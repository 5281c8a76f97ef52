//! The command line: the same work as in the window, without one.
//!
//! # Map
//! - [`run`]: from arguments to an answer; [`Arguments`] is what is understood
//! - one file per subcommand, each with its `Arguments` and a `run` that returns an [`Answer`]
//! - [`output`]: JSON or text; [`Failure`]: the one sentence of a failure; `progress`: the bar on standard error
//! - `cases`: data sets on disk as something to learn from; `class_table`, `classified`: scans with classes; `options`: what training commands share
//!
//! # Invariants
//! 1. Standard output carries the answer and nothing else; with `--json` it is one JSON object on one line.
//! 2. Exit code 0: done. 1: not done, and one sentence on standard error says why. 2: the arguments make no sense.
//! 3. No file that was read is overwritten; another existing one only with `--force`.

mod bench;
mod cases;
mod check;
mod class_table;
mod classified;
mod compare;
mod content;
mod convert;
mod demo;
mod devices;
mod evaluate;
mod evaluate_boxes;
mod failure;
mod feature_files;
mod features;
mod file_names;
mod finetune;
mod finetune_task;
mod info;
mod learning_options;
mod options;
pub mod output;
mod plan;
mod predict;
mod predict_task;
mod pretrain;
mod progress;
mod provenance;
mod runs;
mod set_options;
mod training_log;
mod weights;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::state::workbench::OpenFirst;

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
    Check(check::Arguments),
    Convert(convert::Arguments),
    #[command(subcommand)]
    Weights(weights::Command),
    Features(features::Arguments),
    Pretrain(pretrain::Arguments),
    Finetune(Box<finetune::Arguments>),
    Plan(plan::Arguments),
    Compare(compare::Arguments),
    Predict(predict::Arguments),
    Evaluate(evaluate::Arguments),
    Provenance(provenance::Arguments),
    #[command(subcommand)]
    Runs(runs::Command),
    /// Lists what can compute here
    Devices,
    Demo(demo::Arguments),
    Bench(bench::Arguments),
}

/// What is left to do when the arguments have been seen to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: this is the exit code.
    Ended(u8),
    /// The window is to be opened.
    Window(OpenFirst),
}

/// Runs the program with the arguments it was started with.
#[must_use]
pub fn main() -> ExitCode {
    match run(std::env::args_os(), &mut std::io::stdout(), &mut std::io::stderr()) {
        Outcome::Ended(code) => ExitCode::from(code),
        Outcome::Window(first) => crate::window::open(first),
    }
}

/// Runs the program with `arguments`, the first being its own name, except for opening a window.
pub fn run(arguments: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> Outcome {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(usage) => return Outcome::Ended(explain(&usage, out, err)),
    };
    let command = match arguments.command {
        None => return Outcome::Window(arguments.path.map_or(OpenFirst::Sample, OpenFirst::Path)),
        Some(Command::Demo(demo)) if demo.wants_window() => return Outcome::Window(OpenFirst::Sample),
        Some(command) => command,
    };
    match perform(command).and_then(|answer| answer.write(arguments.json, out)) {
        Ok(()) => Outcome::Ended(0),
        Err(failure) => {
            output::say(err, failure.sentence());
            Outcome::Ended(1)
        }
    }
}

fn perform(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Info(arguments) => info::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Weights(command) => weights::run(&command),
        Command::Features(arguments) => features::run(&arguments),
        Command::Pretrain(arguments) => pretrain::run(&arguments),
        Command::Finetune(arguments) => finetune::run(&arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Provenance(arguments) => provenance::run(&arguments),
        Command::Runs(command) => runs::run(&command),
        Command::Devices => devices::run(),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    pub(super) fn said(arguments: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = std::iter::once("medley").chain(arguments.iter().copied()).map(OsString::from);
        let Outcome::Ended(code) = run(arguments, &mut out, &mut err) else { panic!("a window was asked for") };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (code, text(out), text(err))
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
    fn a_path_opens_the_window_and_so_does_the_demo_unless_it_is_headless() {
        let opened = |arguments: &[&str]| run(arguments.iter().map(OsString::from), &mut Vec::new(), &mut Vec::new());
        assert_eq!(opened(&["medley"]), Outcome::Window(OpenFirst::Sample));
        assert_eq!(opened(&["medley", "scan.nii.gz"]), Outcome::Window(OpenFirst::Path("scan.nii.gz".into())));
        assert_eq!(opened(&["medley", "demo"]), Outcome::Window(OpenFirst::Sample));
        assert_eq!(opened(&["medley", "scan.nii.gz", "info"]), Outcome::Ended(2));
    }
}
