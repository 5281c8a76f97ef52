//! What egui does for a window, without one: shapes painted into an image.

use std::sync::{Arc, OnceLock};

use eframe::egui::epaint::{ClippedPrimitive, Primitive};
use eframe::egui::{self, Pos2, Rect};
use eframe::egui_wgpu::{RenderState, Renderer, RendererOptions, ScreenDescriptor, WgpuConfiguration, WgpuSetup};
use eframe::wgpu;
use medley_volume::glam::{DAffine3, DMat3, DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, LabelMap, Quantity, Ras, Scaling, Volume, Voxels};

use super::super::{Palette, ScanTextures, SliceFrame, VolumeFrame, install, slice_shape, volume_shape};
use crate::state::slice_geometry::{Convention, SliceCamera, SliceGeometry};
use crate::state::window_level::WindowLevel;

/// An image of gamma-encoded colours.
pub(super) struct Image {
    width: usize,
    pixels: Vec<[u8; 4]>,
}

impl Image {
    pub(super) fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let [r, g, b, _] = self.pixels[y * self.width + x];
        [r, g, b]
    }

    pub(super) fn at_point(&self, point: DVec2) -> [u8; 3] {
        self.at(point.x as usize, point.y as usize)
    }

    /// Every pixel with its coordinates.
    pub(super) fn pixels(&self) -> impl Iterator<Item = ([usize; 2], [u8; 3])> {
        (0..self.pixels.len()).map(|n| ([n % self.width, n / self.width], self.at(n % self.width, n / self.width)))
    }
}

/// Where shapes are painted.
pub(crate) struct Easel {
    pub(crate) state: RenderState,
}

impl Easel {
    pub(crate) fn new() -> Self {
        Self::with_format(wgpu::TextureFormat::Rgba8Unorm)
    }

    /// All easels share a device, but not pipelines.
    pub(super) fn with_format(format: wgpu::TextureFormat) -> Self {
        static SHARED: OnceLock<RenderState> = OnceLock::new();
        let shared = SHARED.get_or_init(shared_state).clone();
        let renderer = Renderer::new(&shared.device, format, RendererOptions::PREDICTABLE);
        let state = RenderState { target_format: format, renderer: Arc::new(egui::mutex::RwLock::new(renderer)), ..shared };
        install(&state);
        Self { state }
    }

    pub(super) fn upload(&self, volume: &Volume) -> Arc<ScanTextures> {
        Arc::new(ScanTextures::upload(&self.state.device, &self.state.queue, volume).expect("room for a small scan"))
    }

    /// Paints until the picture of the 3D view is as good as it gets.
    pub(super) fn paint_volume(&self, size: [u32; 2], scan: &Arc<ScanTextures>, frame: &VolumeFrame) -> Image {
        let rect = Rect::from_min_size(Pos2::ZERO, [size[0] as f32, size[1] as f32].into());
        loop {
            let image = self.paint(size, 1.0, vec![volume_shape(rect, scan, frame.clone())]);
            if scan.volume_repaint_after().is_none() {
                return image;
            }
        }
    }

    /// Paints callback shapes, the first lowest.
    pub(super) fn paint(&self, [width, height]: [u32; 2], pixels_per_point: f32, shapes: Vec<egui::Shape>) -> Image {
        let (device, queue, format) = (&self.state.device, &self.state.queue, self.state.target_format);
        let screen = ScreenDescriptor { size_in_pixels: [width, height], pixels_per_point };
        let primitives: Vec<ClippedPrimitive> = shapes
            .into_iter()
            .map(|shape| {
                let egui::Shape::Callback(callback) = shape else { panic!("only paint callbacks are painted here") };
                ClippedPrimitive { clip_rect: callback.rect, primitive: Primitive::Callback(callback) }
            })
            .collect();
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let target = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("easel"),
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = target.create_view(&wgpu::TextureViewDescriptor::default());
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut renderer = self.state.renderer.write();
        let buffers = renderer.update_buffers(device, queue, &mut encoder, &primitives, &screen);
        {
            let ops = wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::BLACK), store: wgpu::StoreOp::Store };
            let mut pass = encoder
                .begin_render_pass(&wgpu::RenderPassDescriptor {
                    color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                        view: &view,
                        depth_slice: None,
                        resolve_target: None,
                        ops,
                    })],
                    ..Default::default()
                })
                .forget_lifetime();
            renderer.render(&mut pass, &primitives, &screen);
        }
        let bytes_per_row = (width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("easel"),
            size: u64::from(bytes_per_row * height),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(bytes_per_row), rows_per_image: None };
        encoder.copy_texture_to_buffer(target.as_image_copy(), wgpu::TexelCopyBufferInfo { buffer: &buffer, layout }, size);
        queue.submit(buffers.into_iter().chain([encoder.finish()]));
        buffer.slice(..).map_async(wgpu::MapMode::Read, |mapped| mapped.expect("the image can be read back"));
        device.poll(wgpu::PollType::wait_indefinitely()).expect("the device finishes drawing");
        let bytes = buffer.slice(..).get_mapped_range().expect("the image was read back");
        let rows = bytes.chunks_exact(bytes_per_row as usize);
        let pixels = rows.flat_map(|row| row[..width as usize * 4].chunks_exact(4).map(|p| [p[0], p[1], p[2], p[3]])).collect();
        Image { width: width as usize, pixels }
    }
}

/// A software adapter if there is one, so that every machine draws the same pixels.
fn shared_state() -> RenderState {
    let WgpuSetup::CreateNew(mut setup) = WgpuSetup::without_display_handle() else { panic!("a new setup is new") };
    setup.native_adapter_selector = Some(Arc::new(|adapters, _| {
        let is_software = |adapter: &&wgpu::Adapter| adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let chosen = adapters.iter().find(is_software).or(adapters.first());
        chosen.cloned().ok_or_else(|| "there is none".to_owned())
    }));
    let setup = WgpuSetup::CreateNew(setup);
    let instance = pollster::block_on(setup.new_instance());
    let config = WgpuConfiguration { wgpu_setup: setup, ..Default::default() };
    pollster::block_on(RenderState::create(&config, &instance, None, RendererOptions::PREDICTABLE)).unwrap_or_else(|error| {
        panic!(
            "the drawing tests need a graphics adapter ({error}); install a software one, on Debian or Ubuntu with: \
             apt-get install mesa-vulkan-drivers"
        )
    })
}

/// A volume of `i16` Hounsfield-like values made voxel by voxel.
pub(super) fn volume(grid: Grid, value: impl Fn([usize; 3]) -> i16) -> Volume {
    let mut voxels = Vec::with_capacity(grid.len());
    let [ni, nj, nk] = grid.shape();
    for k in 0..nk {
        for j in 0..nj {
            voxels.extend((0..ni).map(|i| value([i, j, k])));
        }
    }
    Volume::new(grid, Voxels::I16(voxels), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits")
}

/// A mask made voxel by voxel.
pub(super) fn mask(grid: Grid, label: impl Fn([usize; 3]) -> u16) -> LabelMap {
    let mut mask = LabelMap::empty(grid);
    let [ni, nj, _] = grid.shape();
    for offset in 0..grid.len() {
        mask.set(offset, label([offset % ni, offset / ni % nj, offset / ni / nj]));
    }
    mask
}

/// The same patient of 24 × 20 × 18 mm, stored with its axes in another order.
pub(super) fn stored_as(order: [usize; 3], is_flipped: [bool; 3]) -> Grid {
    let (mm, extent) = ([2.0, 1.0, 3.0], [24.0, 20.0, 18.0]);
    let (mut columns, mut shape, mut first) = ([DVec3::ZERO; 3], [0; 3], DVec3::ZERO);
    for patient in 0..3 {
        let axis = order[patient];
        shape[axis] = (extent[patient] / mm[patient]) as usize;
        columns[axis][patient] = if is_flipped[patient] { -mm[patient] } else { mm[patient] };
        first[patient] = if is_flipped[patient] { extent[patient] - mm[patient] } else { 0.0 };
    }
    let affine = DAffine3 { matrix3: DMat3::from_cols(columns[0], columns[1], columns[2]), translation: first };
    Grid::new(shape, affine).expect("a usable affine")
}

/// A slice view of `size` points at the top left of the image, and how it lies in the patient.
pub(super) struct View {
    pub(super) rect: Rect,
    pub(super) geometry: SliceGeometry,
}

impl View {
    pub(super) fn new(grid: &Grid, plane: AnatomicalPlane, corner: [f32; 2], size: [f32; 2]) -> Self {
        let rect = Rect::from_min_size(Pos2::from(corner), size.into());
        let middle = DVec2::new(f64::from(rect.center().x), f64::from(rect.center().y));
        let size = DVec2::new(f64::from(size[0]), f64::from(size[1]));
        let crosshair = Ras(grid.center().0 + DVec3::splat(0.4));
        let camera = SliceCamera::default();
        let geometry = SliceGeometry::new(grid, plane, Convention::Radiological, camera, crosshair, middle, size);
        Self { rect, geometry }
    }

    /// A frame with nothing over the scan, not interpolated.
    pub(super) fn frame(&self, window: WindowLevel, palette: &Arc<Palette>) -> SliceFrame {
        SliceFrame {
            slot: 0,
            texture_affine: self.geometry.texture_affine(),
            window,
            opacity: 0.5,
            is_outline: false,
            shows_labels: false,
            shows_proposal: false,
            is_proposal_alone: false,
            is_interpolated: false,
            palette: Arc::clone(palette),
            slab: None,
            second: None,
            is_on_white: false,
        }
    }

    pub(super) fn shape(&self, scan: &Arc<ScanTextures>, frame: SliceFrame) -> egui::Shape {
        slice_shape(self.rect, scan, frame)
    }
}

/// Whether two colours are the same to rounding.
pub(super) fn is_near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 1)
}

/// A colour mixed as the overlay does.
pub(super) fn mixed(gray: u8, color: [u8; 3], cover: f64) -> [u8; 3] {
    color.map(|channel| (f64::from(gray) + (f64::from(channel) - f64::from(gray)) * cover).round() as u8)
}
