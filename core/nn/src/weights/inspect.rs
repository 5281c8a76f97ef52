use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::Serialize;

use super::{Architecture, Coverage, Task, WeightsError, WeightsFile};

/// What is in a weight file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The network, read off its names.
    #[serde(flatten)]
    pub architecture: Architecture,
    /// What it is for.
    pub task: Task,
    /// What of that network is there: of encoder and head if it has a head, else of the encoder.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// What stood before every name.
    pub prefix: String,
    /// Tensors whose numbers cannot be weights, as `name: why`.
    pub unusable: Vec<String>,
    /// What was passed over, as sentences.
    pub notices: Vec<String>,
    /// Text beside the tensors.
    pub metadata: BTreeMap<String, String>,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Opens a weight file and says what is inside; an incomplete one is described, not refused.
///
/// # Errors
/// If it cannot be read, is no weight file, is damaged, wants code to be run, or holds none of the 3D-ResNets.
pub fn inspect(path: &Path) -> Result<Inspection, WeightsError> {
    let file = WeightsFile::open(path)?;
    let architecture = file.architecture()?;
    let coverage = file.task_coverage(&Device::flex())?;
    let used = file.contents.tensors.iter().filter(|(name, _)| !super::keys::is_counter(name));
    let unusable = used.filter_map(|(name, tensor)| tensor.weights().err().map(|why| format!("{name}: {why}"))).collect();
    Ok(Inspection {
        architecture,
        task: file.task(),
        coverage,
        prefix: file.prefix().to_owned(),
        unusable,
        notices: file.notices().to_vec(),
        metadata: file.metadata().clone(),
        sha256: file.sha256().to_owned(),
    })
}
