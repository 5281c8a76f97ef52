//! The window without a screen: the same panels, events and drawing, into a texture.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use eframe::egui_wgpu::{RenderState, RendererOptions, ScreenDescriptor, WgpuConfiguration, WgpuSetup};
use eframe::{egui, wgpu};
use egui::{Context, Event, RawInput, Rect, vec2};

use super::Failure;
use crate::state::workbench::{OpenFirst, Workbench};
use crate::{panels, render};

/// Points and pixels of the window.
const SIZE: [u32; 2] = [1280, 800];

/// A window's state, and what draws it.
pub(super) struct Screenless {
    pub(super) workbench: Workbench,
    pub(super) context: Context,
    /// The graphics device.
    pub(super) device: String,
    state: RenderState,
    target: wgpu::Texture,
    began: Instant,
    is_woken: Arc<AtomicBool>,
}

/// What a frame took.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    /// Time of the processor that the window's thread took, from the events to the last word to the device.
    pub(super) processor: Duration,
    /// By the clock, from the events until the device had drawn it.
    pub(super) drawn: Duration,
    /// Bytes of voxels and uniforms given to the device, by whatever thread.
    pub(super) written: u64,
}

impl Screenless {
    /// Opens what the window would open.
    pub(super) fn open(first: &OpenFirst) -> Result<Self, Failure> {
        let setup = WgpuSetup::without_display_handle();
        let instance = pollster::block_on(setup.new_instance());
        let config = WgpuConfiguration { wgpu_setup: setup, ..Default::default() };
        let state = pollster::block_on(RenderState::create(&config, &instance, None, RendererOptions::default()))
            .map_err(|error| Failure::new(format!("there is no graphics device to draw on: {error}")))?;
        render::install(&state);
        let target = state.device.create_texture(&wgpu::TextureDescriptor {
            label: Some("screen"),
            size: wgpu::Extent3d { width: SIZE[0], height: SIZE[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: state.target_format,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
            view_formats: &[],
        });
        let is_woken = Arc::new(AtomicBool::new(false));
        let waker = Arc::clone(&is_woken);
        let gpu = Some((state.device.clone(), state.queue.clone()));
        let mut workbench = Workbench::new(gpu, first, Arc::new(move || waker.store(true, Ordering::Relaxed)))?;
        let context = Context::default();
        workbench.follow_settings(&context);
        let device = state.adapter.get_info().name;
        Ok(Self { workbench, context, device, state, target, began: Instant::now(), is_woken })
    }

    /// One frame with these events in it.
    pub(super) fn frame(&mut self, events: Vec<Event>) -> Cost {
        self.is_woken.store(false, Ordering::Relaxed);
        let input = self.input(events);
        let (start, processor, written) = (Instant::now(), processor_time(), render::written_bytes());
        let workbench = &mut self.workbench;
        let output = self.context.run_ui(input, |ui| panels::show(ui, workbench));
        self.draw(output);
        let processor = processor_time().saturating_sub(processor);
        // What comes next waits for this, as a window waits for the screen.
        let _ = self.state.device.poll(wgpu::PollType::wait_indefinitely());
        Cost { processor, drawn: start.elapsed(), written: render::written_bytes() - written }
    }

    fn input(&self, events: Vec<Event>) -> RawInput {
        RawInput {
            screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, vec2(SIZE[0] as f32, SIZE[1] as f32))),
            time: Some(self.began.elapsed().as_secs_f64()),
            focused: true,
            events,
            ..RawInput::default()
        }
    }

    fn draw(&self, output: egui::FullOutput) {
        let RenderState { device, queue, renderer, .. } = &self.state;
        let mut renderer = renderer.write();
        let primitives = self.context.tessellate(output.shapes, output.pixels_per_point);
        for (id, deltas) in &output.textures_delta.set {
            deltas.iter().for_each(|delta| renderer.update_texture(device, queue, *id, delta));
        }
        let screen = ScreenDescriptor { size_in_pixels: SIZE, pixels_per_point: output.pixels_per_point };
        render::draw_primitives(device, queue, &mut renderer, &primitives, &screen, &self.target, [0, 0, 0, 255]);
        output.textures_delta.free.iter().for_each(|id| renderer.free_texture(id));
    }

    /// Draws frames as they are asked for until it is so; the most that one of them took.
    ///
    /// # Errors
    /// If it does not come about.
    pub(super) fn until(&mut self, what: &str, is_so: impl Fn(&Workbench) -> bool) -> Result<Vec<Cost>, Failure> {
        let mut costs = Vec::new();
        let begin = Instant::now();
        while !is_so(&self.workbench) {
            costs.push(self.frame(Vec::new()));
            if !self.is_woken.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(4));
            }
            if begin.elapsed() > Duration::from_secs(300) {
                let told: Vec<String> = self.workbench.notices.shown().iter().map(|notice| notice.text.clone()).collect();
                return Err(Failure::new(format!("{what} did not come: {}", told.join(" "))));
            }
        }
        Ok(costs)
    }

    /// Where something of this name lies, as the accessibility tree tells.
    ///
    /// # Errors
    /// If there is nothing of the name.
    pub(super) fn place_of(&mut self, name: &str) -> Result<Rect, Failure> {
        let mut found = None;
        self.context.enable_accesskit();
        for _ in 0..3 {
            let input = self.input(Vec::new());
            let workbench = &mut self.workbench;
            let output = self.context.run_ui(input, |ui| panels::show(ui, workbench));
            let nodes = output.platform_output.accesskit_update.as_ref().map(|update| update.nodes.as_slice()).unwrap_or_default();
            let node = nodes.iter().find(|(_, node)| node.label() == Some(name));
            found = node.and_then(|(_, node)| node.bounds()).or(found);
            self.draw(output);
        }
        self.context.disable_accesskit();
        let bounds = found.ok_or_else(|| Failure::new(format!("the window has no “{name}”")))?;
        Ok(Rect::from_min_max(egui::pos2(bounds.x0 as f32, bounds.y0 as f32), egui::pos2(bounds.x1 as f32, bounds.y1 as f32)))
    }
}

/// Time of the processor that this thread has taken.
#[cfg(unix)]
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every system this is built for; the call only writes to `time`.
    #[expect(unsafe_code, reason = "the standard library does not tell it")]
    unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
    }
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Elsewhere the clock stands for it.
#[cfg(not(unix))]
fn processor_time() -> Duration {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}
