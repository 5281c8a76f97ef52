//! PyTorch in a process of its own, asked for one measurement at a time, so that both sides run in the same minutes.

use std::path::Path;

use serde_json::{Value, json};

use super::partner::{Partner, Program};
use crate::cli::Failure;

const PYTORCH: Program = Program {
    script: include_str!("peer.py"),
    needs: "PyTorch",
    name: "the peer",
    ended: "PyTorch ended in the middle of the measurement; is there memory enough?",
};

/// A running peer.
pub struct Peer {
    partner: Partner,
    /// Its version.
    pub version: String,
    /// Bytes it held before it was asked anything.
    pub memory: Option<u64>,
}

impl Peer {
    /// Starts one.
    ///
    /// # Errors
    /// If there is no such Python, or it has no PyTorch.
    pub fn start(python: &Path, threads: usize) -> Result<Self, Failure> {
        let (partner, hello) = Partner::start(python, &PYTORCH, &json!({ "threads": threads }))?;
        let version = hello["version"].as_str().unwrap_or("unknown").to_owned();
        Ok(Self { partner, version, memory: hello["memory"].as_u64() })
    }

    /// Asks for something and waits for the answer.
    ///
    /// # Errors
    /// If it has ended.
    pub fn ask(&mut self, ask: &Value) -> Result<Value, Failure> {
        self.partner.ask(ask)
    }

    /// Runs what it was given last. Seconds.
    ///
    /// # Errors
    /// If it has ended.
    pub fn run(&mut self, what: &str) -> Result<f64, Failure> {
        let answer = self.ask(&json!({ "run": what }))?;
        answer["seconds"].as_f64().ok_or_else(|| Failure::new("PyTorch gave no time"))
    }
}
