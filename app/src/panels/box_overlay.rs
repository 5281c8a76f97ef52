//! Boxes that a model found, over the slices that pass through them.

use egui::{Align2, Color32, FontId, Painter, Pos2, Shape, Stroke, pos2, vec2};
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
    for found in boxes {
        let outline = if geometry.is_oblique() {
            let through = geometry.clockwise_axis().dot(workbench.views.crosshair.0);
            section(found, geometry.clockwise_axis(), through)
        } else if passes(found, plane, through) {
            face(found, plane)
        } else {
            continue;
        };
        let points: Vec<Pos2> = outline.into_iter().map(|at| geometry.point_of(Ras(at))).map(|at| pos2(at.x as f32, at.y as f32)).collect();
        let Some(top) = points.iter().copied().min_by(|a, b| (a.x + a.y).total_cmp(&(b.x + b.y))) else { continue };
        let [r, g, b, _] = workbench.palette.color(found.label);
        painter.add(Shape::closed_line(points.clone(), Stroke::new(3.0, Color32::from_black_alpha(150))));
        painter.add(Shape::closed_line(points, Stroke::new(1.5, Color32::from_rgb(r, g, b))));
        let text = format!("{} {:.2}", found.class, found.score);
        painter.text(top + vec2(3.0, 2.0), Align2::LEFT_TOP, text, FontId::proportional(12.0), Color32::WHITE);
    }
}

/// The corners of a box as it is seen along the normal of a plane, one after the other.
fn face(found: &FoundBox, plane: AnatomicalPlane) -> Vec<DVec3> {
    let (low, high) = (found.ras_low_mm, found.ras_high_mm);
    let (first, second) = ((plane.normal_axis() + 1) % 3, (plane.normal_axis() + 2) % 3);
    let corner = |is_high: [bool; 2]| {
        let mut at = DVec3::from_array(low);
        at[first] = if is_high[0] { high[first] } else { low[first] };
        at[second] = if is_high[1] { high[second] } else { low[second] };
        at
    };
    [[false, false], [true, false], [true, true], [false, true]].map(corner).to_vec()
}

/// The corners of the cut of the plane `normal · at = through` through a box, in order around it; none beside it.
fn section(found: &FoundBox, normal: DVec3, through: f64) -> Vec<DVec3> {
    let ends = [found.ras_low_mm, found.ras_high_mm];
    let corner = |n: usize| DVec3::new(ends[n & 1][0], ends[n >> 1 & 1][1], ends[n >> 2][2]);
    let mut cuts = Vec::new();
    for from in 0..8usize {
        for to in [from | 1, from | 2, from | 4].into_iter().filter(|to| *to != from) {
            let (a, b) = (corner(from), corner(to));
            let (below, above) = (a.dot(normal) - through, b.dot(normal) - through);
            if (below < 0.0) != (above < 0.0) {
                cuts.push(a.lerp(b, below / (below - above)));
            }
        }
    }
    let middle = cuts.iter().sum::<DVec3>() / cuts.len().max(1) as f64;
    let (u, v) = normal.any_orthonormal_pair();
    let angle = |at: &DVec3| (*at - middle).dot(v).atan2((*at - middle).dot(u));
    cuts.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
    cuts
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
    fn a_turned_plane_cuts_a_box_in_a_convex_outline() {
        let (low, high) = ([0.0; 3], [2.0, 4.0, 6.0]);
        let found =
            FoundBox { label: 1, class: String::new(), score: 1.0, voxel_low: low, voxel_high: high, ras_low_mm: low, ras_high_mm: high };
        for normal in [DVec3::new(1.0, 1.1, 0.9), DVec3::new(0.2, -0.7, 0.5), DVec3::new(0.0, 0.5, -1.0)].map(DVec3::normalize) {
            let outline = section(&found, normal, normal.dot(DVec3::new(1.0, 2.0, 3.0)));
            assert!((3..=6).contains(&outline.len()), "{} corners", outline.len());
            let way_round = (outline[1] - outline[0]).cross(outline[2] - outline[1]).dot(normal).signum();
            for n in 0..outline.len() {
                let [a, b, c] = [0, 1, 2].map(|next| outline[(n + next) % outline.len()]);
                assert!((b - a).cross(c - b).dot(normal) * way_round > 0.0, "not convex");
                assert!((a - DVec3::new(1.0, 2.0, 3.0)).dot(normal).abs() < 1e-9, "not in the plane");
            }
            assert!(section(&found, normal, 100.0).is_empty());
        }
    }

    #[test]
    fn a_box_is_drawn_in_the_slices_it_reaches_and_in_no_other() {
        let found = crate::testing::found_box();
        for (plane, inside, outside) in
            [(AnatomicalPlane::Sagittal, -7.0, -4.0), (AnatomicalPlane::Coronal, 25.0, 41.0), (AnatomicalPlane::Axial, 305.0, 299.0)]
        {
            assert!(passes(&found, plane, inside) && !passes(&found, plane, outside), "{plane:?}");
        }
    }
}
