//! PyTorch in a process of its own, asked for one measurement at a time, so that both sides run in the same minutes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::cli::Failure;

const SCRIPT: &str = include_str!("peer.py");

/// A running peer.
pub struct Peer {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
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
        let missing = |reason: String| {
            Failure::new(format!(
                "{} cannot run PyTorch ({reason}); name one that can with --python, or leave the peer out with --alone",
                python.display()
            ))
        };
        let mut child = Command::new(python)
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| missing(error.to_string()))?;
        let (Some(asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(missing("it cannot be talked to".to_owned()));
        };
        let mut peer = Self { child, asks, answers: BufReader::new(answers), version: String::new(), memory: None };
        let hello = peer.ask(&json!({ "threads": threads })).map_err(|_| missing("it ended at once".to_owned()))?;
        peer.version = hello["version"].as_str().unwrap_or("unknown").to_owned();
        peer.memory = hello["memory"].as_u64();
        Ok(peer)
    }

    /// Asks for something and waits for the answer.
    ///
    /// # Errors
    /// If it has ended.
    pub fn ask(&mut self, ask: &Value) -> Result<Value, Failure> {
        let ended = || Failure::new("PyTorch ended in the middle of the measurement; is there memory enough?");
        writeln!(self.asks, "{ask}").map_err(|_| ended())?;
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) | Err(_) => Err(ended()),
            Ok(_) => Ok(serde_json::from_str(&line)?),
        }
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

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends by itself when nobody asks any more; killing it is only faster.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
