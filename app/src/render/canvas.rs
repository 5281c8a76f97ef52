//! The picture of the 3D view: drawn off the screen when something changed, kept otherwise.
//!
//! While the view turns, a draft of few pixels is drawn at once. When it rests, the sharp picture is drawn behind it, some rows
//! each frame, and takes its place when it is finished. A changed mask leaves the old picture up until the sharp one is ready,
//! so that a brush stroke never waits for the 3D view.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::wgpu;
use medley_volume::glam::DVec3;
use wgpu::{Device, TextureFormat};

use super::Palette;
use super::pace::Pace;
use crate::state::transfer::TransferFunction;
use crate::state::view::VolumeMode;
use crate::state::window_level::WindowLevel;

/// Colour, and depth from 0 to 1.
pub(crate) const FORMATS: [TextureFormat; 2] = [TextureFormat::Rgba8Unorm, TextureFormat::R16Float];

/// How long nothing may change before the sharp picture is begun.
const REST: Duration = Duration::from_millis(120);
/// From one part of the sharp picture to the next.
const NEXT_PART: Duration = Duration::from_millis(1);

/// Everything the picture depends on, the mask's labels aside.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) directions: [DVec3; 3],
    pub(crate) zoom: f64,
    pub(crate) window: WindowLevel,
    pub(crate) mode: VolumeMode,
    pub(crate) opacity: f32,
    pub(crate) shows_labels: bool,
    pub(crate) transfer: Arc<TransferFunction>,
    /// How strongly the scan is lit, 0 … 1.
    pub(crate) shading: f32,
    /// What is left of the scan and of the labels, as parts of the volume's sides.
    pub(crate) bounds: [[DVec3; 2]; 2],
    pub(crate) background: [f32; 3],
    pub(crate) palette: Arc<Palette>,
    /// In points.
    pub(crate) size: [f32; 2],
}

impl PartialEq for Look {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.palette, &other.palette)
            && self.directions == other.directions
            && self.zoom == other.zoom
            && self.window == other.window
            && self.mode == other.mode
            && self.opacity == other.opacity
            && self.shows_labels == other.shows_labels
            && self.transfer == other.transfer
            && self.shading == other.shading
            && self.bounds == other.bounds
            && self.background == other.background
            && self.size == other.size
    }
}

/// What a picture shows.
#[derive(Debug, Clone, PartialEq)]
struct Subject {
    look: Look,
    mask_version: u64,
    pixels: [u32; 2],
}

/// What is to be drawn in a frame: rows of the hidden picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Work {
    /// Size of the part of the picture that is used.
    pub(crate) pixels: [u32; 2],
    /// The rows to draw.
    pub(crate) rows: [u32; 2],
    /// Whether it is the draft, which may be coarse in depth too.
    pub(crate) is_draft: bool,
}

/// How far a picture has come.
#[derive(Debug, Clone, PartialEq)]
struct Progress {
    subject: Subject,
    is_draft: bool,
    rows: u32,
}

/// The plan of which picture is drawn when; without any of the device.
#[derive(Debug, Default)]
struct Plan {
    wanted: Option<(Look, u64, Instant)>,
    front: Option<Progress>,
    back: Option<Progress>,
}

impl Plan {
    fn want(&mut self, look: &Look, mask_version: u64, now: Instant) {
        let is_same = |(wanted, version, _): &(Look, u64, Instant)| wanted == look && *version == mask_version;
        if !self.wanted.as_ref().is_some_and(is_same) {
            self.wanted = Some((look.clone(), mask_version, now));
        }
    }

    fn repaint_after(&self, mask_version: u64, now: Instant) -> Option<Duration> {
        let (look, version, since) = self.wanted.as_ref()?;
        let front = self.front.as_ref();
        let is_shown = |front: &Progress| !front.is_draft && front.subject.look == *look;
        if front.is_some_and(|front| is_shown(front) && front.subject.mask_version == mask_version) {
            return None;
        }
        let rested = if *version == mask_version { now.saturating_duration_since(*since) } else { Duration::ZERO };
        Some(REST.saturating_sub(rested).max(NEXT_PART))
    }

    /// The work of this frame; afterwards [`Plan::done`].
    fn next(&mut self, subject: Subject, pace: Pace, now: Instant) -> Option<Work> {
        let area = subject.pixels[0].saturating_mul(subject.pixels[1]);
        let front = self.front.as_ref();
        if front.is_some_and(|front| !front.is_draft && front.subject == subject) {
            return None;
        }
        let looks_same = |front: &Progress| front.subject.look == subject.look && front.subject.pixels == subject.pixels;
        let is_quick = area <= pace.draft_pixels && area <= pace.sharp_pixels;
        if is_quick {
            return Some(self.begin(subject, false));
        }
        if !front.is_some_and(looks_same) {
            return Some(self.begin(subject, true)).map(|work| work.at_most(pace.draft_pixels));
        }
        let rested = self.wanted.as_ref().map_or(REST, |(_, _, since)| now.saturating_duration_since(*since));
        if rested < REST {
            return None;
        }
        let height = subject.pixels[1];
        let share = (pace.sharp_pixels / subject.pixels[0].max(1)).max(1);
        let begun = match &self.back {
            Some(back) if !back.is_draft && back.subject == subject => back.rows,
            _ => 0,
        };
        let work = self.begin(subject, false);
        Some(Work { rows: [begun, height.min(begun.saturating_add(share))], ..work })
    }

    fn begin(&mut self, subject: Subject, is_draft: bool) -> Work {
        let pixels = subject.pixels;
        self.back = Some(Progress { subject, is_draft, rows: 0 });
        Work { pixels, rows: [0, pixels[1]], is_draft }
    }

    /// Notes that work was drawn. Returns whether the hidden picture is finished and takes the other's place.
    fn done(&mut self, work: Work) -> bool {
        let Some(back) = &mut self.back else { return false };
        back.rows = work.rows[1];
        let is_finished = back.rows >= work.pixels[1];
        if is_finished {
            self.front = self.back.take();
        }
        is_finished
    }
}

impl Work {
    /// The same picture in at most `most` pixels.
    fn at_most(self, most: u32) -> Self {
        let area = f64::from(self.pixels[0]) * f64::from(self.pixels[1]);
        let scale = (f64::from(most) / area.max(1.0)).sqrt().min(1.0);
        let pixels = self.pixels.map(|side| ((f64::from(side) * scale) as u32).max(1));
        Self { pixels, rows: [0, pixels[1]], ..self }
    }
}

/// A picture on the device.
pub(crate) struct Picture {
    /// Colour and depth.
    pub(crate) views: [wgpu::TextureView; 2],
    /// What the blit pass binds.
    pub(crate) group: wgpu::BindGroup,
    /// Size of the textures.
    pub(crate) size: [u32; 2],
    /// The part of them that is drawn.
    pub(crate) used: [u32; 2],
}

/// Uniform buffers of the passes that draw and show the picture, with their groups.
pub(crate) struct CanvasUniforms {
    /// Of the volume pass.
    pub(crate) volume: (wgpu::Buffer, wgpu::BindGroup),
    /// Of the blit pass.
    pub(crate) blit: (wgpu::Buffer, wgpu::BindGroup),
}

/// The picture on the screen, the one being drawn, and the plan.
#[derive(Default)]
pub(crate) struct Canvas {
    plan: Plan,
    front: Option<Picture>,
    back: Option<Picture>,
    /// Made with the first frame.
    pub(crate) uniforms: Option<CanvasUniforms>,
}

impl Canvas {
    /// Notes what this frame wants to see.
    pub(crate) fn want(&mut self, look: &Look, mask_version: u64) {
        self.plan.want(look, mask_version, Instant::now());
    }

    /// When it should be drawn again.
    pub(crate) fn repaint_after(&self, mask_version: u64) -> Option<Duration> {
        self.plan.repaint_after(mask_version, Instant::now())
    }

    /// What is to be drawn in this frame, and into which picture.
    pub(crate) fn next(
        &mut self,
        device: &Device,
        layout: &wgpu::BindGroupLayout,
        sampler: &wgpu::Sampler,
        (look, mask_version, pixels): (&Look, u64, [u32; 2]),
        pace: Pace,
    ) -> Option<(Work, &Picture)> {
        let work = self.plan.next(Subject { look: look.clone(), mask_version, pixels }, pace, Instant::now())?;
        let back = match self.back.take() {
            Some(back) if back.size == pixels => back,
            _ => Picture::new(device, layout, sampler, pixels),
        };
        Some((work, self.back.insert(Picture { used: work.pixels, ..back })))
    }

    /// Notes that the work was drawn.
    pub(crate) fn done(&mut self, work: Work) {
        if self.plan.done(work) {
            std::mem::swap(&mut self.front, &mut self.back);
        }
    }

    /// The picture to show.
    pub(crate) fn front(&self) -> Option<&Picture> {
        self.front.as_ref()
    }
}

impl Picture {
    fn new(device: &Device, layout: &wgpu::BindGroupLayout, sampler: &wgpu::Sampler, size: [u32; 2]) -> Self {
        let views = FORMATS.map(|format| {
            let texture = device.create_texture(&wgpu::TextureDescriptor {
                label: Some("picture of the 3D view"),
                size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::RENDER_ATTACHMENT,
                view_formats: &[],
            });
            texture.create_view(&wgpu::TextureViewDescriptor::default())
        });
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("picture of the 3D view"),
            layout,
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&views[0]) },
                wgpu::BindGroupEntry { binding: 1, resource: wgpu::BindingResource::TextureView(&views[1]) },
                wgpu::BindGroupEntry { binding: 2, resource: wgpu::BindingResource::Sampler(sampler) },
            ],
        });
        Self { views, group, size, used: size }
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::LabelTable;

    use super::*;

    const SLOW: Pace = Pace { draft_pixels: 2_500, sharp_pixels: 4_000, label_reach: 2, longest: 160 };
    const FAST: Pace = Pace { draft_pixels: u32::MAX, sharp_pixels: u32::MAX, ..SLOW };

    fn look(zoom: f64) -> Look {
        Look {
            directions: [DVec3::X, DVec3::Y, DVec3::Z],
            zoom,
            window: WindowLevel { width: 1.0, level: 0.0 },
            mode: VolumeMode::Rendering,
            opacity: 0.5,
            shows_labels: true,
            transfer: Arc::new(TransferFunction::new(Vec::new())),
            shading: 1.0,
            bounds: [[DVec3::ZERO, DVec3::ONE]; 2],
            background: [0.0; 3],
            palette: Arc::new(Palette::of(&LabelTable::default())),
            size: [100.0, 100.0],
        }
    }

    /// Wants, draws one frame, and gives the work.
    fn frame(plan: &mut Plan, look: &Look, mask_version: u64, pace: Pace, now: Instant) -> Option<Work> {
        plan.want(look, mask_version, now);
        let work = plan.next(Subject { look: look.clone(), mask_version, pixels: [100, 100] }, pace, now)?;
        plan.done(work);
        Some(work)
    }

    #[test]
    fn turning_draws_drafts_and_resting_draws_the_sharp_picture_in_parts() {
        let (mut plan, start) = (Plan::default(), Instant::now());
        let turning = look(1.0);
        let draft = Some(Work { pixels: [50, 50], rows: [0, 50], is_draft: true });
        assert_eq!(frame(&mut plan, &look(0.9), 0, SLOW, start), draft);
        assert_eq!(frame(&mut plan, &turning, 0, SLOW, start), draft);
        assert_eq!(frame(&mut plan, &turning, 0, SLOW, start), None);
        assert_eq!(plan.repaint_after(0, start), Some(REST));
        let later = start + REST;
        let rows: Vec<_> = (0..3).filter_map(|_| frame(&mut plan, &turning, 0, SLOW, later)).map(|work| work.rows).collect();
        assert_eq!(rows, vec![[0, 40], [40, 80], [80, 100]]);
        assert_eq!(plan.repaint_after(0, later), None);
        assert_eq!(frame(&mut plan, &turning, 0, SLOW, later), None);
    }

    #[test]
    fn a_stroke_leaves_the_picture_up_until_the_hand_rests() {
        let (mut plan, start, look) = (Plan::default(), Instant::now(), look(1.0));
        frame(&mut plan, &look, 0, SLOW, start);
        (0..3).for_each(|_| _ = frame(&mut plan, &look, 0, SLOW, start + REST));
        let painting = start + 2 * REST;
        assert_eq!(frame(&mut plan, &look, 1, SLOW, painting), None);
        assert_eq!(frame(&mut plan, &look, 2, SLOW, painting), None);
        assert_eq!(plan.repaint_after(2, painting), Some(REST));
        assert_eq!(plan.repaint_after(3, painting + REST), Some(REST), "a change after the last frame counts too");
        let rested = painting + REST;
        assert_eq!(frame(&mut plan, &look, 2, SLOW, rested).map(|work| work.rows), Some([0, 40]));
        assert_eq!(frame(&mut plan, &look, 3, SLOW, rested), None, "a new change begins anew");
        assert_eq!(frame(&mut plan, &look, 3, SLOW, rested + REST).map(|work| work.rows), Some([0, 40]));
    }

    #[test]
    fn a_fast_device_draws_everything_at_once() {
        let (mut plan, now, look) = (Plan::default(), Instant::now(), look(1.0));
        let whole = Some(Work { pixels: [100, 100], rows: [0, 100], is_draft: false });
        assert_eq!(frame(&mut plan, &look, 0, FAST, now), whole);
        assert_eq!(frame(&mut plan, &look, 0, FAST, now), None);
        assert_eq!(frame(&mut plan, &look, 1, FAST, now), whole);
        assert_eq!(plan.repaint_after(1, now), None);
    }
}
