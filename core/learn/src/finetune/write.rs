//! What a training leaves on the disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medley_nn::weights::WeightsError;
use sha2::{Digest, Sha256};

use crate::LearnError;
use crate::card::{Card, METADATA_KEY};

/// Writes model and card, the model first, since it holds a card itself; `save` writes a network to a path with metadata.
pub(crate) fn write_model(
    card: &Card,
    folder: &Path,
    save: impl FnOnce(&Path, &BTreeMap<String, String>) -> Result<(), WeightsError>,
) -> Result<(PathBuf, String, PathBuf), LearnError> {
    let model = folder.join("model.safetensors");
    make_folder(folder)?;
    let metadata = [(METADATA_KEY.to_owned(), card.reproducible_json()?)].into_iter().collect();
    save(&model, &metadata)?;
    let card_file = write_card(card, folder)?;
    Ok((model.clone(), file_sha256(&model)?, card_file))
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), LearnError> {
    std::fs::create_dir_all(folder).map_err(|source| LearnError::Write { what: folder.display().to_string(), source })
}

pub(crate) fn write_card(card: &Card, folder: &Path) -> Result<PathBuf, LearnError> {
    let (path, part) = (folder.join("card.json"), folder.join(".card.json.part"));
    let written = std::fs::write(&part, card.json()?).and_then(|()| std::fs::rename(&part, &path));
    written.map_err(|source| LearnError::Write { what: path.display().to_string(), source })?;
    Ok(path)
}

pub(crate) fn file_sha256(path: &Path) -> Result<String, LearnError> {
    let bytes = std::fs::read(path).map_err(|source| LearnError::Write { what: path.display().to_string(), source })?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
