//! Boxes that a model found, over the slices that pass through them.

use egui::{Align2, Color32, FontId, Painter, Rect, Stroke, StrokeKind, pos2, vec2};
use medley_learn::Finding;
use medley_learn::task::FoundBox;
use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, Ras};

use crate::state::slice_geometry::SliceGeometry;
use crate::state::workbench::Workbench;

/// Outlines in the colours of their labels, each with its name and score. A box that stands askew to the patient's axes (in an
/// oblique scan) is drawn as the one around it.
pub fn draw(painter: &Painter, workbench: &Workbench, plane: AnatomicalPlane, geometry: &SliceGeometry) {
    let Some(Finding::Boxes(boxes)) = workbench.finding.as_ref().map(|shown| &shown.finding) else { return };
    let through = workbench.views.crosshair.0[plane.normal_axis()];
    for found in boxes.iter().filter(|found| passes(found, plane, through)) {
        let corner = |at: [f64; 3]| {
            let point = geometry.point_of(Ras(DVec3::from_array(at)));
            pos2(point.x as f32, point.y as f32)
        };
        let rect = Rect::from_two_pos(corner(found.ras_low_mm), corner(found.ras_high_mm));
        let [r, g, b, _] = workbench.palette.color(found.label);
        painter.rect_stroke(rect, 0.0, Stroke::new(3.0, Color32::from_black_alpha(150)), StrokeKind::Middle);
        painter.rect_stroke(rect, 0.0, Stroke::new(1.5, Color32::from_rgb(r, g, b)), StrokeKind::Middle);
        let text = format!("{} {:.2}", found.class, found.score);
        painter.text(rect.left_top() + vec2(3.0, 2.0), Align2::LEFT_TOP, text, FontId::proportional(12.0), Color32::WHITE);
    }
}

/// Whether the slice of a plane at this place, in millimetres along its normal, passes through a box.
fn passes(found: &FoundBox, plane: AnatomicalPlane, through: f64) -> bool {
    let axis = plane.normal_axis();
    (found.ras_low_mm[axis]..found.ras_high_mm[axis]).contains(&through)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_drawn_in_the_slices_it_reaches_and_in_no_other() {
        let found = FoundBox {
            label: 1,
            class: "nodule".to_owned(),
            score: 0.5,
            voxel_low: [0.0; 3],
            voxel_high: [1.0; 3],
            ras_low_mm: [-10.0, 20.0, 300.0],
            ras_high_mm: [-5.0, 40.0, 310.0],
        };
        for (plane, inside, outside) in
            [(AnatomicalPlane::Sagittal, -7.0, -4.0), (AnatomicalPlane::Coronal, 25.0, 41.0), (AnatomicalPlane::Axial, 305.0, 299.0)]
        {
            assert!(passes(&found, plane, inside) && !passes(&found, plane, outside), "{plane:?}");
        }
    }
}
