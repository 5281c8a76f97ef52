//! A second scan that lies over the open one: PET over CT, another sequence, another date.

use std::path::PathBuf;
use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::glam::DVec3;
use medley_volume::{Grid, Ras, Volume};

use super::window_level::WindowLevel;
use crate::render::{ColorMap, SecondFrame, SecondTexture};

/// Where a second scan comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondSource {
    /// Another case of the study.
    Case(CaseId),
    /// A file.
    File(PathBuf),
}

/// How two scans become one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blend {
    /// Mixed by the opacity, wherever the second scan reaches.
    Mix = 0,
    /// Mixed by opacity and level: low values let the first scan through.
    Fade = 1,
    /// Added as light is.
    Add = 2,
    /// In turns, in squares: shows whether edges meet.
    Checkerboard = 3,
}

impl Blend {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::Fade, Self::Mix, Self::Add, Self::Checkerboard];
}

/// How a second scan is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SecondLook {
    /// Its colours.
    pub map: ColorMap,
    /// Which values have the first and the last of them.
    pub window: WindowLevel,
    /// 0 … 1.
    pub opacity: f32,
    /// How the two become one picture.
    pub blend: Blend,
    /// Whether it is left out for now.
    pub is_hidden: bool,
}

impl SecondLook {
    /// How a scan is drawn at first.
    #[must_use]
    pub fn first(window: WindowLevel) -> Self {
        Self { map: ColorMap::Hot, window, opacity: 0.6, blend: Blend::Fade, is_hidden: false }
    }
}

/// A scan that lies over the open one.
pub struct SecondScan {
    /// Where it comes from.
    pub source: SecondSource,
    /// Its name as a person reads it.
    pub name: String,
    /// Its voxels.
    pub volume: Arc<Volume>,
    /// The voxels on the device; `None` while there is none.
    pub texture: Option<Arc<SecondTexture>>,
    /// Smallest and largest value.
    pub value_range: (f64, f64),
    /// From the 0.1 to the 99.9 percentile of its values.
    pub percentile_window: WindowLevel,
    /// How it is drawn.
    pub look: SecondLook,
}

impl SecondScan {
    /// What a slice draws of it in this frame.
    #[must_use]
    pub fn frame(&self) -> Option<SecondFrame> {
        let SecondLook { map, window, opacity, blend, is_hidden } = self.look;
        let scan = self.texture.clone().filter(|_| !is_hidden)?;
        Some(SecondFrame { scan, map, window, opacity, blend })
    }

    /// Its value at a place, that of the nearest voxel; `None` outside.
    #[must_use]
    pub fn value_at(&self, at: Ras) -> Option<f64> {
        self.volume.value(self.volume.grid().voxel_at(at)?)
    }
}

/// Whether two grids may have a place in common, as far as the boxes around them along each other's axes tell.
#[must_use]
pub fn may_overlap(a: &Grid, b: &Grid) -> bool {
    reaches(a, b) && reaches(b, a)
}

/// Whether the box around `other`, along the axes of `grid`, meets it.
fn reaches(grid: &Grid, other: &Grid) -> bool {
    let onto = grid.voxel_from_ras() * other.ras_from_voxel();
    let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    for corner in 0..8 {
        let pick = |axis: usize| if corner >> axis & 1 == 1 { other.shape()[axis] as f64 - 0.5 } else { -0.5 };
        let at = onto.transform_point3(DVec3::new(pick(0), pick(1), pick(2)));
        (low, high) = (low.min(at), high.max(at));
    }
    (0..3).all(|axis| high[axis] > -0.5 && low[axis] < grid.shape()[axis] as f64 - 0.5)
}

#[cfg(test)]
mod tests {
    use medley_volume::glam::DAffine3;

    use super::*;

    #[test]
    fn grids_overlap_where_they_have_a_place_in_common() {
        let grid = Grid::axis_aligned([10, 10, 10], [2.0; 3]).expect("a grid");
        let at = |offset: DVec3, angle: f64| {
            let affine = DAffine3::from_translation(offset) * DAffine3::from_rotation_z(angle);
            Grid::new([10, 10, 10], affine).expect("a usable affine")
        };
        assert!(may_overlap(&grid, &at(DVec3::new(18.0, 0.0, 0.0), 0.0)));
        assert!(!may_overlap(&grid, &at(DVec3::new(19.6, 0.0, 0.0), 0.0)));
        assert!(!may_overlap(&grid, &at(DVec3::new(0.0, 0.0, -200.0), 0.4)));
        // Beside a corner: the boxes along one grid's axes meet, those along the other's do not.
        assert!(!may_overlap(&grid, &at(DVec3::new(25.0, 15.5, 0.0), std::f64::consts::FRAC_PI_4)));
    }
}
