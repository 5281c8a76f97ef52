//! The volume from outside.
//!
//! # Map
//! - this file: turning it with the mouse, pointing at a place, the picture
//! - `cube`: how the patient lies; `clip_faces`: the box in the hand; `bar`: modes and switches; `touch`: what fingers do

mod bar;
mod clip_faces;
mod cube;
mod touch;

pub(super) use clip_faces::side_letters;

use std::sync::Arc;

use egui::{Color32, Event, PointerButton, Pos2, Rect, Response, Sense, Ui, pos2};
use medley_volume::Ras;
use medley_volume::glam::{DVec2, DVec3};

use super::caption::{caption, name_of, toggle_maximised};
use crate::render::{ScanTextures, VolumeFrame, VolumeScreen, volume_shape};
use crate::state::figure::Dress;
use crate::state::tools::ActiveTool;
use crate::state::view::{Subject, ViewKind, VolumeCamera, VolumeMode};
use crate::state::volume_pick::{Picked, Ray};
use crate::state::workbench::Workbench;
use crate::texts;

/// Radians to a point of dragging.
const TURN: f64 = 0.01;

pub fn show(ui: &mut Ui, workbench: &mut Workbench, rect: Rect) {
    let kind = ViewKind::Volume;
    if workbench.views.subject == Subject::Proposal {
        // A scan's picture from outside is kept once.
        ui.painter().rect_filled(rect, 0.0, Color32::BLACK);
        let (font, color) = (egui::FontId::proportional(13.0), Color32::from_gray(150));
        ui.painter_at(rect).text(rect.center(), egui::Align2::CENTER_CENTER, texts::compare::ONE_VOLUME_VIEW, font, color);
        return;
    }
    let response = ui.interact(rect, ui.scope_id().with(kind), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name_of(workbench, kind)));
    let is_touched = touch::interact(ui, &mut workbench.views.volume_camera, &workbench.hands.touch, rect);
    if !is_touched {
        if response.double_clicked() {
            toggle_maximised(workbench, kind);
        }
        move_camera(ui, &mut workbench.views.volume_camera, &response);
    }
    workbench.figure.saw(kind, rect);
    let dress = Dress::of_screen(workbench);
    ui.painter().rect_filled(rect, 0.0, dress.ground());
    let screen = screen(workbench, rect);
    if let (Some(frame), Some(screen)) = (frame(workbench, &dress), screen) {
        if response.clicked_by(PointerButton::Primary)
            && workbench.tool == ActiveTool::Crosshair
            && !is_touched
            && let Some(at) = response.interact_pointer_pos()
        {
            point_at(workbench, &frame, &screen, at, rect);
        }
        if let Some(textures) = workbench.case.as_ref().and_then(|case| case.textures.as_ref()) {
            ui.painter_at(rect).add(volume_shape(rect, textures, frame));
        }
        clip_faces::show(ui, workbench, &screen, rect);
    }
    cube::show(ui, &mut workbench.views.volume_camera, rect);
    caption(ui, workbench, kind, rect, "3D");
    bar::show(ui, workbench, rect);
}

/// The same picture without a mouse, for a figure; `textures` are a twin of those on the screen.
pub fn show_in_figure(ui: &Ui, workbench: &mut Workbench, textures: &Arc<ScanTextures>, rect: Rect, dress: &Dress) {
    ui.painter().rect_filled(rect, 0.0, dress.ground());
    if let Some(frame) = frame(workbench, dress) {
        ui.painter_at(rect).add(volume_shape(rect, textures, frame));
    }
}

fn move_camera(ui: &Ui, camera: &mut VolumeCamera, response: &Response) {
    let moved = response.drag_delta();
    if response.dragged_by(PointerButton::Primary) {
        camera.turn(f64::from(moved.x) * TURN, f64::from(moved.y) * TURN);
    }
    if response.dragged_by(PointerButton::Secondary) {
        zoom(camera, 1.01f64.powf(f64::from(moved.y)));
    }
    if response.hovered() {
        let turned = |event: &Event| if let Event::MouseWheel { delta, .. } = event { Some(delta.y) } else { None };
        let notches: f32 = ui.input(|input| input.events.iter().filter_map(turned).sum());
        zoom(camera, 1.1f64.powf(f64::from(notches.clamp(-5.0, 5.0))));
    }
}

fn zoom(camera: &mut VolumeCamera, factor: f64) {
    camera.zoom = (camera.zoom * factor).clamp(0.3, 12.0);
}

fn screen(workbench: &Workbench, rect: Rect) -> Option<VolumeScreen> {
    let case = workbench.case.as_ref()?;
    let camera = workbench.views.volume_camera;
    let size = DVec2::new(rect.width().into(), rect.height().into());
    Some(VolumeScreen::new(case.volume.grid(), camera.directions(), camera.zoom, size))
}

/// How the open case is to be drawn now.
fn frame(workbench: &mut Workbench, dress: &Dress) -> Option<VolumeFrame> {
    let case = workbench.case.as_ref()?;
    let textures = case.textures.as_ref()?;
    let views = &mut workbench.views;
    let directions = views.volume_camera.directions();
    let look = &mut views.volume_look;
    let scan_bounds = look.clip.bounds(case.volume.grid(), directions[2], views.crosshair);
    Some(VolumeFrame {
        directions,
        zoom: views.volume_camera.zoom,
        window: views.window,
        mode: views.volume_mode,
        transfer: Arc::new(look.transfers.of(case.volume.quantity()).over_values(textures.value_scale())),
        shading: if look.is_lit { 1.0 } else { 0.0 },
        scan_bounds,
        label_bounds: if look.clip.cuts_labels { scan_bounds } else { [DVec3::ZERO, DVec3::ONE] },
        opacity: views.overlay.opacity,
        shows_labels: !views.overlay.is_hidden && dress.shows_labels,
        // One that is not wanted lies where nobody sees it.
        crosshair: if dress.shows_crosshair { views.crosshair } else { Ras(views.crosshair.0 + DVec3::splat(1e6)) },
        palette: look.palette(&workbench.palette),
        background: if dress.is_on_white { [1.0; 3] } else { [0.0; 3] },
    })
}

/// Moves the crosshair to what is seen under the pointer.
fn point_at(workbench: &mut Workbench, frame: &VolumeFrame, screen: &VolumeScreen, at: Pos2, rect: Rect) {
    let Some(case) = &workbench.case else { return };
    let from_corner = at - rect.min;
    let [start, way] = screen.ray_through(DVec2::new(from_corner.x.into(), from_corner.y.into()));
    let strength = match frame.mode {
        VolumeMode::Surfaces => 1.0,
        _ if frame.shows_labels => f64::from(frame.opacity) * 2.25,
        _ => 0.0,
    };
    let cover = |label: u16| f64::from(frame.palette.color(label)[3]) / 255.0 * strength.min(1.0);
    let picked = Picked {
        volume: &case.volume,
        mask: &case.mask,
        label_cover: &cover,
        mode: frame.mode,
        transfer: &frame.transfer,
        bounds: [frame.scan_bounds, frame.label_bounds],
    };
    if let Some(hit) = picked.first_hit(Ray { start, way, millimeters: screen.depth_mm() }) {
        workbench.views.crosshair = hit;
    }
}

fn pos(rect: Rect, point: DVec2) -> Pos2 {
    pos2(rect.min.x + point.x as f32, rect.min.y + point.y as f32)
}
