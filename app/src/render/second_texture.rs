use eframe::wgpu;
use medley_volume::{Grid, Volume};
use wgpu::{Device, Queue, Texture, TextureFormat};

use super::RenderError;
use super::device::{asking, require_fits, texture_3d, tidy, write_box};
use super::texels::Texels;

/// The device is given what is ready after about this many bytes.
const PIECE: usize = 32 << 20;

/// What it is called in errors.
const WHAT: &str = "the second scan";

/// A second scan on the device, to be drawn over the open one. It keeps its own grid: the shader goes from one to the other.
/// May be made on any thread.
pub struct SecondTexture {
    grid: Grid,
    texels: Texels,
    texture: Texture,
    device: Device,
}

impl SecondTexture {
    /// Writes a scan to the device: two bytes a voxel.
    ///
    /// # Errors
    /// If an axis is longer than a 3D texture may be, or the device has no room.
    pub fn upload(device: &Device, queue: &Queue, volume: &Volume) -> Result<Self, RenderError> {
        let [ni, nj, nk] = volume.grid().shape();
        require_fits(device, [ni, nj, nk])?;
        let (texels, bytes) = (Texels::of(volume), volume.grid().len() as u64 * 2);
        let texture = asking(device, WHAT, bytes, || texture_3d(device, WHAT, [ni, nj, nk], TextureFormat::R16Uint))?;
        let layers = (PIECE / (ni * nj * 2)).max(1);
        asking(device, WHAT, bytes, || {
            for first in (0..nk).step_by(layers) {
                let end = (first + layers).min(nk);
                let piece = texels.encode(volume.voxels(), first * ni * nj..end * ni * nj);
                write_box(queue, &texture, [0, 0, first], [ni, nj, end - first], bytemuck::cast_slice(&piece));
                queue.submit([]);
                tidy(device);
            }
        })?;
        Ok(Self { grid: *volume.grid(), texels, texture, device: device.clone() })
    }

    /// Whether it lies on this device.
    #[must_use]
    pub fn is_on(&self, device: &Device) -> bool {
        self.device == *device
    }

    /// Where its voxels lie.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// What the texels stand for.
    pub(crate) fn texels(&self) -> &Texels {
        &self.texels
    }

    /// The texels.
    pub(crate) fn texture(&self) -> &Texture {
        &self.texture
    }
}
