//! Draws one slice of a scan with its labels: drives `shaders/slice.wgsl`.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::{egui, wgpu};
use medley_volume::glam::DVec3;

use super::passes::{Passes, uniforms};
use super::{Palette, ScanTextures};
use crate::state::window_level::WindowLevel;

/// How a slice is to be drawn in this frame.
#[derive(Debug, Clone)]
pub struct SliceFrame {
    /// Which slice view this is; views on the screen at the same time have different ones, from 0.
    pub slot: usize,
    /// As [`SliceGeometry::texture_affine`](crate::state::slice_geometry::SliceGeometry::texture_affine) gives it for the
    /// rectangle in points: the continuous voxel index at its top left corner, and the ways across and down it.
    pub texture_affine: [DVec3; 3],
    /// Which values are black and white.
    pub window: WindowLevel,
    /// Of the labels' fill, 0 … 1.
    pub opacity: f32,
    /// Only the labels' outlines are drawn.
    pub is_outline: bool,
    /// Whether the mask is drawn.
    pub shows_labels: bool,
    /// Whether the proposal's difference from the mask is drawn.
    pub shows_proposal: bool,
    /// The proposal is drawn in place of the mask.
    pub is_proposal_alone: bool,
    /// Linear between voxels, not the nearest one.
    pub is_interpolated: bool,
    /// Colours of the labels.
    pub palette: Arc<Palette>,
}

/// The shape that draws a slice into `rect`.
pub fn slice_shape(rect: egui::Rect, scan: &Arc<ScanTextures>, frame: SliceFrame) -> egui::Shape {
    Callback::new_paint_callback(rect, SliceCallback { rect, scan: Arc::clone(scan), frame }).into()
}

/// What a slice view draws with in this frame.
pub(crate) struct SliceSlot {
    buffer: wgpu::Buffer,
    uniforms: wgpu::BindGroup,
    flags: u32,
    textures: Option<[wgpu::BindGroup; 2]>,
}

/// As `Slice` in slice.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct SliceUniforms {
    origin: [f32; 3],
    opacity: f32,
    across: [f32; 3],
    gray_factor: f32,
    downward: [f32; 3],
    gray_summand: f32,
    corner: [f32; 2],
    pixels_per_point: f32,
    padding: f32,
    first: [f32; 4],
    second: [f32; 4],
}

const OUTLINE: u32 = 1;
const LABELS: u32 = 2;
const PROPOSAL: u32 = 4;
const INTERPOLATED: u32 = 8;
const FLAT: u32 = 16;

struct SliceCallback {
    rect: egui::Rect,
    scan: Arc<ScanTextures>,
    frame: SliceFrame,
}

impl SliceCallback {
    fn uniforms(&self, pixels_per_point: f32) -> SliceUniforms {
        let SliceFrame { texture_affine: [origin, across, downward], window, opacity, .. } = self.frame;
        let size = self.rect.size() * pixels_per_point;
        let axes = flat_axes(self.frame.texture_affine).unwrap_or([0, 1]);
        let unit = |axis: usize| std::array::from_fn(|n| if n == axis { 1.0 } else { 0.0 });
        let [gray_factor, gray_summand] = self.scan.texels().gray_from_texel(window).map(|number| number as f32);
        SliceUniforms {
            origin: origin.as_vec3().to_array(),
            opacity,
            across: (across / f64::from(size.x)).as_vec3().to_array(),
            gray_factor,
            downward: (downward / f64::from(size.y)).as_vec3().to_array(),
            gray_summand,
            corner: [self.rect.min.x * pixels_per_point, self.rect.min.y * pixels_per_point],
            pixels_per_point,
            padding: 0.0,
            first: unit(axes[0]),
            second: unit(axes[1]),
        }
    }

    fn flags(&self) -> u32 {
        let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
        flag(self.frame.is_outline, OUTLINE)
            | flag(self.frame.shows_labels, LABELS)
            | flag(self.frame.shows_proposal && !self.frame.is_proposal_alone && self.scan.has_proposal(), PROPOSAL)
            | flag(self.frame.is_interpolated, INTERPOLATED)
            | flag(self.frame.is_interpolated && flat_axes(self.frame.texture_affine).is_some(), FLAT)
    }
}

/// The two voxel axes a slice lies along, if it does and goes through voxel centres.
fn flat_axes([origin, across, downward]: [DVec3; 3]) -> Option<[usize; 2]> {
    let is_through = |axis: &usize| across[*axis] == 0.0 && downward[*axis] == 0.0 && origin[*axis].fract() == 0.0;
    let through = (0..3).find(is_through)?;
    Some([(through + 1) % 3, (through + 2) % 3])
}

impl CallbackTrait for SliceCallback {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _egui_encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(passes) = resources.get_mut::<Passes>() else { return Vec::new() };
        if passes.slots.len() <= self.frame.slot {
            passes.slots.resize_with(self.frame.slot + 1, || None);
        }
        let textures = self.scan.slice_group(&passes.slice.textures, self.frame.is_proposal_alone);
        let palette = self.frame.palette.group(device, queue, &passes.palette);
        let slot = passes.slots[self.frame.slot].get_or_insert_with(|| {
            let bytes = size_of::<SliceUniforms>() as u64;
            let (buffer, uniforms) = uniforms(device, "slice", &passes.slice.uniforms, bytes);
            SliceSlot { buffer, uniforms, flags: 0, textures: None }
        });
        slot.textures = Some([textures, palette]);
        slot.flags = self.flags();
        passes.slice.require(device, slot.flags);
        queue.write_buffer(&slot.buffer, 0, bytemuck::bytes_of(&self.uniforms(screen.pixels_per_point)));
        Vec::new()
    }

    fn paint(&self, _info: egui::PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let Some(passes) = resources.get::<Passes>() else { return };
        let Some(slot) = passes.slots.get(self.frame.slot).and_then(Option::as_ref) else { return };
        let (Some([textures, palette]), Some(pipeline)) = (&slot.textures, passes.slice.pipeline(slot.flags)) else { return };
        pass.set_pipeline(pipeline);
        for (index, group) in [&slot.uniforms, textures, palette].into_iter().enumerate() {
            pass.set_bind_group(index as u32, group, &[]);
        }
        pass.draw(0..3, 0..1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_flat_only_along_the_voxels_and_through_their_centres() {
        let origin = DVec3::new(1.5, 7.0, 2.25);
        let (across, downward) = (DVec3::new(0.0, 0.0, -3.0), DVec3::new(2.0, 0.0, 0.0));
        assert_eq!(flat_axes([origin, across, downward]), Some([2, 0]));
        assert_eq!(flat_axes([origin + DVec3::new(0.0, 0.5, 0.0), across, downward]), None);
        assert_eq!(flat_axes([origin, across + DVec3::new(0.0, 0.1, 0.0), downward]), None);
    }
}
