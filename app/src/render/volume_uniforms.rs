//! What `shaders/volume.wgsl` and `shaders/blit.wgsl` are told for a frame.

use bytemuck::{Pod, Zeroable};
use eframe::egui::Rect;
use medley_volume::glam::DVec3;
use medley_volume::{Grid, Ras};

use super::ScanTextures;
use super::canvas::{Look, Work};
use super::reduced::{Reduction, gray_from_reduced};
use super::transfer_table::TransferFacts;
use super::volume_screen::{VolumeScreen, texture_from_ras};
use crate::state::transfer::opacity_unit_mm;
use crate::state::view::VolumeMode;

/// The longest way between two looks along a ray of a draft, in reduced voxels.
const DRAFT_STEP: f64 = 1.7;
/// Towards the light, along the directions to the right, down and away.
const LIGHT: [f64; 3] = [-0.45, -0.6, -0.8];

const MAXIMUM: u32 = 1;
const SURFACES: u32 = 2;
const LABELS: u32 = 4;
const DRAFT: u32 = 8;
const AVERAGE: u32 = 16;
const MINIMUM: u32 = 32;

/// What the volume's pipeline is asked for.
pub(crate) fn flags(look: &Look, work: Work) -> u32 {
    let mode = match look.mode {
        VolumeMode::Rendering => 0,
        VolumeMode::MaximumIntensity => MAXIMUM,
        VolumeMode::MeanIntensity => AVERAGE,
        VolumeMode::MinimumIntensity => MINIMUM,
        VolumeMode::Surfaces => SURFACES,
    };
    let shows_labels = look.shows_labels || look.mode == VolumeMode::Surfaces;
    mode | if shows_labels { LABELS } else { 0 } | if work.is_draft { DRAFT } else { 0 }
}

/// As `View` in volume.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct VolumeUniforms {
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
    layers_per_mm: f32,
    look: [f32; 3],
    shading: f32,
    scan_low: [f32; 3],
    full_rise: f32,
    scan_high: [f32; 3],
    halvings: u32,
    label_low: [f32; 3],
    taps: u32,
    label_high: [f32; 3],
    reach: i32,
}

impl VolumeUniforms {
    /// What is drawn of `look`. Normals of labels look `label_reach` voxels around.
    pub(crate) fn of(
        scan: &ScanTextures,
        look: &Look,
        screen: &VolumeScreen,
        work: Work,
        (label_reach, facts): (i32, TransferFacts),
    ) -> Self {
        let grid = scan.grid();
        let [origin, across, downward, away] = screen.rays(&texture_from_ras(grid));
        let per_pixel = |way: DVec3, n: usize| three(way * f64::from(look.size[n]) / f64::from(work.pixels[n]));
        let texels = scan.texels();
        let gray = gray_from_reduced(texels.gray_from_texel(look.window), texels.highest());
        let [gray_factor, gray_summand] = gray.map(|number| number as f32);
        // A gradient along voxel axes becomes one in RAS by the transposed inverse of the axes.
        let normal = grid.voxel_from_ras().matrix3.transpose();
        let [right, down, far] = look.directions;
        let light = (right * LIGHT[0] + down * LIGHT[1] + far * LIGHT[2]).normalize();
        let [[scan_low, scan_high], [label_low, label_high]] = look.bounds.map(|corners| corners.map(three));
        Self {
            origin: three(origin),
            step_mm: step_mm(grid, scan.reduction(), work.is_draft.then_some(facts.is_dense)) as f32,
            across: per_pixel(across, 0),
            gray_factor,
            downward: per_pixel(downward, 1),
            gray_summand,
            away: three(away),
            depth_mm: screen.depth_mm() as f32,
            normal_from_gradient: [0, 1, 2].map(|n| normal.col(n).as_vec3().extend(0.0).to_array()),
            light: three(light),
            opacity: look.opacity,
            background: look.background,
            layers_per_mm: (1.0 / opacity_unit_mm(grid)) as f32,
            look: three(far),
            shading: look.shading,
            scan_low,
            full_rise: facts.full_rise as f32,
            scan_high,
            halvings: 5,
            label_low,
            taps: 27,
            label_high,
            reach: if work.is_draft { label_reach.min(2) } else { label_reach },
        }
    }
}

fn three(way: DVec3) -> [f32; 3] {
    way.as_vec3().to_array()
}

/// Millimetres between two looks along a ray; `draft` says whether rays of a draft are short.
fn step_mm(grid: &Grid, reduction: &Reduction, draft: Option<bool>) -> f64 {
    let spacing = |axis: usize| grid.spacing()[axis] * grid.shape()[axis] as f64 / reduction.shape()[axis] as f64;
    let finest = (0..3).map(spacing).fold(f64::INFINITY, f64::min);
    let factor = match draft {
        Some(false) => DRAFT_STEP,
        None if reduction.is_identity() => 1.0,
        Some(true) => 0.8,
        // Labels are looked up at full size.
        None => 0.6,
    };
    finest * factor
}

/// As `Blit` in blit.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(crate) struct BlitUniforms {
    corner: [f32; 2],
    size: [f32; 2],
    used: [f32; 2],
    pixels_per_point: f32,
    padding: f32,
    lines: [[f32; 4]; 6],
}

impl BlitUniforms {
    /// How the part of a picture that is `used` is put into `rect`, with a crosshair over it.
    pub(crate) fn of(grid: &Grid, screen: &VolumeScreen, crosshair: Ras, rect: Rect, used: [u32; 2], pixels_per_point: f32) -> Self {
        let lines = crosshair_lines(grid, crosshair).map(|end| {
            let point = (screen.point_of(end) * f64::from(pixels_per_point)).as_vec2();
            [point.x, point.y, screen.depth_of(end) as f32, 0.0]
        });
        Self {
            corner: [rect.min.x * pixels_per_point, rect.min.y * pixels_per_point],
            size: (rect.size() * pixels_per_point).into(),
            used: used.map(|side| side as f32),
            pixels_per_point,
            padding: 0.0,
            lines,
        }
    }
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
    fn the_crosshairs_lines_end_at_the_faces_of_the_box() {
        let grid = Grid::axis_aligned([10, 20, 30], [1.0, 1.0, 2.0]).expect("a grid");
        let ends = crosshair_lines(&grid, Ras(DVec3::new(4.0, 3.0, 50.0)));
        let wanted = [[-0.5, 3.0, 50.0], [9.5, 3.0, 50.0], [4.0, -0.5, 50.0], [4.0, 19.5, 50.0], [4.0, 3.0, -1.0], [4.0, 3.0, 59.0]];
        for (end, wanted) in ends.iter().zip(wanted) {
            assert!((end.0 - DVec3::from_array(wanted)).length() < 1e-9, "{end:?}");
        }
    }
}
