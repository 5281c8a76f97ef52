use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use medley_learn::JobEvent;

use crate::hub::Received;

/// A bar on standard error that follows a job; nothing where standard error is not a terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar that says what is going on.
    #[must_use]
    pub fn new(title: &str) -> Self {
        let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(title.to_owned());
        Self { bar }
    }

    /// Shows what a job tells.
    pub fn show(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Started { device, .. } => self.bar.set_message(format!("on {device}")),
            JobEvent::Step { step, steps, loss, seconds_left, .. } => {
                self.bar.set_length(*steps as u64);
                self.bar.set_position(*step as u64);
                let left = seconds_left.map_or_else(String::new, |seconds| format!(", {} left", duration(seconds)));
                self.bar.set_message(format!("loss {loss:.3}{left}"));
            }
            JobEvent::Resumed { step } => self.bar.println(format!("goes on after step {step}")),
            JobEvent::CasesChanged { step, added, removed, cases } => {
                self.bar.println(format!("step {step}: {added} cases came, {removed} went; it learns from {cases} now"));
            }
            JobEvent::Window { done, windows } => {
                self.bar.set_length(*windows as u64);
                self.bar.set_position(*done as u64);
            }
            JobEvent::GivenUp(sentence) => self.bar.println(format!("given up: {sentence}")),
            JobEvent::Validated { step, mean_dice, .. } => self.bar.println(format!("step {step}: validation Dice {mean_dice:.3}")),
            JobEvent::Scored { step, measure, score } => self.bar.println(format!("step {step}: validation {measure} {score:.3}")),
            _ => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar on standard error that follows a file on its way; nothing where standard error is not a terminal.
pub struct TransferBar {
    bar: ProgressBar,
}

impl TransferBar {
    /// A bar for the file of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let target = if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left") {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        Self { bar }
    }

    /// Shows how much has come.
    pub fn show(&self, received: Received) {
        if let Some(total) = received.total {
            self.bar.set_length(total);
        }
        self.bar.set_position(received.bytes);
    }
}

impl Drop for TransferBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Seconds as a person reads them.
fn duration(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds.max(0.0)).map_or(0, |duration| duration.as_secs());
    match (whole / 60, whole % 60) {
        (0, s) => format!("{s} s"),
        (m, s) => format!("{m} min {s:02} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_at_a_glance_and_nonsense_is_zero() {
        assert_eq!(duration(59.9), "59 s");
        assert_eq!(duration(61.0), "1 min 01 s");
        assert_eq!(duration(f64::NAN), "0 s");
    }
}
