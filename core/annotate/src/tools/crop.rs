//! Crop: labels are taken away outside (or inside) a box or another label.

use medley_volume::IndexBox;

use super::bounds::{bounds_of, bounds_of_all};
use super::{Canvas, Operand};
use crate::{Edit, Refusal, Tool};

/// Which part stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keep {
    /// What lies inside.
    Inside,
    /// What lies outside.
    Outside,
}

/// A box that cuts labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crop<'a> {
    /// The box; what reaches beyond the grid is cut off.
    pub region: IndexBox,
    /// Which part stays.
    pub keep: Keep,
    /// Only these labels; `None` means all.
    pub labels: Option<&'a [u16]>,
}

/// Other voxels that cut labels.
#[derive(Debug, Clone, Copy)]
pub struct MaskBy<'a> {
    /// The voxels that cut, of the same mask or of another.
    pub by: Operand<'a>,
    /// Which part stays.
    pub keep: Keep,
    /// Only these labels; `None` means all, in the same mask also those that cut.
    pub labels: Option<&'a [u16]>,
}

/// Labels outside a box (or inside it) become background.
///
/// # Errors
/// [`Refusal::NoChange`] if there is nothing to cut away.
pub fn crop(canvas: &Canvas, params: &Crop) -> Result<Edit, Refusal> {
    let Crop { region, keep, labels } = *params;
    clear(canvas, labels, |row, at| {
        let in_rows = (1..3).all(|axis| (region.low[axis]..region.high[axis]).contains(&row[axis]));
        let is_inside = in_rows && (region.low[0]..region.high[0]).contains(&at[0]);
        is_inside == (keep == Keep::Outside)
    })
}

/// Labels outside other voxels (or inside them) become background.
///
/// # Errors
/// [`Refusal::OtherGrid`], [`Refusal::NoChange`] if there is nothing to cut away.
pub fn mask_by(canvas: &Canvas, params: &MaskBy) -> Result<Edit, Refusal> {
    let MaskBy { by, keep, labels } = *params;
    by.require_on(canvas.mask)?;
    let grid = *canvas.mask.grid();
    clear(canvas, labels, |_, at| by.holds(grid.offset(at)) == (keep == Keep::Outside))
}

/// Takes labels away from voxels for which `is_cut(first voxel of the row, voxel)`.
fn clear(canvas: &Canvas, labels: Option<&[u16]>, is_cut: impl Fn([usize; 3], [usize; 3]) -> bool + Sync) -> Result<Edit, Refusal> {
    let region = labels.map_or_else(|| bounds_of_all(canvas.mask), |labels| bounds_of(canvas.mask, labels)).ok_or(Refusal::NoChange)?;
    canvas.edit(Tool::Crop, region, |row, held| {
        let [first, j, k] = row.first;
        for (i, label) in (first..).zip(held) {
            if *label != 0 && labels.is_none_or(|labels| labels.contains(label)) && is_cut(row.first, [i, j, k]) {
                *label = 0;
            }
        }
    })
}
