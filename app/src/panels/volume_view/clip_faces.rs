//! The clipping box over the picture: its edges, and a handle on each face.

use egui::{Color32, CursorIcon, Painter, Rect, Sense, Stroke, Ui, vec2};
use medley_volume::Ras;
use medley_volume::glam::{DAffine3, DVec2, DVec3};

use super::pos;
use crate::panels::widgets::named;
use crate::render::VolumeScreen;
use crate::state::workbench::Workbench;
use crate::texts::volume as texts;

const EDGE: Color32 = Color32::from_rgb(120, 200, 255);
const HANDLE: f32 = 5.0;
/// A face whose axis points at the eye, within this part, cannot be dragged.
const ALONG_THE_EYE: f64 = 0.12;

pub(super) fn show(ui: &Ui, workbench: &mut Workbench, screen: &VolumeScreen, rect: Rect) {
    if !workbench.views.volume_look.clip.is_on {
        return;
    }
    let Some(grid) = workbench.case.as_ref().map(|case| *case.volume.grid()) else { return };
    let sides = DVec3::from_array(grid.shape().map(|side| side as f64));
    let ras_from_part = grid.ras_from_voxel() * DAffine3::from_translation(DVec3::splat(-0.5)) * DAffine3::from_scale(sides);
    let point = |part: DVec3| screen.point_of(Ras(ras_from_part.transform_point3(part)));
    let clip = &mut workbench.views.volume_look.clip;
    let ranges = [0, 1, 2].map(|axis| clip.range(axis));
    let corner = |bits: usize| DVec3::from_array([0, 1, 2].map(|axis| ranges[axis][bits >> axis & 1]));
    let painter = ui.painter_at(rect);
    edges(&painter, rect, |bits| point(corner(bits)));
    let letters = side_letters(&grid);
    for axis in 0..3 {
        for is_high in [false, true] {
            let mut middle = (corner(0) + corner(7)) / 2.0;
            middle[axis] = ranges[axis][usize::from(is_high)];
            let at = point(middle);
            // Points on the screen from one face of the volume to the other.
            let way = point(DVec3::AXES[axis]) - point(DVec3::ZERO);
            if way.length() < ALONG_THE_EYE * screen.points_per_mm() * sides[axis] * grid.spacing()[axis] {
                continue;
            }
            let at = pos(rect, at);
            let touch = Rect::from_center_size(at, vec2(HANDLE, HANDLE) * 3.4).intersect(rect);
            let response = ui.interact(touch, ui.scope_id().with(("clip face", axis, is_high)), Sense::drag());
            let name = texts::clip_face(texts::side(letters[axis][usize::from(is_high)]));
            named(&response, &name);
            if response.dragged() {
                let moved = response.drag_delta();
                let moved = DVec2::new(moved.x.into(), moved.y.into()).dot(way) / way.length_squared();
                clip.set_face(axis, is_high, ranges[axis][usize::from(is_high)] + moved);
            }
            let is_lit = response.hovered() || response.dragged();
            painter.circle(at, HANDLE, if is_lit { Color32::WHITE } else { EDGE }, Stroke::new(1.0, Color32::BLACK));
            response.on_hover_text(name).on_hover_cursor(CursorIcon::Grab);
        }
    }
}

fn edges(painter: &Painter, rect: Rect, corner: impl Fn(usize) -> DVec2) {
    for from in 0..8_usize {
        for axis in 0..3 {
            let to = from | 1 << axis;
            if to != from {
                painter.line_segment([pos(rect, corner(from)), pos(rect, corner(to))], Stroke::new(1.0, EDGE.gamma_multiply(0.5)));
            }
        }
    }
}

/// The letters at the low and the high end of each voxel axis.
pub(in crate::panels) fn side_letters(grid: &medley_volume::Grid) -> [[char; 2]; 3] {
    let (axes, mut letters) = (grid.axes(), [['?'; 2]; 3]);
    for (patient, [low, high]) in [['L', 'R'], ['P', 'A'], ['I', 'S']].into_iter().enumerate() {
        letters[axes.voxel_axis[patient]] = if axes.is_flipped[patient] { [high, low] } else { [low, high] };
    }
    letters
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;

    use super::*;

    #[test]
    fn ends_of_axes_are_named_by_the_side_they_lie_on() {
        // i runs to the back, j down, k to the right.
        let columns = [DVec3::NEG_Y, DVec3::NEG_Z, DVec3::X];
        let affine = DAffine3::from_cols(columns[0], columns[1], columns[2], DVec3::ZERO);
        let grid = Grid::new([4, 5, 6], affine).expect("a usable affine");
        assert_eq!(side_letters(&grid), [['A', 'P'], ['S', 'I'], ['L', 'R']]);
    }
}
