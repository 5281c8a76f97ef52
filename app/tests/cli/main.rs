//! The command line as a process: answers, exit codes, files.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod demo;
mod evaluate;
mod features;
mod fetch;
mod hostile;
#[path = "../../../tests/hub/mod.rs"]
mod hub;
mod images;
mod support;
mod training;
mod weights;
