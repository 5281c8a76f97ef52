//! The command line as a process: answers, exit codes, files.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod demo;
mod evaluate;
mod features;
mod fetch;
mod heads;
mod hostile;
#[path = "../../../tests/hub/mod.rs"]
mod hub;
mod images;
mod learning;
mod provenance;
mod runs;
mod support;
mod tasks;
mod training;
mod weights;
