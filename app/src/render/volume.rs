//! Draws the whole volume from outside: drives `shaders/volume.wgsl` and `shaders/blit.wgsl`.

use std::sync::Arc;

use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor};
use eframe::{egui, wgpu};
use medley_volume::Ras;
use medley_volume::glam::{DVec2, DVec3};

use super::canvas::{CanvasUniforms, Look, Picture, Work};
use super::device::write_buffer;
use super::passes::{Passes, uniforms};
use super::volume_screen::VolumeScreen;
use super::volume_uniforms::{BlitUniforms, VolumeUniforms, flags};
use super::{Palette, ScanTextures};
use crate::state::transfer::TransferFunction;
use crate::state::view::VolumeMode;
use crate::state::window_level::WindowLevel;

/// How the volume is to be drawn in this frame.
#[derive(Debug, Clone)]
pub struct VolumeFrame {
    /// The directions on the screen in RAS: to the right, down, and away from the eye.
    pub directions: [DVec3; 3],
    /// 1 shows the whole volume; see [`VolumeScreen`].
    pub zoom: f64,
    /// Which values are black and white in projections.
    pub window: WindowLevel,
    /// How voxels become light.
    pub mode: VolumeMode,
    /// Colour and opacity of values.
    pub transfer: Arc<TransferFunction>,
    /// How strongly surfaces in the scan are lit, 0 … 1.
    pub shading: f32,
    /// What is left of the scan after clipping: two corners as parts of the volume's sides.
    pub scan_bounds: [DVec3; 2],
    /// What is left of the labels.
    pub label_bounds: [DVec3; 2],
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
        transfer: frame.transfer,
        shading: frame.shading,
        bounds: [frame.scan_bounds, frame.label_bounds],
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

    fn blit_uniforms(&self, picture: &Picture, pixels_per_point: f32) -> BlitUniforms {
        BlitUniforms::of(self.scan.grid(), &self.screen(), self.crosshair, self.rect, picture.used, pixels_per_point)
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
            let facts = self.scan.write_transfer(queue, &self.look.transfer);
            let written = VolumeUniforms::of(&self.scan, &self.look, &self.screen(), work, (passes.pace.label_reach, facts));
            write_buffer(queue, &buffers.volume.0, bytemuck::bytes_of(&written));
            let flags = flags(&self.look, work);
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
            write_buffer(queue, &buffers.blit.0, bytemuck::bytes_of(&self.blit_uniforms(picture, screen.pixels_per_point)));
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
