use std::path::Path;

use medley_nn::weights::{Coverage, Inspection, Task, inspect};
use serde::Serialize;

use crate::cli::Failure;

/// An inspection with the depth as a number.
#[derive(Debug, Serialize)]
pub struct WeightsReport {
    task: Task,
    depth: usize,
    shortcut: String,
    base_width: usize,
    in_channels: usize,
    strides: String,
    norm: String,
    head: Option<String>,
    classes: Option<usize>,
    #[serde(flatten)]
    coverage: Coverage,
    unusable: Vec<String>,
    prefix: String,
    sha256: String,
    warnings: Vec<String>,
}

impl WeightsReport {
    /// What is in a file of weights.
    ///
    /// # Errors
    /// If it is none.
    pub fn of(file: &Path) -> Result<Self, Failure> {
        let Inspection { architecture, task, coverage, prefix, unusable, notices, sha256, .. } = inspect(file)?;
        Ok(Self {
            task,
            depth: architecture.depth.layers(),
            shortcut: architecture.shortcut.to_string(),
            base_width: architecture.base_width,
            in_channels: architecture.in_channels,
            strides: architecture.strides.to_string(),
            norm: architecture.norm.to_string(),
            head: architecture.head.map(|head| head.to_string()),
            classes: architecture.classes,
            coverage,
            unusable,
            prefix,
            sha256,
            warnings: notices,
        })
    }

    /// The same for people.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { depth, shortcut, base_width, in_channels, strides, norm, coverage, .. } = self;
        let head = match (&self.head, self.classes) {
            _ if self.task != Task::Segment => format!("a head that {}", self.task.does()),
            (Some(head), Some(classes)) => format!("head “{head}” for {classes} classes, background included"),
            _ => "no head".to_owned(),
        };
        let mut text = format!("3D ResNet-{depth}, shortcut {shortcut}, base width {base_width}, {head}\n");
        text.push_str(&format!("input channels {in_channels}, {strides} strides, {norm} normalisation\n"));
        text.push_str(&format!("matched: {} tensors\n", coverage.matched));
        let shapes = coverage.misshaped.iter().map(|m| format!("{} is {:?} in place of {:?}", m.name, m.found, m.expected)).collect();
        for (title, keys) in
            [("missing", &coverage.missing), ("unused", &coverage.unused), ("mis-shaped", &shapes), ("unusable", &self.unusable)]
        {
            text.push_str(&format!("{title}: {}\n", if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }));
        }
        text.push_str(&format!("SHA-256 {}\n", self.sha256));
        self.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
        text
    }
}
