use eframe::wgpu;
use medley_volume::{IndexBox, LabelMap, LabelVoxels};
use wgpu::{Device, Queue, Texture, TextureFormat};

use super::RenderError;
use super::bricks::Bricks;
use super::device::{asking, texture_3d, write_box};

/// Labels go to the device in pieces of about this many bytes, so that a whole mask is never held a second time.
const PIECE: usize = 8 << 20;

/// A mask on the device: a byte a label, or two once a label needs them. A clone is the same texture.
#[derive(Clone)]
pub(crate) struct LabelTexture {
    texture: Texture,
    shape: [usize; 3],
}

impl LabelTexture {
    /// A texture for labels as wide as those of `voxels`; background everywhere.
    ///
    /// # Errors
    /// If the device has no room.
    pub(crate) fn new(device: &Device, what: &'static str, shape: [usize; 3], is_wide: bool) -> Result<Self, RenderError> {
        let format = if is_wide { TextureFormat::R16Uint } else { TextureFormat::R8Uint };
        let bytes = shape.iter().product::<usize>() as u64 * if is_wide { 2 } else { 1 };
        let texture = asking(device, what, bytes, || texture_3d(device, what, shape, format))?;
        Ok(Self { texture, shape })
    }

    /// A texture that holds `mask`.
    ///
    /// # Errors
    /// If the device has no room.
    pub(crate) fn of(device: &Device, queue: &Queue, what: &'static str, mask: &LabelMap) -> Result<Self, RenderError> {
        let shape = mask.grid().shape();
        let labels = Self::new(device, what, shape, matches!(mask.voxels(), LabelVoxels::U16(_)))?;
        labels.write(device, queue, what, mask, &IndexBox::whole(shape))?;
        Ok(labels)
    }

    /// Whether it can hold the labels of `mask`.
    pub(crate) fn is_wide_enough_for(&self, mask: &LabelMap) -> bool {
        self.is_wide() || matches!(mask.voxels(), LabelVoxels::U8(_))
    }

    /// What shaders read.
    pub(crate) fn view(&self) -> wgpu::TextureView {
        self.texture.create_view(&wgpu::TextureViewDescriptor::default())
    }

    /// Writes the labels of a box that lies inside the mask.
    ///
    /// # Errors
    /// If the device has no room for the copy under way.
    pub(crate) fn write(
        &self,
        device: &Device,
        queue: &Queue,
        what: &'static str,
        mask: &LabelMap,
        region: &IndexBox,
    ) -> Result<(), RenderError> {
        self.write_pieces(device, queue, what, region, |piece| {
            if self.is_wide() { bytemuck::cast_slice(&mask.region(piece)).to_vec() } else { narrow(mask, *piece, self.shape) }
        })
    }

    /// Writes a box in pieces of whole `k` layers, in their order; `bytes_of` gives each piece's labels.
    fn write_pieces(
        &self,
        device: &Device,
        queue: &Queue,
        what: &'static str,
        region: &IndexBox,
        mut bytes_of: impl FnMut(&IndexBox) -> Vec<u8>,
    ) -> Result<(), RenderError> {
        let [ni, nj, nk] = region.shape();
        let layers = (PIECE / (ni * nj).max(1)).clamp(1, nk.max(1));
        asking(device, what, (region.len() * self.width()) as u64, || {
            for first in (region.low[2]..region.high[2]).step_by(layers) {
                let mut piece = *region;
                (piece.low[2], piece.high[2]) = (first, (first + layers).min(region.high[2]));
                write_box(queue, &self.texture, piece.low, piece.shape(), &bytes_of(&piece));
                if layers < nk {
                    queue.submit([]);
                }
            }
        })
    }

    /// Copies all labels to another texture of the same shape and width, on the device.
    pub(crate) fn copy_to(&self, other: &Self, device: &Device, queue: &Queue) {
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("labels") });
        encoder.copy_texture_to_texture(self.texture.as_image_copy(), other.texture.as_image_copy(), self.texture.size());
        queue.submit([encoder.finish()]);
    }

    /// Writes runs of labels (how many, which) that fill a box inside the texture, `i` fastest.
    ///
    /// # Errors
    /// If the device has no room for the copy under way.
    pub(crate) fn write_runs(
        &self,
        device: &Device,
        queue: &Queue,
        what: &'static str,
        region: &IndexBox,
        runs: impl Iterator<Item = (usize, u16)>,
    ) -> Result<(), RenderError> {
        let width = self.width();
        let mut runs = runs.fuse();
        let mut left = (0, 0);
        self.write_pieces(device, queue, what, region, |piece| {
            let mut bytes = Vec::with_capacity(piece.len() * width);
            while bytes.len() < piece.len() * width {
                if left.0 == 0 {
                    left = runs.next().unwrap_or((usize::MAX, 0));
                }
                let count = left.0.min(piece.len() - bytes.len() / width);
                left.0 -= count;
                match width {
                    1 => bytes.resize(bytes.len() + count, left.1 as u8),
                    _ => (0..count).for_each(|_| bytes.extend_from_slice(&left.1.to_le_bytes())),
                }
            }
            bytes
        })
    }

    /// Bytes of a label.
    fn width(&self) -> usize {
        if self.is_wide() { 2 } else { 1 }
    }

    /// Whether a label takes two bytes.
    pub(crate) fn is_wide(&self) -> bool {
        self.texture.format() == TextureFormat::R16Uint
    }
}

fn narrow(mask: &LabelMap, piece: IndexBox, shape: [usize; 3]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(piece.len());
    for row in piece.rows(shape) {
        match mask.voxels() {
            LabelVoxels::U8(labels) => bytes.extend_from_slice(&labels[row]),
            LabelVoxels::U16(labels) => bytes.extend(labels[row].iter().map(|&label| label.min(255) as u8)),
        }
    }
    bytes
}

/// Everything about labels that a scan's textures hold, and the groups that bind it.
pub(crate) struct LabelTextures {
    /// The mask as the person edits it.
    pub(crate) mask: LabelTexture,
    /// What a model proposes, while it does.
    pub(crate) proposal: Option<LabelTexture>,
    /// What a tool would do, while it is shown; it covers the proposal.
    pub(crate) preview: Option<LabelTexture>,
    /// Where the 3D view finds something to see.
    pub(crate) bricks: Bricks,
    /// The bricks on the device.
    pub(crate) bricks_texture: Texture,
    /// Counts the changes of the mask.
    pub(crate) mask_version: u64,
    /// Bind the slice pass to the mask, and to the proposal in its place, with the texture of the second scan in them; made anew after
    /// a texture changed.
    pub(crate) slice_groups: [Option<(Texture, wgpu::BindGroup)>; 2],
    /// Binds the volume pass to the mean and to the brightest reduced copy.
    pub(crate) volume_groups: Option<[wgpu::BindGroup; 2]>,
}

impl LabelTextures {
    /// Writes the bricks to the device.
    pub(crate) fn write_bricks(&self, queue: &Queue) {
        write_box(queue, &self.bricks_texture, [0; 3], self.bricks.shape(), bytemuck::cast_slice(self.bricks.texels()));
    }

    /// Forgets the groups, since a texture in them was replaced.
    pub(crate) fn forget_groups(&mut self) {
        self.slice_groups = [None, None];
        self.volume_groups = None;
    }
}
