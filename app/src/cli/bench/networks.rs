//! Whole networks.

use medley_learn::measure::Workload;
use medley_nn::Checkpointing;
use serde_json::json;

use super::peer::Peer;
use super::{Arguments, Failure, Row, in_turn, memory};

pub(super) fn measure(arguments: &Arguments, mut peer: Option<&mut Peer>, threads: usize) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for &depth in &arguments.depth {
        for &base_width in &arguments.base_width {
            for &size in &arguments.size {
                let name = |what: &str| format!("ResNet-{depth} width {base_width} {size}³ {what}");
                if let Some(peer) = &mut peer {
                    peer.ask(&json!({ "kind": "network", "depth": depth.layers(), "width": base_width, "size": size }))?;
                }
                let workload = Workload { depth, base_width, size, checkpointing: Checkpointing::Off };
                let running = workload.start(arguments.device)?;
                rows.push(in_turn(name("forward"), arguments.rounds, peer.as_mut().map(|peer| (&mut **peer, "forward")), || {
                    Ok(running.forward()?)
                })?);
                drop(running);
                for &checkpointing in &arguments.checkpointing {
                    let what = match checkpointing {
                        Checkpointing::Off => "training step",
                        Checkpointing::Blocks => "training step, blocks computed twice",
                        Checkpointing::HalfBlocks => "training step, blocks computed twice from 16 bits",
                    };
                    let workload = Workload { checkpointing, ..workload };
                    let mut running = workload.start(arguments.device)?;
                    let mut step = in_turn(name(what), arguments.rounds, peer.as_mut().map(|peer| (&mut **peer, "step")), || {
                        Ok(running.training_step()?)
                    })?;
                    drop(running);
                    step.ours_computed_bytes = Some(workload.memory().peak());
                    step.ours_peak_bytes = memory::of_ours(workload, threads)?;
                    if peer.is_some() {
                        step.peer_peak_bytes = memory::of_peer(Peer::start(&arguments.python, threads)?, workload)?;
                    }
                    rows.push(step);
                }
            }
        }
    }
    Ok(rows)
}
