//! The reference's own preprocessing and scoring, quirks and all: what `--parity` uses.
//!
//! MedicalNet, the program published with Med3D (Chen et al., 2019), stretches every scan to 56 × 448 × 448 whatever its spacing,
//! takes the file's first axis for the depth and puts noise where a scan is zero. Our own way ([`crate::prepare`]) does none of
//! that; this one exists so that published results can be repeated to the digit.
//!
//! # Map
//! - [`FileArray`]: a scan as the reference sees it, in the file's order
//! - [`drop_margin`], [`crop_box`], [`crop_around_label`]: what is cut off in training
//! - [`zoom`]: `scipy.ndimage.zoom` of order 0 and 1
//! - [`normalise`]: z-score over what is above zero, noise where it is zero
//! - [`test_input`], [`training_input`]: all of it in the reference's order
//! - [`mask_of`], [`dice_per_class`]: from logits to a mask and its score; [`ReferenceModel`]: from a scan to a mask

mod array;
mod crop;
mod intensity;
mod mask;
#[cfg(test)]
mod parity;
mod predict;
mod zoom;

pub use array::FileArray;
pub use crop::{crop_around_label, crop_box, drop_margin};
pub use intensity::{Normalised, normalise};
pub use mask::{dice_per_class, mask_of};
pub use predict::ReferenceModel;
pub use zoom::{Order, zoom};

use crate::LearnError;

/// The reference's input: depth, height, width.
pub const INPUT: [usize; 3] = [56, 448, 448];

/// A scan as the reference feeds it to a network when it tests: nothing is cut off.
///
/// # Errors
/// If no voxel is above zero.
pub fn test_input(scan: &FileArray, size: [usize; 3], seed: u64) -> Result<FileArray, LearnError> {
    Ok(normalise(&zoom(scan, size, Order::Nearest))?.with_noise(seed))
}

/// A scan and its labels as the reference feeds them to a network when it trains: without their margin, cropped by `uniforms` (see
/// [`crop_box`]), stretched; the scan normalised.
///
/// # Errors
/// If the scan is the same everywhere, nothing is labelled, or no voxel is above zero.
pub fn training_input(
    scan: &FileArray,
    labels: &FileArray,
    size: [usize; 3],
    uniforms: [f64; 6],
    seed: u64,
) -> Result<(FileArray, FileArray), LearnError> {
    let (scan, labels) = drop_margin(scan, labels)?;
    let (scan, labels) = crop_around_label(&scan, &labels, uniforms)?;
    let scan = normalise(&zoom(&scan, size, Order::Nearest))?.with_noise(seed);
    Ok((scan, zoom(&labels, size, Order::Nearest)))
}
