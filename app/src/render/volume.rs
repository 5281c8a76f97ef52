//! Draws the whole volume from outside: drives `shaders/volume.wgsl` and `shaders/blit.wgsl`.

use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::{egui, wgpu};
use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{Grid, Quantity, Ras};

use super::canvas::{CanvasUniforms, Look, Picture, Work};
use super::passes::{Passes, uniforms};
use super::reduced::{Reduction, gray_from_reduced};
use super::volume_screen::{VolumeScreen, texture_from_ras};
use super::{Palette, ScanTextures};
use crate::state::view::VolumeMode;
use crate::state::window_level::WindowLevel;

/// The longest way between two looks along a ray of a draft, in reduced voxels.
const DRAFT_STEP: f64 = 1.7;
/// Towards the light, along the directions to the right, down and away.
const LIGHT: [f64; 3] = [-0.45, -0.6, -0.8];

/// How the volume is to be drawn in this frame.
#[derive(Debug, Clone)]
pub struct VolumeFrame {
    /// The directions on the screen in RAS: to the right, down, and away from the eye.
    pub directions: [DVec3; 3],
    /// 1 shows the whole volume; see [`VolumeScreen`].
    pub zoom: f64,
    /// Which values are black and white.
    pub window: WindowLevel,
    /// How voxels become light.
    pub mode: VolumeMode,
    /// How solid label surfaces are within the scan, 0 … 1.
    pub opacity: f32,
    /// Whether labels are drawn.
    pub shows_labels: bool,
    /// The place where three thin lines meet.
    pub crosshair: Ras,
    /// Colours of the labels.
    pub palette: Arc<Palette>,
    /// Behind the volume, gamma-encoded.
    pub background: [f32; 3],
}

/// The shape that draws the volume into `rect`. One view of a scan can be on the screen at a time; ask
/// [`ScanTextures::volume_repaint_after`] at the end of the frame.
pub fn volume_shape(rect: egui::Rect, scan: &Arc<ScanTextures>, frame: VolumeFrame) -> egui::Shape {
    let look = Look {
        directions: frame.directions,
        zoom: frame.zoom,
        window: frame.window,
        mode: frame.mode,
        opacity: frame.opacity,
        shows_labels: frame.shows_labels,
        background: frame.background,
        palette: frame.palette,
        size: rect.size().into(),
    };
    scan.canvas().want(&look, scan.mask_version());
    let callback = VolumeCallback { rect, scan: Arc::clone(scan), look, crosshair: frame.crosshair };
    Callback::new_paint_callback(rect, callback).into()
}

/// As `View` in volume.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct VolumeUniforms {
    origin: [f32; 3],
    step_mm: f32,
    across: [f32; 3],
    gray_factor: f32,
    downward: [f32; 3],
    gray_summand: f32,
    away: [f32; 3],
    depth_mm: f32,
    normal_from_gradient: [[f32; 4]; 3],
    light: [f32; 3],
    opacity: f32,
    background: [f32; 3],
    padding: f32,
    look: [f32; 3],
    starts_at: f32,
    solid: [f32; 2],
    corners: u32,
    halvings: u32,
}

/// As `Blit` in blit.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct BlitUniforms {
    corner: [f32; 2],
    size: [f32; 2],
    used: [f32; 2],
    pixels_per_point: f32,
    padding: f32,
    lines: [[f32; 4]; 6],
}

const MAXIMUM: u32 = 1;
const SURFACES: u32 = 2;
const LABELS: u32 = 4;
const DRAFT: u32 = 8;

struct VolumeCallback {
    rect: egui::Rect,
    scan: Arc<ScanTextures>,
    look: Look,
    crosshair: Ras,
}

impl VolumeCallback {
    fn screen(&self) -> VolumeScreen {
        let size = DVec2::new(f64::from(self.look.size[0]), f64::from(self.look.size[1]));
        VolumeScreen::new(self.scan.grid(), self.look.directions, self.look.zoom, size)
    }

    fn volume_uniforms(&self, work: Work) -> VolumeUniforms {
        let (look, grid, screen) = (&self.look, self.scan.grid(), self.screen());
        let [origin, across, downward, away] = screen.rays(&texture_from_ras(grid));
        let per_pixel = |way: DVec3, n: usize| (way * f64::from(look.size[n]) / f64::from(work.pixels[n])).as_vec3().to_array();
        let texels = self.scan.texels();
        let gray = gray_from_reduced(texels.gray_from_texel(look.window), texels.highest());
        let [gray_factor, gray_summand] = gray.map(|number| number as f32);
        // A gradient along voxel axes becomes one in RAS by the transposed inverse of the axes.
        let normal = grid.voxel_from_ras().matrix3.transpose();
        let [right, down, far] = look.directions;
        let light = (right * LIGHT[0] + down * LIGHT[1] + far * LIGHT[2]).normalize();
        VolumeUniforms {
            origin: origin.as_vec3().to_array(),
            step_mm: step_mm(grid, work.is_draft) as f32,
            across: per_pixel(across, 0),
            gray_factor,
            downward: per_pixel(downward, 1),
            gray_summand,
            away: away.as_vec3().to_array(),
            depth_mm: screen.depth_mm() as f32,
            normal_from_gradient: [0, 1, 2].map(|n| normal.col(n).as_vec3().extend(0.0).to_array()),
            light: light.as_vec3().to_array(),
            opacity: look.opacity,
            background: look.background,
            padding: 0.0,
            look: far.as_vec3().to_array(),
            starts_at: starts_at(self.scan.empty_value(), look.window),
            solid: solid(self.scan.quantity(), look.window),
            corners: 8,
            halvings: 5,
        }
    }

    fn flags(&self, work: Work) -> u32 {
        let mode = match self.look.mode {
            VolumeMode::Rendering => 0,
            VolumeMode::MaximumIntensity => MAXIMUM,
            VolumeMode::Surfaces => SURFACES,
        };
        let shows_labels = self.look.shows_labels || self.look.mode == VolumeMode::Surfaces;
        mode | if shows_labels { LABELS } else { 0 } | if work.is_draft { DRAFT } else { 0 }
    }

    fn blit_uniforms(&self, picture: &Picture, pixels_per_point: f32) -> BlitUniforms {
        let screen = self.screen();
        let lines = crosshair_lines(self.scan.grid(), self.crosshair).map(|end| {
            let point = (screen.point_of(end) * f64::from(pixels_per_point)).as_vec2();
            [point.x, point.y, screen.depth_of(end) as f32, 0.0]
        });
        let size = self.rect.size() * pixels_per_point;
        BlitUniforms {
            corner: [self.rect.min.x * pixels_per_point, self.rect.min.y * pixels_per_point],
            size: size.into(),
            used: picture.used.map(|side| side as f32),
            pixels_per_point,
            padding: 0.0,
            lines,
        }
    }

    fn draw(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        pipeline: &wgpu::RenderPipeline,
        groups: [&wgpu::BindGroup; 3],
        picture: &Picture,
        work: Work,
    ) {
        let is_first = work.rows[0] == 0;
        let load = if is_first { wgpu::LoadOp::Clear(wgpu::Color::BLACK) } else { wgpu::LoadOp::Load };
        let attachment = |view| {
            let ops = wgpu::Operations { load, store: wgpu::StoreOp::Store };
            Some(wgpu::RenderPassColorAttachment { view, depth_slice: None, resolve_target: None, ops })
        };
        let [color, depth] = &picture.views;
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("volume"),
            color_attachments: &[attachment(color), attachment(depth)],
            ..Default::default()
        });
        pass.set_viewport(0.0, 0.0, work.pixels[0] as f32, work.pixels[1] as f32, 0.0, 1.0);
        pass.set_scissor_rect(0, work.rows[0], work.pixels[0], work.rows[1] - work.rows[0]);
        pass.set_pipeline(pipeline);
        for (index, group) in groups.into_iter().enumerate() {
            pass.set_bind_group(index as u32, group, &[]);
        }
        pass.draw(0..3, 0..1);
    }
}

impl CallbackTrait for VolumeCallback {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        egui_encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(passes) = resources.get_mut::<Passes>() else { return Vec::new() };
        let mask_version = self.scan.mask_version();
        let is_brightest = self.look.mode == VolumeMode::MaximumIntensity;
        let textures = self.scan.volume_group(&passes.volume.textures, &passes.sampler, is_brightest);
        let palette = self.look.palette.group(device, queue, &passes.palette);
        let most = device.limits().max_texture_dimension_2d;
        let pixels = self.look.size.map(|side| ((side * screen.pixels_per_point).round() as u32).clamp(1, most));
        let mut canvas = self.scan.canvas();
        let buffers = canvas.uniforms.take().unwrap_or_else(|| CanvasUniforms {
            volume: uniforms(device, "volume", &passes.volume.uniforms, size_of::<VolumeUniforms>() as u64),
            blit: uniforms(device, "blit", &passes.blit.uniforms, size_of::<BlitUniforms>() as u64),
        });
        let subject = (&self.look, mask_version, pixels);
        let drawn = canvas.next(device, &passes.blit.textures, &passes.sampler, subject, passes.pace).map(|(work, picture)| {
            queue.write_buffer(&buffers.volume.0, 0, bytemuck::bytes_of(&self.volume_uniforms(work)));
            let flags = self.flags(work);
            passes.volume.require(device, flags);
            if let Some(pipeline) = passes.volume.pipeline(flags) {
                self.draw(egui_encoder, pipeline, [&buffers.volume.1, &textures, &palette], picture, work);
            }
            work
        });
        if let Some(work) = drawn {
            canvas.done(work);
        }
        if let Some(picture) = canvas.front() {
            queue.write_buffer(&buffers.blit.0, 0, bytemuck::bytes_of(&self.blit_uniforms(picture, screen.pixels_per_point)));
        }
        canvas.uniforms = Some(buffers);
        Vec::new()
    }

    fn paint(&self, _info: egui::PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let Some(passes) = resources.get::<Passes>() else { return };
        let canvas = self.scan.canvas();
        let shown = (&canvas.uniforms, canvas.front(), passes.blit.pipeline(0));
        let (Some(uniforms), Some(picture), Some(pipeline)) = shown else { return };
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &uniforms.blit.1, &[]);
        pass.set_bind_group(1, &picture.group, &[]);
        pass.draw(0..3, 0..1);
    }
}

/// The grey above which the scan is drawn: somewhat above the window's black and above what is around the patient.
fn starts_at(empty_value: f64, window: WindowLevel) -> f32 {
    let empty = (empty_value - window.low()) / window.width.max(f64::MIN_POSITIVE);
    (empty + 0.15).clamp(0.1, 0.8) as f32
}

/// The greys from which on, and at which, the scan is solid: near the window's white; in CT never so low that muscle hides
/// everything, nor so high that bone is not seen.
fn solid(quantity: Quantity, window: WindowLevel) -> [f32; 2] {
    let near_white = window.low() + 0.72 * window.width;
    let values = match quantity {
        Quantity::Hounsfield => {
            let first = near_white.clamp(120.0, 250.0);
            [first, first + 170.0]
        }
        Quantity::Arbitrary => [near_white, near_white + 0.4 * window.width],
    };
    values.map(|value| ((value - window.low()) / window.width.max(f64::MIN_POSITIVE)) as f32)
}

/// Millimetres between two looks along a ray.
fn step_mm(grid: &Grid, is_draft: bool) -> f64 {
    let reduction = Reduction::of(grid.shape());
    let spacing = |axis: usize| grid.spacing()[axis] * grid.shape()[axis] as f64 / reduction.shape()[axis] as f64;
    let finest = (0..3).map(spacing).fold(f64::INFINITY, f64::min);
    let factor = if is_draft {
        DRAFT_STEP
    } else if reduction.is_identity() {
        1.0
    } else {
        // Labels are looked up at full size.
        0.6
    };
    finest * factor
}

/// Both ends of three lines along the patient's axes through a place, as long as the volume's box allows.
fn crosshair_lines(grid: &Grid, Ras(place): Ras) -> [Ras; 6] {
    let map = texture_from_ras(grid);
    let at = map.transform_point3(place);
    std::array::from_fn(|n| {
        let axis = [DVec3::X, DVec3::Y, DVec3::Z][n / 2] * if n % 2 == 0 { -1.0 } else { 1.0 };
        let way = map.transform_vector3(axis);
        let reach = (0..3).map(|axis| {
            let room = if way[axis] > 0.0 { 1.0 - at[axis] } else { at[axis] };
            if way[axis] == 0.0 { f64::INFINITY } else { room / way[axis].abs() }
        });
        Ras(place + axis * reach.fold(f64::INFINITY, f64::min).max(0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn air_is_empty_in_every_window() {
        let air = -1000.0;
        let soft = starts_at(air, WindowLevel { width: 400.0, level: 40.0 });
        let lung = starts_at(air, WindowLevel { width: 1500.0, level: -600.0 });
        assert_eq!(soft, 0.1);
        // −1000 HU is a grey of 0.23 in the lung window.
        assert!((lung - 0.383).abs() < 1e-3, "{lung}");
    }

    #[test]
    fn the_crosshairs_lines_end_at_the_faces_of_the_box() {
        let grid = Grid::axis_aligned([10, 20, 30], [1.0, 1.0, 2.0]).expect("a grid");
        let ends = crosshair_lines(&grid, Ras(DVec3::new(4.0, 3.0, 50.0)));
        let wanted = [[-0.5, 3.0, 50.0], [9.5, 3.0, 50.0], [4.0, -0.5, 50.0], [4.0, 19.5, 50.0], [4.0, 3.0, -1.0], [4.0, 3.0, 59.0]];
        for (end, wanted) in ends.iter().zip(wanted) {
            assert!((end.0 - DVec3::from_array(wanted)).length() < 1e-9, "{end:?}");
        }
    }
}
