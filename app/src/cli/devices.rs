use medley_learn::device;
use serde::Serialize;

use super::{Answer, Failure, Table};

#[derive(Serialize)]
struct Report {
    devices: Vec<medley_learn::DeviceInfo>,
}

/// `medley devices`: what can compute here.
///
/// # Errors
/// None that depends on the machine: without a GPU the CPU is still there.
pub fn run() -> Result<Answer, Failure> {
    let devices = device::devices();
    let mut table = Table::new(["--device", "kind", "backend", "name"]);
    for device in &devices {
        table.row([device.choice.clone(), device.kind.to_owned(), device.backend.clone(), device.name.clone()]);
    }
    Answer::new(&Report { devices }, table.to_string())
}
