//! One slice: the picture, what is written over it, and what the mouse does in it.
//!
//! # Map
//! - this file: where a view lies and what it cuts
//! - `mouse`: looking around, and which tool the left button belongs to; `painting`: brush and eraser;
//!   `contour`: contours and live-wire; `seed`: fill and grow; `measuring`: measurements, drawn and made
//! - `touch`: what fingers and pens do
//! - `picture`: the slice and what is written over it; `crosshair`: its lines, and turning the planes by them; `slab_menu`

mod contour;
mod crosshair;
mod measuring;
mod mouse;
mod painting;
mod picture;
mod seed;
mod slab_menu;
mod touch;

use std::collections::BTreeSet;

use egui::{Pos2, Rect, Sense, Ui, pos2};
use medley_volume::glam::DVec2;
use medley_volume::{AnatomicalPlane, Grid};

use super::caption::name_of;
use super::legend;
use crate::state::figure::Dress;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;

pub fn show(ui: &mut Ui, workbench: &mut Workbench, kind: ViewKind, plane: AnatomicalPlane, rect: Rect) {
    let response = ui.interact(rect, ui.scope_id().with(kind), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, name_of(workbench, kind)));
    let Some(grid) = workbench.case.as_ref().map(|case| *case.volume.grid()) else { return };
    let place = Place { kind, plane, rect, grid };
    if response.contains_pointer() {
        workbench.views.slabs.active = plane;
    }
    crosshair::turn(ui, workbench, &place);
    let geometry = mouse::interact(ui, workbench, &place, &response);
    workbench.figure.saw(kind, rect);
    let dress = Dress::of_screen(workbench);
    picture::draw(ui, workbench, &place, &geometry, Some(&response), &dress);
    slab_menu::show(ui, workbench, &place);
}

/// The same picture without a mouse, for a figure; the labels in it, if its legend needs them.
pub fn show_in_figure(
    ui: &mut Ui,
    workbench: &mut Workbench,
    (kind, plane): (ViewKind, AnatomicalPlane),
    rect: Rect,
    dress: &Dress,
) -> BTreeSet<u16> {
    let Some(grid) = workbench.case.as_ref().map(|case| *case.volume.grid()) else { return BTreeSet::new() };
    let place = Place { kind, plane, rect, grid };
    let geometry = place.geometry(workbench);
    picture::draw(ui, workbench, &place, &geometry, None, dress);
    if dress.shows_legend { legend::labels_in_slice(workbench, rect, &geometry) } else { BTreeSet::new() }
}

/// The planes by the patient's axis along their normal.
const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Sagittal, AnatomicalPlane::Coronal, AnatomicalPlane::Axial];

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
            .turned(views.turn)
    }
}

fn dvec(point: Pos2) -> DVec2 {
    DVec2::new(point.x.into(), point.y.into())
}

fn pos(point: DVec2) -> Pos2 {
    pos2(point.x as f32, point.y as f32)
}
