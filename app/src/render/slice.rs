//! Draws one slice of a scan with its labels: drives `shaders/slice.wgsl`.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::{egui, wgpu};
use medley_volume::glam::{DAffine3, DVec3};

use super::device::write_buffer;
use super::passes::{Passes, uniforms};
use super::{ColorMap, Palette, ScanTextures, SecondTexture};
use crate::state::second_scan::Blend;
use crate::state::slab::Projection;
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
    /// What is drawn instead of the one slice, if anything.
    pub slab: Option<SlabFrame>,
    /// What lies over the scan, if anything.
    pub second: Option<SecondFrame>,
    /// White where no scan reaches, not black.
    pub is_on_white: bool,
}

/// A slab around the slice: samples along its normal become one. Labels are those of the slice in its middle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlabFrame {
    /// How samples become one.
    pub projection: Projection,
    /// From one sample to the next, in continuous voxel indices.
    pub step: DVec3,
    /// Samples on either side of the slice.
    pub reach: u32,
}

/// A second scan over the first.
#[derive(Clone)]
pub struct SecondFrame {
    /// Its voxels.
    pub scan: Arc<SecondTexture>,
    /// Its colours.
    pub map: ColorMap,
    /// Which values have the first and the last of them.
    pub window: WindowLevel,
    /// 0 … 1.
    pub opacity: f32,
    /// How the two become one picture.
    pub blend: Blend,
}

impl std::fmt::Debug for SecondFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { map, window, opacity, blend, .. } = self;
        f.debug_struct("SecondFrame").field("map", map).field("window", window).field("opacity", opacity).field("blend", blend).finish()
    }
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
    cover: f32,
    first: [f32; 4],
    second: [f32; 4],
    slab: [f32; 3],
    slab_reach: i32,
    onto: [[f32; 4]; 3],
    level_factor: f32,
    level_summand: f32,
    blend: u32,
    square: f32,
    colors: [u32; 256],
}

const OUTLINE: u32 = 1;
const LABELS: u32 = 2;
const PROPOSAL: u32 = 4;
const INTERPOLATED: u32 = 8;
const FLAT: u32 = 16;
const LARGEST: u32 = 32;
const SMALLEST: u32 = 64;
const MEAN: u32 = 128;
const SECOND: u32 = 256;
const ON_WHITE: u32 = 512;

/// The side of a checkerboard's squares, in points.
const SQUARE: f32 = 36.0;

struct SliceCallback {
    rect: egui::Rect,
    scan: Arc<ScanTextures>,
    frame: SliceFrame,
}

impl SliceCallback {
    fn uniforms(&self, pixels_per_point: f32) -> SliceUniforms {
        let SliceFrame { texture_affine: [origin, across, downward], window, opacity, .. } = self.frame;
        let (slab, second) = (&self.frame.slab, self.frame.second.as_ref());
        let [level_factor, level_summand] = second.map_or([0.0; 2], |second| second.scan.texels().gray_from_texel(second.window));
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
            cover: second.map_or(0.0, |second| second.opacity),
            first: unit(axes[0]),
            second: unit(axes[1]),
            slab: slab.map_or([0.0; 3], |slab| slab.step.as_vec3().to_array()),
            slab_reach: slab.map_or(0, |slab| slab.reach.min(MOST_REACH) as i32),
            onto: second.map_or([[0.0; 4]; 3], |second| rows(second.scan.grid().voxel_from_ras() * self.scan.grid().ras_from_voxel())),
            level_factor: level_factor as f32,
            level_summand: level_summand as f32,
            blend: second.map_or(0, |second| second.blend as u32),
            square: SQUARE,
            colors: second.map_or([0; 256], |second| second.map.table()),
        }
    }

    fn flags(&self) -> u32 {
        let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
        flag(self.frame.is_outline, OUTLINE)
            | flag(self.frame.shows_labels, LABELS)
            | flag(self.frame.shows_proposal && !self.frame.is_proposal_alone && self.scan.has_proposal(), PROPOSAL)
            | flag(self.frame.is_interpolated, INTERPOLATED)
            | flag(self.frame.is_interpolated && flat_axes(self.frame.texture_affine).is_some(), FLAT)
            | flag(self.frame.second.is_some(), SECOND)
            | flag(self.frame.is_on_white, ON_WHITE)
            | self.frame.slab.map_or(0, |slab| self.projection_flag(slab.projection))
    }

    /// The largest value is the smallest texel where the scaling turns values around.
    fn projection_flag(&self, projection: Projection) -> u32 {
        match (projection, self.scan.texels().is_rising()) {
            (Projection::Mean, _) => MEAN,
            (Projection::Maximum, true) | (Projection::Minimum, false) => LARGEST,
            (Projection::Minimum, true) | (Projection::Maximum, false) => SMALLEST,
        }
    }
}

/// More samples than a slab can need on either side: what a frame may cost has an end.
const MOST_REACH: u32 = 512;

/// The rows of an affine.
fn rows(affine: DAffine3) -> [[f32; 4]; 3] {
    let DAffine3 { matrix3, translation } = affine;
    std::array::from_fn(|n| matrix3.row(n).extend(translation[n]).as_vec4().to_array())
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
        let second = self.frame.second.as_ref().map(|second| &*second.scan);
        let textures = self.scan.slice_group(&passes.slice.textures, second, self.frame.is_proposal_alone);
        let palette = self.frame.palette.group(device, queue, &passes.palette);
        let slot = passes.slots[self.frame.slot].get_or_insert_with(|| {
            let bytes = size_of::<SliceUniforms>() as u64;
            let (buffer, uniforms) = uniforms(device, "slice", &passes.slice.uniforms, bytes);
            SliceSlot { buffer, uniforms, flags: 0, textures: None }
        });
        slot.textures = Some([textures, palette]);
        slot.flags = self.flags();
        passes.slice.require(device, slot.flags);
        write_buffer(queue, &slot.buffer, bytemuck::bytes_of(&self.uniforms(screen.pixels_per_point)));
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
