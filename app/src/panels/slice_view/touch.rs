//! What fingers and pens do in a slice. One finger comes as a mouse and does what the tool does.

use egui::{Event, Ui};
use medley_annotate::Brush;
use medley_volume::glam::DVec2;

use super::{Place, dvec, slot};
use crate::state::open_case::OpenCase;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::workbench::Workbench;

/// Two fingers pan and zoom, and take back the stroke that the first of them began; one held still while painting erases from there
/// on; a touchpad's pinch zooms. Returns the geometry when the mouse has nothing to do in this frame.
pub(super) fn interact(ui: &Ui, workbench: &mut Workbench, place: &Place, geometry: &SliceGeometry) -> Option<SliceGeometry> {
    if let Some(pinched) = pinch(ui, workbench, place, geometry) {
        return Some(pinched);
    }
    let began_at = workbench.hands.touch.began_at().filter(|at| place.rect.contains(*at))?;
    if workbench.hands.touch.is_many() {
        if is_painting(workbench) {
            workbench.cancel_stroke();
        }
        return Some(two_fingers(ui, workbench, place, geometry));
    }
    if workbench.hands.touch.rested_at().is_some() && is_painting(workbench) {
        // What the finger painted when it came down was not meant.
        workbench.cancel_stroke();
        if let Some(brush) = workbench.brush_for(place.plane, true) {
            let brush = pressed(workbench, brush);
            workbench.begin_stroke(brush);
            workbench.extend_stroke(geometry.ras_under(dvec(began_at)), None);
        }
    }
    None
}

/// The brush as wide as the pen is pressed, if the reader wants that and the pen says how it is pressed.
pub(super) fn pressed(workbench: &Workbench, brush: Brush) -> Brush {
    let scale = if workbench.hands.settings.has_pen_pressure { workbench.hands.touch.brush_scale() } else { 1.0 };
    Brush { radius_mm: brush.radius_mm * scale, ..brush }
}

fn two_fingers(ui: &Ui, workbench: &mut Workbench, place: &Place, geometry: &SliceGeometry) -> SliceGeometry {
    let Some(info) = ui.input(egui::InputState::multi_touch) else { return *geometry };
    let camera = &mut workbench.views.cameras[slot(place.plane)];
    let moved = DVec2::new(info.translation_delta.x.into(), info.translation_delta.y.into());
    camera.pan_mm -= moved / geometry.points_per_mm();
    let moved = place.geometry(workbench);
    let camera = &mut workbench.views.cameras[slot(place.plane)];
    *camera = moved.zoomed_at(*camera, dvec(info.center_pos), info.zoom_delta.into());
    place.geometry(workbench)
}

/// A pinch on a touchpad, which is no touch on the screen.
fn pinch(ui: &Ui, workbench: &mut Workbench, place: &Place, geometry: &SliceGeometry) -> Option<SliceGeometry> {
    let at = ui.input(|input| input.pointer.hover_pos()).filter(|at| place.rect.contains(*at))?;
    let factor = |event: &Event| if let Event::Zoom(factor) = event { Some(f64::from(*factor)) } else { None };
    let factors: Vec<f64> = ui.input(|input| input.events.iter().filter_map(factor).collect());
    let all = factors.into_iter().reduce(|all, factor| all * factor)?;
    let camera = &mut workbench.views.cameras[slot(place.plane)];
    *camera = geometry.zoomed_at(*camera, dvec(at), all);
    Some(place.geometry(workbench))
}

fn is_painting(workbench: &Workbench) -> bool {
    workbench.case.as_ref().is_some_and(OpenCase::is_painting)
}

#[cfg(test)]
mod tests {
    use egui::{Pos2, TouchPhase, pos2, vec2};

    use crate::state::tools::ActiveTool;
    use crate::state::workbench::Workbench;
    use crate::testing::{Screen, sample_workbench, wait};

    /// The middle of the axial view, as long as the panels beside it have their usual widths.
    const AXIAL: Pos2 = pos2(460.0, 220.0);

    fn kept(workbench: &mut Workbench) {
        wait(workbench, |workbench| workbench.case.as_ref().is_some_and(|case| case.unjournaled == 0));
    }

    fn voxels(workbench: &Workbench, label: u16) -> usize {
        workbench.case.as_ref().expect("a case").mask.counts().get(&label).copied().unwrap_or(0)
    }

    #[test]
    fn one_finger_paints_two_pan_and_zoom_and_leave_the_mask_alone() {
        let (mut workbench, _folder) = sample_workbench();
        let mut screen = Screen::open(&mut workbench);
        workbench.tool = ActiveTool::Brush;
        workbench.active_label = 77;
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::Start, AXIAL);
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::Move, AXIAL + vec2(30.0, 0.0));
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::End, AXIAL + vec2(30.0, 0.0));
        let painted = voxels(&workbench, 77);
        assert!(painted > 0, "one finger paints");
        kept(&mut workbench);

        let before = workbench.views.cameras[0];
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::Start, AXIAL + vec2(0.0, 60.0));
        assert!(voxels(&workbench, 77) > painted, "the first of two paints until the second comes");
        screen.finger(&mut workbench, 0.02, 2, TouchPhase::Start, AXIAL + vec2(60.0, 60.0));
        assert_eq!(voxels(&workbench, 77), painted, "what it painted is taken back");
        for step in 1..6 {
            screen.finger(&mut workbench, 0.02, 2, TouchPhase::Move, AXIAL + vec2(60.0 + 10.0 * step as f32, 60.0));
        }
        let zoomed = workbench.views.cameras[0];
        assert!(zoomed.zoom > before.zoom * 1.2, "spreading fingers zooms: {before:?} {zoomed:?}");
        for step in 1..6 {
            let down = vec2(0.0, 10.0 * step as f32);
            screen.finger(&mut workbench, 0.02, 1, TouchPhase::Move, AXIAL + vec2(0.0, 60.0) + down);
            screen.finger(&mut workbench, 0.02, 2, TouchPhase::Move, AXIAL + vec2(110.0, 60.0) + down);
        }
        assert!(workbench.views.cameras[0].pan_mm.y < zoomed.pan_mm.y - 1.0, "moving both down moves the picture down");
        screen.finger(&mut workbench, 0.02, 2, TouchPhase::End, AXIAL + vec2(110.0, 110.0));
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::Move, AXIAL);
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::End, AXIAL);
        assert_eq!(voxels(&workbench, 77), painted, "the finger that is left does not paint");
    }

    #[test]
    fn a_pen_that_is_pressed_more_paints_wider_from_there_on() {
        let (mut workbench, _folder) = sample_workbench();
        let mut screen = Screen::open(&mut workbench);
        workbench.tool = ActiveTool::Brush;
        workbench.hands.settings.has_pen_pressure = true;
        let stroke = |workbench: &mut Workbench, screen: &mut Screen, label: u16, forces: [f32; 3], y: f32| {
            workbench.active_label = label;
            let at = |step: f32| AXIAL + vec2(40.0 * step - 40.0, y);
            screen.pen(workbench, 0.02, 1, TouchPhase::Start, at(0.0), Some(forces[0]));
            screen.pen(workbench, 0.02, 1, TouchPhase::Move, at(1.0), Some(forces[1]));
            screen.pen(workbench, 0.02, 1, TouchPhase::Move, at(2.0), Some(forces[2]));
            screen.pen(workbench, 0.02, 1, TouchPhase::End, at(2.0), None);
            kept(workbench);
            voxels(workbench, label)
        };
        let light = stroke(&mut workbench, &mut screen, 77, [0.1; 3], -60.0);
        let growing = stroke(&mut workbench, &mut screen, 78, [0.1, 0.1, 1.0], 0.0);
        let firm = stroke(&mut workbench, &mut screen, 79, [1.0; 3], 60.0);
        assert!(light as f64 * 1.1 < growing as f64 && growing as f64 * 1.1 < firm as f64, "{light} {growing} {firm}");
        assert_eq!(workbench.brush.radius_mm, 6.0, "the brush itself stays");
    }

    #[test]
    fn a_finger_held_still_erases() {
        let (mut workbench, _folder) = sample_workbench();
        let mut screen = Screen::open(&mut workbench);
        workbench.tool = ActiveTool::Brush;
        workbench.active_label = 77;
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::Start, AXIAL);
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::End, AXIAL);
        assert!(voxels(&workbench, 77) > 0);
        kept(&mut workbench);
        screen.finger(&mut workbench, 0.5, 1, TouchPhase::Start, AXIAL);
        screen.frame(&mut workbench, 0.6, Vec::new());
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::End, AXIAL);
        assert_eq!(voxels(&workbench, 77), 0);
    }
}
