//! The volume from outside, turned with the mouse.

use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

use egui::{Color32, Event, PointerButton, Rect, Sense, Ui, vec2};
use medley_volume::Ras;
use medley_volume::glam::DVec3;

use super::caption::{caption, name_of, toggle_maximised};
use crate::render::{ScanTextures, VolumeFrame, volume_shape};
use crate::state::figure::Dress;
use crate::state::view::{Subject, ViewKind, VolumeMode};
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
    if response.double_clicked() {
        toggle_maximised(workbench, kind);
    }
    let camera = &mut workbench.views.volume_camera;
    let moved = response.drag_delta();
    if response.dragged_by(PointerButton::Primary) {
        camera.yaw += f64::from(moved.x) * TURN;
        camera.pitch = (camera.pitch + f64::from(moved.y) * TURN).clamp(-FRAC_PI_2, FRAC_PI_2);
    }
    let mut zoom = 1.0;
    if response.dragged_by(PointerButton::Secondary) {
        zoom *= 1.01f64.powf(f64::from(moved.y));
    }
    if response.hovered() {
        let turned = |event: &Event| if let Event::MouseWheel { delta, .. } = event { Some(delta.y) } else { None };
        let notches: f32 = ui.input(|input| input.events.iter().filter_map(turned).sum());
        zoom *= 1.1f64.powf(f64::from(notches.clamp(-5.0, 5.0)));
    }
    camera.zoom = (camera.zoom * zoom).clamp(0.3, 12.0);
    workbench.figure.saw(kind, rect);
    if let Some(textures) = workbench.case.as_ref().and_then(|case| case.textures.clone()) {
        picture(ui, workbench, &textures, rect, &Dress::of_screen(workbench));
    }
    caption(ui, workbench, kind, rect, "3D");
    modes(ui, workbench, rect);
}

/// The same picture without a mouse, for a figure; `textures` are a twin of those on the screen.
pub fn show_in_figure(ui: &Ui, workbench: &Workbench, textures: &Arc<ScanTextures>, rect: Rect, dress: &Dress) {
    picture(ui, workbench, textures, rect, dress);
}

fn picture(ui: &Ui, workbench: &Workbench, textures: &Arc<ScanTextures>, rect: Rect, dress: &Dress) {
    ui.painter().rect_filled(rect, 0.0, dress.ground());
    let views = &workbench.views;
    let Some(quantity) = workbench.case.as_ref().map(|case| case.volume.quantity()) else { return };
    let frame = VolumeFrame {
        directions: views.volume_camera.directions(),
        zoom: views.volume_camera.zoom,
        window: views.window,
        mode: views.volume_mode,
        transfer: Arc::new(views.volume_look.transfers.of(quantity).over_values(textures.value_scale())),
        shading: 1.0,
        scan_bounds: [DVec3::ZERO, DVec3::ONE],
        label_bounds: [DVec3::ZERO, DVec3::ONE],
        opacity: views.overlay.opacity,
        shows_labels: !views.overlay.is_hidden && dress.shows_labels,
        // One that is not wanted lies where nobody sees it.
        crosshair: if dress.shows_crosshair { views.crosshair } else { Ras(views.crosshair.0 + DVec3::splat(1e6)) },
        palette: Arc::clone(&workbench.palette),
        background: if dress.is_on_white { [1.0; 3] } else { [0.0; 3] },
    };
    ui.painter_at(rect).add(volume_shape(rect, textures, frame));
}

fn modes(ui: &mut Ui, workbench: &mut Workbench, rect: Rect) {
    let area = Rect::from_min_size(rect.left_bottom() + vec2(8.0, -28.0), vec2(rect.width() - 16.0, 22.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
        // Over black in either theme.
        *ui.visuals_mut() = egui::Visuals::dark();
        ui.horizontal(|ui| {
            for mode in VolumeMode::ALL {
                let button = egui::Button::new(egui::RichText::new(mode.name()).small()).selected(workbench.views.volume_mode == mode);
                let response = ui.add(button);
                super::widgets::named(&response, &format!("3D as {}", mode.name()));
                if response.clicked() {
                    workbench.views.volume_mode = mode;
                }
            }
        });
    });
}
