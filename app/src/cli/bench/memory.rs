//! Memory of a training step, measured in a process that does nothing else.

use std::process::Command;

use medley_learn::measure::Workload;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::peer::Peer;
use super::{Answer, Arguments, Failure};

/// Steps after which the peak has been reached.
const STEPS: usize = 3;

#[derive(Serialize, Deserialize)]
struct Peak {
    peak_bytes: Option<u64>,
    computed_bytes: Option<u64>,
}

/// What this process held at most during some steps, beyond what it held before.
pub(super) fn of_this_process(arguments: &Arguments) -> Result<Answer, Failure> {
    let (before, mut computed) = (held("VmRSS"), None);
    if let (Some(&depth), Some(&base_width), Some(&size)) = (arguments.depth.first(), arguments.base_width.first(), arguments.size.first())
    {
        let checkpointing = arguments.checkpointing.first().copied().unwrap_or_default();
        let workload = Workload { depth, base_width, size, checkpointing };
        computed = Some(workload.memory().peak());
        let mut running = workload.start(arguments.device)?;
        for _ in 0..STEPS {
            running.training_step()?;
        }
    }
    let peak = before.and_then(|before| Some(held("VmHWM")?.saturating_sub(before)));
    Answer::new(&Peak { peak_bytes: peak, computed_bytes: computed }, format!("{peak:?}"))
}

/// The same for a workload, in a process of its own; nothing where the system does not tell.
pub(super) fn of_ours(workload: Workload, threads: usize) -> Result<Option<u64>, Failure> {
    let Workload { depth, base_width, size, checkpointing } = workload;
    let program = std::env::current_exe()?;
    let output = Command::new(program)
        .args(["bench", "encoder", "--memory-of-step", "--json"])
        .args(["--threads", &threads.to_string(), "--depth", &depth.to_string()])
        .args(["--base-width", &base_width.to_string(), "--size", &size.to_string()])
        .args(["--checkpointing", &checkpointing.to_string()])
        .output()?;
    Ok(serde_json::from_slice::<Peak>(&output.stdout).ok().and_then(|peak| peak.peak_bytes))
}

/// The same for the peer.
pub(super) fn of_peer(mut fresh: Peer, workload: Workload) -> Result<Option<u64>, Failure> {
    let Workload { depth, base_width, size, .. } = workload;
    fresh.ask(&json!({ "kind": "network", "depth": depth.layers(), "width": base_width, "size": size }))?;
    let mut peak = None;
    for _ in 0..STEPS {
        peak = fresh.ask(&json!({ "run": "step" }))?["peak"].as_u64();
    }
    Ok(peak.and_then(|peak| Some(peak.saturating_sub(fresh.memory?))))
}

/// Bytes by the name Linux gives them.
/// Bytes that the system says this process holds, where it says so (Linux).
pub(super) fn held(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kibibytes| kibibytes << 10)
}
