//! One slice: the picture, what is written over it, and what the mouse does in it.
//!
//! # Map
//! - this file: where a view lies and what it cuts
//! - `measuring`: measurements, drawn and made
//! - `mouse`: looking around, and which tool the left button belongs to; `painting`: brush and eraser
//! - `picture`: the slice and what is written over it

mod measuring;
mod mouse;
mod painting;
mod picture;

use egui::{Pos2, Rect, Sense, Ui, pos2};
use medley_volume::glam::DVec2;
use medley_volume::{AnatomicalPlane, Grid};

use crate::state::figure::Dress;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;

pub fn show(ui: &mut Ui, workbench: &mut Workbench, kind: ViewKind, plane: AnatomicalPlane, rect: Rect) {
    let response = ui.interact(rect, ui.scope_id().with(kind), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, kind.label()));
    let Some(grid) = workbench.case.as_ref().map(|case| *case.volume.grid()) else { return };
    let place = Place { kind, plane, rect, grid };
    let geometry = mouse::interact(ui, workbench, &place, &response);
    workbench.figure.saw(kind, rect);
    let dress = Dress::of_screen(workbench);
    picture::draw(ui, workbench, &place, &geometry, Some(&response), &dress);
}

/// The same picture without a mouse, for a figure.
pub fn show_in_figure(ui: &mut Ui, workbench: &mut Workbench, (kind, plane): (ViewKind, AnatomicalPlane), rect: Rect, dress: &Dress) {
    let Some(grid) = workbench.case.as_ref().map(|case| *case.volume.grid()) else { return };
    let place = Place { kind, plane, rect, grid };
    let geometry = place.geometry(workbench);
    picture::draw(ui, workbench, &place, &geometry, None, dress);
}

fn slot(plane: AnatomicalPlane) -> usize {
    match plane {
        AnatomicalPlane::Axial => 0,
        AnatomicalPlane::Sagittal => 1,
        AnatomicalPlane::Coronal => 2,
    }
}

/// Which view it is, where it lies on the screen and what it cuts.
#[derive(Clone, Copy)]
struct Place {
    kind: ViewKind,
    plane: AnatomicalPlane,
    rect: Rect,
    grid: Grid,
}

impl Place {
    fn geometry(&self, workbench: &Workbench) -> SliceGeometry {
        let views = &workbench.views;
        let size = DVec2::new(self.rect.width().into(), self.rect.height().into());
        let camera = views.cameras[slot(self.plane)];
        SliceGeometry::new(&self.grid, self.plane, views.convention, camera, views.crosshair, dvec(self.rect.center()), size)
    }
}

fn dvec(point: Pos2) -> DVec2 {
    DVec2::new(point.x.into(), point.y.into())
}

fn pos(point: DVec2) -> Pos2 {
    pos2(point.x as f32, point.y as f32)
}
