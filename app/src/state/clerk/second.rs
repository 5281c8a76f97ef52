//! Reading a scan that is to lie over the open one.

use std::path::Path;
use std::sync::Arc;

use medley_io::{FileKind, OpenedVolume, Part};
use medley_volume::Grid;

use super::{Desk, Reply, Volumes, absolute, sentence};
use crate::render::SecondTexture;
use crate::state::second_scan::{SecondLook, SecondScan, SecondSource, may_overlap};
use crate::state::window_level::WindowLevel;
use crate::stem::stem;
use crate::texts::slices;

impl Desk {
    /// Reads a scan and puts it on the device. What fails is told as [`Reply::SecondFailed`]; one that was given up is the
    /// caller's to tell.
    pub(super) fn load_second(&mut self, source: SecondSource, grid: &Grid) -> Result<(), String> {
        match self.read_second(source, grid) {
            Ok(second) => self.reply(Reply::SecondLoaded(Box::new(second))),
            Err(why) if self.watch.is_stopped() => return Err(why),
            Err(why) => self.reply(Reply::SecondFailed(why)),
        }
        Ok(())
    }

    fn read_second(&mut self, source: SecondSource, grid: &Grid) -> Result<SecondScan, String> {
        let (name, opened) = match &source {
            SecondSource::Case(id) => {
                let info = self.study_mut()?.case(*id).map_err(sentence)?;
                (info.name, self.read_part(&info.image, &info.part)?)
            }
            SecondSource::File(path) => {
                let path = absolute(path)?;
                (stem(&path), self.read_part(&path, &the_only_part(&path)?)?)
            }
        };
        let OpenedVolume { volume, notices, .. } = opened;
        for notice in notices {
            self.reply(Reply::Notice(notice));
        }
        if !may_overlap(grid, volume.grid()) {
            self.reply(Reply::Notice(slices::second_lies_elsewhere(&name)));
        }
        let (device, queue) = self.gpu.as_ref().ok_or(slices::NO_DEVICE)?;
        let texture = SecondTexture::upload(device, queue, &volume).map_err(sentence)?;
        let (summary, window) = (volume.summary(), WindowLevel::first_for(&volume));
        Ok(SecondScan {
            source,
            name,
            value_range: (summary.min, summary.max),
            percentile_window: WindowLevel::percentile(&volume),
            look: SecondLook::first(window),
            volume: Arc::new(volume),
            texture: Some(Arc::new(texture)),
        })
    }

    fn read_part(&self, path: &Path, part: &Part) -> Result<OpenedVolume, String> {
        medley_io::open_volume_part(path, part, Some(&*self.watch)).map_err(sentence)
    }
}

/// The one scan of a file or folder.
fn the_only_part(path: &Path) -> Result<Part, String> {
    if !matches!(medley_io::kind_of(path).map_err(sentence)?, FileKind::Dicom | FileKind::DicomFolder) {
        return Ok(Part::First);
    }
    let volumes = Volumes::of_dicom(path)?;
    if path.is_file() && volumes.is_one_picture {
        return Ok(Part::First);
    }
    volumes.only().map(|volume| volume.part.clone()).ok_or_else(|| slices::several_scans(path))
}
