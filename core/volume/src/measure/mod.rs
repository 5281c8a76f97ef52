//! What `medley bench voxels` measures: the operations of this crate on a [`Phantom`], each with an answer to compare with others'.

mod outcome;
mod phantom;

use crate::distance::{depth_mm_squared, distance_mm_squared, signed_distance_mm};
use crate::morphology::{dilated, eroded, gaussian_smoothed, holes_filled, median_smoothed_voxels, opened};
use crate::resample::labels_onto;
use crate::{Connectivity, VolumeError, components, components_of, surface, volume_onto};
pub use outcome::{Agreement, Outcome};
pub use phantom::Phantom;

/// One operation on all of a phantom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "Operation::name says it")]
pub enum Operation {
    ComponentsOfLabels,
    ComponentsOfMask,
    Distance,
    Depth,
    SignedDistance,
    Dilation,
    Erosion,
    Opening,
    Median,
    Gaussian,
    Holes,
    Linear,
    Nearest,
    Surface,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ComponentsOfLabels,
        Self::ComponentsOfMask,
        Self::Distance,
        Self::Depth,
        Self::SignedDistance,
        Self::Dilation,
        Self::Erosion,
        Self::Opening,
        Self::Median,
        Self::Gaussian,
        Self::Holes,
        Self::Linear,
        Self::Nearest,
        Self::Surface,
    ];
    /// Radius of balls, mm.
    pub const RADIUS_MM: f64 = 3.0;
    /// Reach of the median's box, voxels.
    pub const REACH: usize = 2;
    /// Width of the Gaussian, mm.
    pub const SIGMA_MM: f64 = 1.5;

    /// Its name, for people and for the peer.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ComponentsOfLabels => "components of labels",
            Self::ComponentsOfMask => "components of a mask",
            Self::Distance => "distance",
            Self::Depth => "depth",
            Self::SignedDistance => "signed distance",
            Self::Dilation => "dilation",
            Self::Erosion => "erosion",
            Self::Opening => "opening",
            Self::Median => "median",
            Self::Gaussian => "gaussian",
            Self::Holes => "holes",
            Self::Linear => "linear",
            Self::Nearest => "nearest",
            Self::Surface => "surface",
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// None on a phantom; the type is that of [`volume_onto`].
    pub fn run(self, phantom: &Phantom) -> Result<Outcome, VolumeError> {
        let (grid, inside) = (phantom.labels.grid(), phantom.inside.as_slice());
        Ok(match self {
            Self::ComponentsOfLabels => {
                let labels: Vec<u16> = (1..=Phantom::LABELS).collect();
                Outcome::Pieces(components(&phantom.labels, &labels, 1))
            }
            Self::ComponentsOfMask => Outcome::Pieces(components_of(grid, inside, 1, Connectivity::Faces)),
            Self::Distance => Outcome::Distances(distance_mm_squared(grid, inside)),
            Self::Depth => Outcome::Distances(depth_mm_squared(grid, inside)),
            Self::SignedDistance => Outcome::Distances(signed_distance_mm(grid, inside)),
            Self::Dilation => Outcome::Set(dilated(grid, inside, Self::RADIUS_MM)),
            Self::Erosion => Outcome::Set(eroded(grid, inside, Self::RADIUS_MM)),
            Self::Opening => Outcome::Set(opened(grid, inside, Self::RADIUS_MM)),
            Self::Median => Outcome::Set(median_smoothed_voxels(grid, inside, [Self::REACH; 3])),
            Self::Gaussian => Outcome::Set(gaussian_smoothed(grid, inside, Self::SIGMA_MM)),
            Self::Holes => Outcome::Set(holes_filled(grid, inside)),
            Self::Linear => Outcome::Volume(volume_onto(&phantom.volume, phantom.coarser)?),
            Self::Nearest => Outcome::Labels(labels_onto(&phantom.labels, phantom.coarser)),
            Self::Surface => Outcome::Surface(surface(&phantom.mask, 1)),
        })
    }
}
