//! The window and the command line of Medley.
//!
//! # Map
//! - [`cli`]: one file per subcommand
//! - [`window`]: the native window; [`panels`]: what it shows; [`dialogs`]; [`command`]: every user action once
//! - [`state`]: what is open, selected and running
//! - [`render`]: drives the shaders
//! - [`sample`]: the study and the encoder that come with the program; [`places`]: where things are kept; [`stem`], [`clock`]; `allocation`
//! - [`run_log`]: what a training tells, on its way into the table of trainings
//! - [`texts`]: what a person reads in the window, in one place; [`theme`]: how it looks
//! - [`catalog`]: the released encoders; [`hub`]: fetching and keeping them
//!
//! # Invariants
//! 1. The window's thread never waits: files are read by the clerk's thread, tensors live on the worker's.
//! 2. A mask changes only through [`state::open_case::OpenCase`], by Edits that the clerk journals before the next one begins.
//! 3. Every action of the user is a [`command::Command`] or a gesture in a view; panels keep no state.

mod allocation;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod command;
pub mod dialogs;
pub mod hub;
pub mod panels;
pub mod places;
pub mod render;
pub mod run_log;
pub mod sample;
pub mod state;
pub mod stem;
#[cfg(test)]
mod testing;
pub mod texts;
pub mod theme;
pub mod window;

/// Runs the program with the process's arguments.
#[must_use]
pub fn run() -> std::process::ExitCode {
    allocation::keep_buffers();
    cli::main()
}
