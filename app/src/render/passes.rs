//! The pipelines, made once and kept in egui's renderer.

use std::collections::BTreeMap;

use eframe::{egui_wgpu, wgpu};
use wgpu::{BindingType, Device, ShaderStages, TextureFormat, TextureSampleType, TextureViewDimension};

use super::canvas;
use super::pace::Pace;
use super::slice::SliceSlot;

const SLICE: &str = concat!(include_str!("../../../shaders/common.wgsl"), include_str!("../../../shaders/slice.wgsl"));
const VOLUME: &str = concat!(include_str!("../../../shaders/common.wgsl"), include_str!("../../../shaders/volume.wgsl"));
const BLIT: &str = concat!(include_str!("../../../shaders/common.wgsl"), include_str!("../../../shaders/blit.wgsl"));

/// Makes the pipelines and puts them into egui's renderer. Once, before the first shape is painted.
pub fn install(render_state: &egui_wgpu::RenderState) {
    let pace = Pace::of(render_state.adapter.get_info().device_type);
    let passes = Passes::new(&render_state.device, render_state.target_format, pace);
    render_state.renderer.write().callback_resources.insert(passes);
}

/// A shader, its pipelines, and the layouts of the groups it binds: its own uniforms and textures.
///
/// What a frame does not ask for is left out of its pipeline, by the shader's `FLAGS`: software drivers walk through every
/// branch, taken or not.
pub(crate) struct Pass {
    name: &'static str,
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
    formats: Vec<TextureFormat>,
    pipelines: BTreeMap<u32, wgpu::RenderPipeline>,
    /// Group 0: one buffer of what changes from frame to frame.
    pub(crate) uniforms: wgpu::BindGroupLayout,
    /// Group 1: textures.
    pub(crate) textures: wgpu::BindGroupLayout,
}

/// Everything the paint callbacks need that is not the case's own.
pub(crate) struct Passes {
    /// Draws a slice on the screen.
    pub(crate) slice: Pass,
    /// Draws the volume into its canvas.
    pub(crate) volume: Pass,
    /// Draws the canvas on the screen.
    pub(crate) blit: Pass,
    /// Group 2 of the slice and volume pass.
    pub(crate) palette: wgpu::BindGroupLayout,
    /// Linear, clamped.
    pub(crate) sampler: wgpu::Sampler,
    /// How much the device can draw in a frame.
    pub(crate) pace: Pace,
    /// What each slice view draws in this frame.
    pub(crate) slots: Vec<Option<SliceSlot>>,
}

impl Passes {
    /// The pipelines for a screen of `format`.
    pub(crate) fn new(device: &Device, format: TextureFormat, pace: Pace) -> Self {
        let solid = TextureSampleType::Float { filterable: false };
        let palette = layout(device, "palette", &[texture(TextureViewDimension::D2, solid)]);
        let labels = texture(TextureViewDimension::D3, TextureSampleType::Uint);
        let filtered = TextureSampleType::Float { filterable: true };
        let sampler = BindingType::Sampler(wgpu::SamplerBindingType::Filtering);
        let with_palette = Some(&palette);
        let slice = Pass::new(device, "slice", SLICE, &[labels; 4], with_palette, &[format]);
        let [scan, falls] = [texture(TextureViewDimension::D3, filtered); 2];
        let through = [scan, labels, labels, falls, texture(TextureViewDimension::D2, solid), sampler];
        let volume = Pass::new(device, "volume", VOLUME, &through, with_palette, &canvas::FORMATS);
        let picture = [texture(TextureViewDimension::D2, filtered), texture(TextureViewDimension::D2, solid), sampler];
        let mut blit = Pass::new(device, "blit", BLIT, &picture, None, &[format]);
        blit.require(device, 0);
        let sampler = device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("linear"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..Default::default()
        });
        Self { slice, volume, blit, palette, sampler, pace, slots: Vec::new() }
    }
}

/// A buffer of `bytes` for what changes from frame to frame, and the group that binds it.
///
/// A storage buffer, not a uniform one: Mesa's software drivers compile a shader anew, and keep the old one in memory, each time a
/// uniform it branches on may have changed. That cost 2 MB a frame and most of its time.
pub(crate) fn uniforms(device: &Device, label: &str, layout: &wgpu::BindGroupLayout, bytes: u64) -> (wgpu::Buffer, wgpu::BindGroup) {
    let buffer = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some(label),
        size: bytes,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some(label),
        layout,
        entries: &[wgpu::BindGroupEntry { binding: 0, resource: buffer.as_entire_binding() }],
    });
    (buffer, group)
}

fn texture(view_dimension: TextureViewDimension, sample_type: TextureSampleType) -> BindingType {
    BindingType::Texture { sample_type, view_dimension, multisampled: false }
}

fn layout(device: &Device, label: &str, bindings: &[BindingType]) -> wgpu::BindGroupLayout {
    let entries: Vec<wgpu::BindGroupLayoutEntry> = (0..)
        .zip(bindings)
        .map(|(binding, &ty)| wgpu::BindGroupLayoutEntry { binding, visibility: ShaderStages::FRAGMENT, ty, count: None })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
}

impl Pass {
    /// A pass that covers its viewport: `cover` of common.wgsl, then the fragment stage `draw_NAME`.
    fn new(
        device: &Device,
        name: &'static str,
        source: &str,
        bindings: &[BindingType],
        palette: Option<&wgpu::BindGroupLayout>,
        formats: &[TextureFormat],
    ) -> Self {
        let module = device
            .create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(name), source: wgpu::ShaderSource::Wgsl(source.into()) });
        let buffer = BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only: true },
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let (uniforms, textures) = (layout(device, name, &[buffer]), layout(device, name, bindings));
        let mut groups = vec![Some(&uniforms), Some(&textures)];
        groups.extend(palette.map(Some));
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: &groups,
            immediate_size: 0,
        });
        Self { name, module, layout, formats: formats.to_vec(), pipelines: BTreeMap::new(), uniforms, textures }
    }

    /// Makes the pipeline for `flags` unless there is one.
    pub(crate) fn require(&mut self, device: &Device, flags: u32) {
        if !self.pipelines.contains_key(&flags) {
            self.pipelines.insert(flags, self.make(device, flags));
        }
    }

    /// The pipeline for `flags`, if it was required.
    pub(crate) fn pipeline(&self, flags: u32) -> Option<&wgpu::RenderPipeline> {
        self.pipelines.get(&flags)
    }

    fn make(&self, device: &Device, flags: u32) -> wgpu::RenderPipeline {
        let target = |&format: &TextureFormat| Some(wgpu::ColorTargetState::from(format));
        let targets: Vec<_> = self.formats.iter().map(target).collect();
        // egui wants gamma-encoded colours; a target that encodes by itself is given linear ones.
        let encodes = self.formats.iter().any(TextureFormat::is_srgb);
        let constants = [("FLAGS", f64::from(flags)), ("TARGET_ENCODES", f64::from(u8::from(encodes)))];
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(self.name),
            layout: Some(&self.layout),
            vertex: wgpu::VertexState {
                module: &self.module,
                entry_point: Some("cover"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState::default(),
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &self.module,
                entry_point: Some(&format!("draw_{}", self.name)),
                compilation_options: wgpu::PipelineCompilationOptions { constants: &constants, ..Default::default() },
                targets: &targets,
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}
