//! Thick slabs: what is drawn of the millimetres around a slice.

use medley_volume::AnatomicalPlane;

use super::slice_geometry::SliceGeometry;
use crate::render::SlabFrame;
use crate::texts::views as texts;

/// How the values along the normal become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Projection {
    /// The largest: vessels, lung nodules, bone.
    Maximum,
    /// The mean: less noise.
    Mean,
    /// The smallest: airways, emphysema.
    Minimum,
}

impl Projection {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 3] = [Self::Maximum, Self::Mean, Self::Minimum];

    /// Its name as it is written on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        texts::projection(self)
    }
}

/// What one plane shows around its slice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slab {
    /// How values become one; `None` for the slice alone.
    pub projection: Option<Projection>,
    /// From one face to the other, in mm; the slice is in the middle.
    pub thickness_mm: f64,
}

impl Default for Slab {
    fn default() -> Self {
        Self { projection: None, thickness_mm: 10.0 }
    }
}

impl Slab {
    /// Thinnest and thickest in mm.
    pub const RANGE_MM: std::ops::RangeInclusive<f64> = 1.0..=100.0;

    /// As it is written on the screen, `MIP 20 mm`; `None` for the slice alone.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.projection.map(|projection| texts::slab(projection, self.thickness_mm))
    }

    /// After one more press of the key: the slice alone, then each projection.
    #[must_use]
    pub fn next(self) -> Self {
        let all = [None, Some(Projection::Maximum), Some(Projection::Mean), Some(Projection::Minimum)];
        let at = all.iter().position(|projection| *projection == self.projection).unwrap_or(0);
        Self { projection: all[(at + 1) % all.len()], ..self }
    }

    /// A fifth thicker for each step, thinner for negative ones; in whole millimetres, at least one of them.
    #[must_use]
    pub fn thickened(self, steps: i32) -> Self {
        let thicker = (self.thickness_mm * 1.2f64.powi(steps)).round();
        let moved = if thicker == self.thickness_mm { thicker + f64::from(steps.signum()) } else { thicker };
        Self { thickness_mm: moved.clamp(*Self::RANGE_MM.start(), *Self::RANGE_MM.end()), ..self }
    }

    /// What the shader draws of it: a sample for each slice whose middle is within half the thickness.
    #[must_use]
    pub fn frame(&self, geometry: &SliceGeometry) -> Option<SlabFrame> {
        let (projection, step) = (self.projection?, geometry.step());
        let reach = (self.thickness_mm / 2.0 / step.mm + 1e-9).floor() as u32;
        Some(SlabFrame { projection, step: step.voxels, reach })
    }
}

/// The slabs of the three planes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slabs {
    of: [Slab; 3],
    /// What is chosen in one view holds in all three.
    pub is_shared: bool,
    /// The view that the pointer was last over, which the keys are for.
    pub active: AnatomicalPlane,
}

impl Default for Slabs {
    fn default() -> Self {
        Self { of: [Slab::default(); 3], is_shared: true, active: AnatomicalPlane::Axial }
    }
}

impl Slabs {
    /// The slab of a plane.
    #[must_use]
    pub fn get(&self, plane: AnatomicalPlane) -> Slab {
        self.of[plane.normal_axis()]
    }

    /// Sets the slab of a plane, and of the others too where they share it.
    pub fn set(&mut self, plane: AnatomicalPlane, slab: Slab) {
        if self.is_shared {
            self.of = [slab; 3];
        } else {
            self.of[plane.normal_axis()] = slab;
        }
    }

    /// Changes the slab of the view that the pointer was last over.
    pub fn change(&mut self, change: impl FnOnce(Slab) -> Slab) {
        self.set(self.active, change(self.get(self.active)));
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Grid;
    use medley_volume::glam::{DQuat, DVec2, DVec3};

    use super::*;
    use crate::state::slice_geometry::{Convention, SliceCamera};

    #[test]
    fn a_slab_takes_the_slices_within_half_its_thickness() {
        let grid = Grid::axis_aligned([30, 30, 20], [1.0, 1.0, 3.0]).expect("a grid");
        let at = |plane| {
            let camera = SliceCamera::default();
            SliceGeometry::new(&grid, plane, Convention::Radiological, camera, grid.center(), DVec2::ZERO, DVec2::splat(90.0))
        };
        let slab = Slab { projection: Some(Projection::Maximum), thickness_mm: 12.0 };
        let axial = slab.frame(&at(AnatomicalPlane::Axial)).expect("a slab");
        assert_eq!((axial.reach, axial.step), (2, DVec3::Z));
        let sagittal = slab.frame(&at(AnatomicalPlane::Sagittal)).expect("a slab");
        assert_eq!((sagittal.reach, sagittal.step), (6, DVec3::X));
        let turned = at(AnatomicalPlane::Axial).turned(DQuat::from_axis_angle(DVec3::X, std::f64::consts::FRAC_PI_2));
        let turned = slab.frame(&turned).expect("a slab");
        assert!(turned.reach == 6 && (turned.step - DVec3::NEG_Y).length() < 1e-9, "{turned:?}");
        assert_eq!(Slab { projection: None, ..slab }.frame(&at(AnatomicalPlane::Axial)), None);
        let thin = Slab { thickness_mm: 1.0, ..slab }.frame(&at(AnatomicalPlane::Axial)).expect("a slab");
        assert_eq!(thin.reach, 0);
    }

    #[test]
    fn keys_go_round_the_projections_and_always_change_the_thickness() {
        let mut slab = Slab::default();
        let mut names = Vec::new();
        for _ in 0..4 {
            names.push(slab.text());
            slab = slab.next();
        }
        let written = ["MIP 10 mm", "Mean 10 mm", "MinIP 10 mm"].map(|text| Some(text.to_owned()));
        assert_eq!(names, [&[None][..], &written[..]].concat());
        assert_eq!(slab, Slab::default());
        let mut thin = Slab { thickness_mm: 1.0, ..slab };
        let mut seen = vec![thin.thickness_mm];
        while thin.thickness_mm < 100.0 {
            thin = thin.thickened(1);
            seen.push(thin.thickness_mm);
        }
        assert!(seen.windows(2).all(|pair| pair[1] > pair[0]), "{seen:?}");
        assert_eq!(thin.thickened(-100).thickness_mm, 1.0);
    }

    #[test]
    fn planes_share_a_slab_until_each_has_its_own() {
        let mut slabs = Slabs::default();
        slabs.change(Slab::next);
        assert_eq!(slabs.get(AnatomicalPlane::Sagittal).projection, Some(Projection::Maximum));
        slabs.is_shared = false;
        slabs.active = AnatomicalPlane::Coronal;
        slabs.change(Slab::next);
        assert_eq!(slabs.get(AnatomicalPlane::Coronal).projection, Some(Projection::Mean));
        assert_eq!(slabs.get(AnatomicalPlane::Axial).projection, Some(Projection::Maximum));
    }
}
