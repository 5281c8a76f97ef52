//! A Python program in a process of its own, asked for one thing at a time in lines of JSON, so that both sides of a comparison run in the
//! same minutes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::cli::Failure;

/// A program and what is said of it.
pub struct Program {
    /// Python.
    pub script: &'static str,
    /// What the Python must have.
    pub needs: &'static str,
    /// What it is called where it is left out.
    pub name: &'static str,
    /// The sentence for when it ends too early.
    pub ended: &'static str,
}

/// A running program.
pub struct Partner {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    ended: &'static str,
}

impl Partner {
    /// Runs a program and asks it first for `hello`; gives it with its answer.
    ///
    /// # Errors
    /// If there is no such Python, or it lacks something.
    pub fn start(python: &Path, program: &Program, hello: &Value) -> Result<(Self, Value), Failure> {
        let Program { script, needs, name, ended } = *program;
        let missing = |reason: String| {
            let python = python.display();
            Failure::new(format!(
                "{python} cannot run {needs} ({reason}); name one that can with --python, or leave {name} out with --alone"
            ))
        };
        let mut child = Command::new(python)
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| missing(error.to_string()))?;
        let (Some(asks), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(missing("it cannot be talked to".to_owned()));
        };
        let mut partner = Self { child, asks, answers: BufReader::new(answers), ended };
        let answer = partner.ask(hello).map_err(|_| missing("it ended at once".to_owned()))?;
        Ok((partner, answer))
    }

    /// Asks for something and waits for the answer.
    ///
    /// # Errors
    /// If it has ended.
    pub fn ask(&mut self, ask: &Value) -> Result<Value, Failure> {
        let ended = || Failure::new(self.ended);
        writeln!(self.asks, "{ask}").map_err(|_| ended())?;
        let mut line = String::new();
        match self.answers.read_line(&mut line) {
            Ok(0) | Err(_) => Err(ended()),
            Ok(_) => Ok(serde_json::from_str(&line)?),
        }
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        // It ends by itself when nobody asks any more; killing it is only faster.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
