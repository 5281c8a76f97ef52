//! Drawing what egui has recorded into a picture of any size, off the screen. Not for the window's thread: it waits for the device.

use std::sync::Arc;
use std::time::Duration;

use eframe::egui_wgpu::{Renderer, RendererOptions, ScreenDescriptor};
use eframe::{egui, wgpu};
use egui::epaint::ClippedPrimitive;
use wgpu::{Device, Queue, TextureFormat};

use super::device::{asking, wait};
use super::pace::Pace;
use super::passes::Passes;
use super::{RenderError, ScanTextures};

const FORMAT: TextureFormat = TextureFormat::Rgba8Unorm;
/// Rows come back in pieces of about this many bytes.
const PIECE: u64 = 64 << 20;
/// So little at once that the window, which draws on the same device, is not held up.
const PACE: Pace = Pace { draft_pixels: 24_000, sharp_pixels: 250_000, label_reach: 2, longest: 256 };
/// A 3D picture that is not sharp by then is taken as it is.
const MOST_PARTS: usize = 4000;

/// A picture to be drawn.
pub struct OffScreen {
    /// Pixels across and down.
    pub size: [u32; 2],
    /// Behind everything.
    pub ground: [u8; 4],
    /// The context that recorded it.
    pub context: egui::Context,
    /// What it recorded.
    pub output: egui::FullOutput,
    /// The 3D view in it, which is drawn in parts until it is sharp.
    pub still: Option<Arc<ScanTextures>>,
}

/// Draws it: red, green and blue of every pixel, row by row.
///
/// # Errors
/// If the device has no room or refuses.
pub fn draw_off_screen(device: &Device, queue: &Queue, picture: OffScreen) -> Result<Vec<u8>, RenderError> {
    let OffScreen { size, ground, context, output, still } = picture;
    let bytes = u64::from(size[0]) * u64::from(size[1]) * 4;
    let mut renderer = Renderer::new(device, FORMAT, RendererOptions::PREDICTABLE);
    renderer.callback_resources.insert(Passes::new(device, FORMAT, PACE));
    let primitives = context.tessellate(output.shapes, output.pixels_per_point);
    for (id, deltas) in &output.textures_delta.set {
        deltas.iter().for_each(|delta| renderer.update_texture(device, queue, *id, delta));
    }
    let screen = ScreenDescriptor { size_in_pixels: size, pixels_per_point: output.pixels_per_point };
    let target = asking(device, "a figure", bytes, || target(device, size))?;
    asking(device, "a figure", bytes, || {
        for _ in 0..MOST_PARTS {
            let left = still.as_ref().and_then(|still| still.volume_repaint_after());
            draw(device, queue, &mut renderer, &primitives, &screen, &target, ground);
            let Some(left) = left.filter(|_| still.as_ref().is_some_and(|still| still.volume_repaint_after().is_some())) else { break };
            wait(device)?;
            std::thread::sleep(left.max(Duration::from_millis(1)));
        }
        Ok(())
    })??;
    asking(device, "a figure", PIECE, || read_back(device, queue, &target, size))?
}

fn target(device: &Device, [width, height]: [u32; 2]) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("figure"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: FORMAT,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    })
}

/// Draws primitives that a renderer knows onto a texture, over `ground`.
pub(crate) fn draw(
    device: &Device,
    queue: &Queue,
    renderer: &mut Renderer,
    primitives: &[ClippedPrimitive],
    screen: &ScreenDescriptor,
    target: &wgpu::Texture,
    ground: [u8; 4],
) {
    let view = target.create_view(&wgpu::TextureViewDescriptor::default());
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("figure") });
    let buffers = renderer.update_buffers(device, queue, &mut encoder, primitives, screen);
    {
        let [r, g, b, _] = ground.map(|channel| f64::from(channel) / 255.0);
        let ops = wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a: 1.0 }), store: wgpu::StoreOp::Store };
        let attachment = wgpu::RenderPassColorAttachment { view: &view, depth_slice: None, resolve_target: None, ops };
        let pass = wgpu::RenderPassDescriptor { label: Some("figure"), color_attachments: &[Some(attachment)], ..Default::default() };
        let mut pass = encoder.begin_render_pass(&pass).forget_lifetime();
        renderer.render(&mut pass, primitives, screen);
    }
    queue.submit(buffers.into_iter().chain([encoder.finish()]));
}

/// Reads the picture in pieces of some rows, and leaves its opacity out.
fn read_back(device: &Device, queue: &Queue, target: &wgpu::Texture, [width, height]: [u32; 2]) -> Result<Vec<u8>, RenderError> {
    let refused = |reason: String| RenderError::Refused { what: "a figure", reason };
    let bytes_per_row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
    let most = ((PIECE / u64::from(bytes_per_row)).max(1) as u32).min(height);
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("figure"),
        size: u64::from(bytes_per_row) * u64::from(most),
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut pixels = Vec::with_capacity(width as usize * height as usize * 3);
    for first in (0..height).step_by(most as usize) {
        let rows = most.min(height - first);
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(bytes_per_row), rows_per_image: None };
        let from = wgpu::TexelCopyTextureInfo { origin: wgpu::Origin3d { x: 0, y: first, z: 0 }, ..target.as_image_copy() };
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("figure") });
        let size = wgpu::Extent3d { width, height: rows, depth_or_array_layers: 1 };
        encoder.copy_texture_to_buffer(from, wgpu::TexelCopyBufferInfo { buffer: &buffer, layout }, size);
        queue.submit([encoder.finish()]);
        let used = ..u64::from(bytes_per_row) * u64::from(rows);
        buffer.slice(used).map_async(wgpu::MapMode::Read, |_| {});
        wait(device)?;
        {
            let bytes = buffer.slice(used).get_mapped_range().map_err(|error| refused(error.to_string()))?;
            for row in bytes.chunks_exact(bytes_per_row as usize) {
                pixels.extend(row[..width as usize * 4].chunks_exact(4).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]));
            }
        }
        buffer.unmap();
    }
    Ok(pixels)
}
