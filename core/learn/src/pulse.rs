//! How a training fares while it runs.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Share of the mean that stays at each step: it looks back about fifty steps.
const STAYS: f64 = 0.98;
/// The same of the pace, which is wanted sooner.
const PACE_STAYS: f64 = 0.9;
/// Between two looks at the memory.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How a training fares, for a live view.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Live {
    /// Running mean of the loss, which looks back about fifty steps.
    pub smoothed_loss: f64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Steps a second, of late, validations and pauses left out; `None` until the second step.
    pub steps_per_s: Option<f64>,
    /// Voxels of patches a second.
    pub voxels_per_s: Option<f64>,
    /// Memory that the process holds, bytes, where the system says so (Linux). Memory of a graphics card is not in it.
    pub memory: Option<u64>,
    /// The most it ever held.
    pub peak_memory: Option<u64>,
    /// Share of the time in which the device waited for patches; `None` where nobody measures it.
    pub waiting: Option<f64>,
}

/// Watches a training.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    steps: i32,
    loss: f64,
    seconds: Option<f64>,
    memory: [Option<u64>; 2],
    looked: Option<Instant>,
}

impl Pulse {
    /// After a step on `voxels` voxels of patches that took `took`.
    pub(crate) fn step(&mut self, loss: f64, learning_rate: f64, voxels: usize, took: Duration, waiting: Option<f64>) -> Live {
        self.steps += 1;
        self.loss = STAYS * self.loss + (1.0 - STAYS) * loss;
        // The mean began at zero: Kingma and Ba (2015) correct for that.
        let smoothed_loss = self.loss / (1.0 - STAYS.powi(self.steps));
        // The first step also pays for warming up.
        if self.steps > 1 {
            let took = took.as_secs_f64();
            self.seconds = Some(self.seconds.map_or(took, |mean| PACE_STAYS * mean + (1.0 - PACE_STAYS) * took));
        }
        if self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            (self.memory, self.looked) = (held(), Some(Instant::now()));
        }
        let steps_per_s = self.seconds.filter(|&seconds| seconds > 0.0).map(|seconds| 1.0 / seconds);
        let [memory, peak_memory] = self.memory;
        let voxels_per_s = steps_per_s.map(|rate| rate * voxels as f64);
        Live { smoothed_loss, learning_rate, steps_per_s, voxels_per_s, memory, peak_memory, waiting }
    }
}

/// What the system says that this process holds and held at most, bytes.
fn held() -> [Option<u64>; 2] {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return [None; 2] };
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_loss_is_its_own_mean_and_a_new_one_is_approached() {
        let (mut pulse, second) = (Pulse::default(), Duration::from_millis(500));
        let means: Vec<Live> = (0..200).map(|step| pulse.step(if step < 100 { 3.0 } else { 1.0 }, 0.1, 1000, second, None)).collect();
        assert!(means[..100].iter().all(|live| (live.smoothed_loss - 3.0).abs() < 1e-9));
        assert!(means[100..].is_sorted_by(|a, b| a.smoothed_loss > b.smoothed_loss) && means[199].smoothed_loss < 1.4);
        assert_eq!(means[0].steps_per_s, None);
        assert_eq!((means[50].steps_per_s, means[50].voxels_per_s, means[50].waiting), (Some(2.0), Some(2000.0), None));
    }
}
