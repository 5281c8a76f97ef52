//! Boolean: one set of voxels with another.

use super::bounds::bounds_of;
use super::{Canvas, Operand};
use crate::{Edit, Refusal, Tool};

/// How two sets of voxels are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// In one of them or in both.
    Union,
    /// In both.
    Intersection,
    /// In the first, not in the second.
    Subtraction,
    /// In one of them, not in both.
    ExclusiveOr,
}

/// Two sets of voxels and what to do with them.
#[derive(Debug, Clone, Copy)]
pub struct Boolean<'a> {
    /// The first set.
    pub first: Operand<'a>,
    /// The second set.
    pub second: Operand<'a>,
    /// How they are put together.
    pub operation: Operation,
}

/// The active label becomes exactly the result, as far as the rules allow: what it held beyond becomes background.
///
/// A voxel has one label. So in one mask a union takes the voxels from the labels united, and two labels never intersect: the other
/// operations are for sets of different masks.
///
/// # Errors
/// [`Refusal::OtherGrid`], [`Refusal::Locked`], [`Refusal::NoChange`], [`Refusal::Parameter`] if the active label is background.
pub fn boolean(canvas: &Canvas, params: &Boolean) -> Result<Edit, Refusal> {
    if canvas.label == 0 {
        return Err(Refusal::Parameter("Choose a label for the result; background is none."));
    }
    canvas.require_unlocked(canvas.label)?;
    let Boolean { first, second, operation } = params;
    first.require_on(canvas.mask)?;
    second.require_on(canvas.mask)?;
    let boxes = [first.bounds(), second.bounds(), bounds_of(canvas.mask, &[canvas.label])];
    let region = boxes.into_iter().flatten().reduce(|a, b| a.union(&b)).ok_or(Refusal::NoChange)?;
    canvas.edit(Tool::Boolean, region, |row, labels| {
        for (offset, label) in (row.offset..).zip(labels) {
            let (a, b) = (first.holds(offset), second.holds(offset));
            let is_in = match operation {
                Operation::Union => a || b,
                Operation::Intersection => a && b,
                Operation::Subtraction => a && !b,
                Operation::ExclusiveOr => a != b,
            };
            if is_in {
                *label = canvas.label;
            } else if *label == canvas.label {
                *label = 0;
            }
        }
    })
}
