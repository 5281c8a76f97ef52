//! One set of views goes where another one is.

use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, Ras};

use crate::state::slice_geometry::{SliceCamera, SliceGeometry};
use crate::state::view::Views;

/// The planes in the order of [`Views::cameras`].
const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Sagittal, AnatomicalPlane::Coronal];

/// Makes `to` show the place that `from` shows, as large: crosshair, zoom, pan, and the direction of the 3D view. `offset_mm`
/// leads from a place of `from` to the same one of `to`, in RAS; `sizes` are the sizes of the three slice views in points.
/// Grids may differ in everything; where they stand askew to each other, the middles of the views lie over each other along
/// the normal of `to`.
pub fn carry(from: (&Grid, &Views), to: (&Grid, &mut Views), offset_mm: DVec3, sizes: [DVec2; 3]) {
    let (from_grid, from) = from;
    let (to_grid, to) = to;
    to.crosshair = Ras(from.crosshair.0 + offset_mm);
    for ((slot, plane), size) in PLANES.into_iter().enumerate().zip(sizes) {
        let view = |grid: &Grid, camera: SliceCamera, crosshair: Ras| {
            SliceGeometry::new(grid, plane, from.convention, camera, crosshair, DVec2::ZERO, size)
        };
        let shown = view(from_grid, from.cameras[slot], from.crosshair);
        let whole = view(to_grid, SliceCamera::default(), to.crosshair);
        let zoom = shown.points_per_mm() / whole.points_per_mm();
        let middle = Ras(shown.ras_under(DVec2::ZERO).0 + offset_mm);
        to.cameras[slot] = SliceCamera { zoom, pan_mm: whole.point_of(middle) / whole.points_per_mm() };
    }
    let longest = |grid: &Grid| {
        let (shape, spacing) = (grid.shape(), grid.spacing());
        (0..3).map(|axis| shape[axis] as f64 * spacing[axis]).fold(1e-6, f64::max)
    };
    // At zoom 1 the 3D view is as wide as the longest side of the grid.
    to.volume_camera = from.volume_camera;
    to.volume_camera.zoom *= longest(to_grid) / longest(from_grid);
}
