//! What lies under the pointer in the 3D view: one ray through the scan and its mask.

use medley_volume::glam::DVec3;
use medley_volume::{LabelMap, Ras, Volume, VoxelIndex};

use super::transfer::{TransferFunction, opacity_unit_mm};
use super::view::VolumeMode;

/// Looks along a ray for each voxel.
const LOOKS_PER_VOXEL: f64 = 2.0;
/// A ray that has lost this part of its light has met something.
const HALF: f64 = 0.5;
/// What takes less light than this over the whole ray is nothing to point at.
const FAINT: f64 = 0.03;

/// A ray in the patient: where it begins, the way of a millimetre, and how many it has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ray {
    /// Where it begins, in RAS.
    pub start: DVec3,
    /// A millimetre along it.
    pub way: DVec3,
    /// Its length.
    pub millimeters: f64,
}

/// What the 3D view shows, as a ray meets it.
pub struct Picked<'a> {
    /// The scan.
    pub volume: &'a Volume,
    /// Its labels.
    pub mask: &'a LabelMap,
    /// How solid each label is, 0 … 1; 0 is not shown.
    pub label_cover: &'a dyn Fn(u16) -> f64,
    /// How voxels become light.
    pub mode: VolumeMode,
    /// Colour and opacity over values.
    pub transfer: &'a TransferFunction,
    /// What is left of the scan and of the labels, as parts of the volume's sides.
    pub bounds: [[DVec3; 2]; 2],
}

impl Picked<'_> {
    /// The place a ray meets first: a label, what takes half of the light of the scan (or most of it, where nothing takes half);
    /// in projections the value that is shown. Means have no place.
    #[must_use]
    pub fn first_hit(&self, ray: Ray) -> Option<Ras> {
        let grid = self.volume.grid();
        let finest = grid.spacing().into_iter().fold(f64::INFINITY, f64::min).max(1e-6);
        let step = finest / LOOKS_PER_VOXEL;
        let per_layer = step / opacity_unit_mm(grid);
        let sides = DVec3::from_array(grid.shape().map(|side| side as f64));
        let (mut passes, mut most) = (1.0, None::<(f64, Ras)>);
        let mut keep = |weight: f64, at: Ras| {
            if most.is_none_or(|(most, _)| weight > most) {
                most = Some((weight, at));
            }
        };
        for n in 0..(ray.millimeters / step).ceil().max(0.0) as usize {
            let at = Ras(ray.start + ray.way * (step * (n as f64 + 0.5)));
            let part = (grid.continuous_index_of(at) + 0.5) / sides;
            let [in_scan, in_labels] = self.bounds.map(|[low, high]| part.cmpge(low).all() && part.cmplt(high).all());
            let Some(voxel) = grid.voxel_at(at).filter(|_| in_scan || in_labels) else { continue };
            let label = if in_labels { self.mask.at(grid.offset(voxel.0)) } else { 0 };
            let cover = if label == 0 { 0.0 } else { (self.label_cover)(label) };
            match self.mode {
                VolumeMode::Surfaces => {
                    if cover > 0.0 {
                        return Some(at);
                    }
                }
                VolumeMode::Rendering => {
                    if cover >= HALF {
                        return Some(at);
                    }
                    let taken = if in_scan { self.taken(voxel, per_layer) } else { 0.0 };
                    keep(passes * taken, at);
                    passes *= 1.0 - taken;
                    if passes < HALF {
                        return Some(at);
                    }
                }
                VolumeMode::MaximumIntensity | VolumeMode::MinimumIntensity => {
                    let sign = if self.mode == VolumeMode::MaximumIntensity { 1.0 } else { -1.0 };
                    if let Some(value) = self.volume.value(voxel).filter(|_| in_scan) {
                        keep(value * sign, at);
                    }
                }
                VolumeMode::MeanIntensity => return None,
            }
        }
        let is_met = self.mode != VolumeMode::Rendering || 1.0 - passes > FAINT;
        most.filter(|_| is_met).map(|(_, at)| at)
    }

    fn taken(&self, voxel: VoxelIndex, per_layer: f64) -> f64 {
        let opacity = self.volume.value(voxel).map_or(0.0, |value| f64::from(self.transfer.at(value)[3]));
        1.0 - (1.0 - opacity).powf(per_layer)
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Scaling, Voxels};

    use super::*;
    use crate::state::transfer::TransferPoint;

    /// Layers of 1 mm along j: 0, then a veil of 100 at 10, a wall of 500 at 20, the brightest of 900 at 30.
    fn volume() -> Volume {
        let grid = Grid::axis_aligned([3, 40, 3], [1.0; 3]).expect("a grid");
        let value = |j: usize| [(10, 100), (20, 500), (30, 900)].into_iter().find(|(at, _)| *at == j).map_or(0, |(_, value)| value);
        let voxels = (0..grid.len()).map(|n| value(n / 3 % 40)).collect();
        Volume::new(grid, Voxels::I16(voxels), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits")
    }

    fn hit(mode: VolumeMode, wall: f32, bounds: [[DVec3; 2]; 2], label_at: Option<usize>) -> Option<f64> {
        let volume = volume();
        let point = |at, opacity| TransferPoint { at, opacity, color: [255; 3] };
        let transfer = TransferFunction::new(vec![point(50.0, 0.0), point(100.0, 0.001), point(400.0, 0.001), point(500.0, wall)]);
        let mut mask = LabelMap::empty(*volume.grid());
        if let Some(j) = label_at {
            mask.set(volume.grid().offset([1, j, 1]), 5);
        }
        let cover = |label: u16| f64::from(u8::from(label == 5));
        let picked = Picked { volume: &volume, mask: &mask, label_cover: &cover, mode, transfer: &transfer, bounds };
        let ray = Ray { start: DVec3::new(1.0, -20.0, 1.0), way: DVec3::Y, millimeters: 100.0 };
        picked.first_hit(ray).map(|Ras(at)| at.y.round())
    }

    const WHOLE: [[DVec3; 2]; 2] = [[DVec3::ZERO, DVec3::ONE]; 2];

    #[test]
    fn a_ray_goes_through_the_veil_to_the_wall() {
        assert_eq!(hit(VolumeMode::Rendering, 0.9, WHOLE, None), Some(20.0));
        assert_eq!(hit(VolumeMode::Rendering, 0.0, WHOLE, None), None, "a veil alone is nothing to point at");
        let cut = [[DVec3::new(0.0, 0.6, 0.0), DVec3::ONE], WHOLE[1]];
        assert_eq!(hit(VolumeMode::Rendering, 0.9, cut, None), Some(30.0), "what is cut away is not met");
    }

    #[test]
    fn labels_come_first_where_they_lie_before() {
        assert_eq!(hit(VolumeMode::Rendering, 0.9, WHOLE, Some(15)), Some(15.0));
        assert_eq!(hit(VolumeMode::Rendering, 0.9, WHOLE, Some(35)), Some(20.0));
        assert_eq!(hit(VolumeMode::Surfaces, 0.9, WHOLE, Some(35)), Some(35.0));
        assert_eq!(hit(VolumeMode::Surfaces, 0.9, WHOLE, None), None);
    }

    #[test]
    fn a_projection_points_at_what_it_shows() {
        assert_eq!(hit(VolumeMode::MaximumIntensity, 0.9, WHOLE, Some(3)), Some(30.0));
        assert_eq!(hit(VolumeMode::MeanIntensity, 0.9, WHOLE, None), None);
    }
}
