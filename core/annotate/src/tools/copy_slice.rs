//! Copy a slice: what is drawn in one slice is put into another.

use super::{Canvas, Slice};
use crate::{Edit, Refusal, Tool};

/// What is copied where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopySlice<'a> {
    /// The slice with the drawing.
    pub from: Slice,
    /// The slice that gets it, across the same voxel axis. [`Slice::stepped`] gives the next one.
    pub to: Slice,
    /// Only these labels; `None` means all.
    pub labels: Option<&'a [u16]>,
    /// Whether these labels are first taken away in the slice that gets the copy, so that it ends with the copy alone.
    pub replaces: bool,
}

/// The labels of one slice are put into another.
///
/// # Errors
/// [`Refusal::Outside`] if there is no such slice, [`Refusal::EmptySlice`] if there is nothing to copy, [`Refusal::NoChange`].
pub fn copy_slice(canvas: &Canvas, params: &CopySlice) -> Result<Edit, Refusal> {
    let CopySlice { from, to, labels, replaces } = *params;
    let (mask, shape) = (canvas.mask, canvas.mask.grid().shape());
    if from.axis != to.axis || from.axis > 2 || from.index.max(to.index) >= shape[from.axis] {
        return Err(Refusal::Outside);
    }
    let is_copied = |label: u16| label != 0 && labels.is_none_or(|labels| labels.contains(&label));
    if !from.region(shape).rows(shape).flatten().any(|offset| is_copied(mask.at(offset))) {
        return Err(Refusal::EmptySlice);
    }
    let stride = [1, shape[0], shape[0] * shape[1]][from.axis];
    canvas.edit(Tool::CopySlice, to.region(shape), |row, held| {
        for (offset, label) in (row.offset..).zip(held) {
            let source = mask.at(offset - to.index * stride + from.index * stride);
            if is_copied(source) {
                *label = source;
            } else if replaces && is_copied(*label) {
                *label = 0;
            }
        }
    })
}
