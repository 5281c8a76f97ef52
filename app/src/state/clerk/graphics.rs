//! Scans on the graphics device: another one takes the place of one that is lost.

use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{IndexBox, LabelMap, Volume};

use super::{Desk, Reply, sentence};
use crate::render::{ScanTextures, SecondTexture};

impl Desk {
    /// Scan and mask on the device; `None` where there is no device, or, which is told, where it cannot take them.
    pub(super) fn textures_of(&self, volume: &Volume, mask: &LabelMap) -> Option<Arc<ScanTextures>> {
        let (device, queue) = self.gpu.as_ref()?;
        match ScanTextures::upload(device, queue, volume) {
            Ok(textures) => {
                textures.write_mask(queue, mask, IndexBox::whole(mask.grid().shape()));
                Some(Arc::new(textures))
            }
            Err(error) => {
                self.reply(Reply::Failed(sentence(error)));
                None
            }
        }
    }

    /// Puts a case that is open already on the device.
    pub(super) fn show_case(&self, id: CaseId, version: u64, volume: &Volume, mask: &LabelMap) {
        if let Some(textures) = self.textures_of(volume, mask) {
            self.reply(Reply::CaseShown(id, version, textures));
        }
    }

    /// The same for a scan that lies over it.
    pub(super) fn show_second(&self, volume: &Arc<Volume>) {
        let Some((device, queue)) = &self.gpu else { return };
        match SecondTexture::upload(device, queue, volume) {
            Ok(texture) => self.reply(Reply::SecondShown(Arc::clone(volume), Arc::new(texture))),
            Err(error) => self.reply(Reply::SecondFailed(sentence(error))),
        }
    }
}
