//! Islands: the pieces of a label are kept, removed or told apart.

use medley_volume::{Components, Connectivity, IndexBox, Ras, components_of};

use super::Canvas;
use super::bounds::bounds_of;
use crate::{Edit, Refusal, Tool};

/// What is done with the pieces of the active label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Islands<'a> {
    /// All but the largest become background.
    KeepLargest,
    /// Pieces of fewer voxels become background. [`Islands::smaller_than_ml`] gives it by volume.
    RemoveSmaller {
        /// What a piece must have to stay.
        voxels: usize,
    },
    /// All but the piece at this point become background.
    KeepAt(Ras),
    /// The piece at this point becomes background.
    RemoveAt(Ras),
    /// The largest piece keeps the label, each other gets the next of these labels by falling size. Pieces for which none is left
    /// keep the label too. [`pieces`] says how many are needed.
    Split {
        /// Labels not used so far.
        free: &'a [u16],
    },
}

/// A connected piece of the active label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// The smallest box around it.
    pub bounds: IndexBox,
    /// How many voxels it has.
    pub voxels: usize,
    /// Its volume.
    pub ml: f64,
}

impl Islands<'_> {
    /// Pieces of less than `ml` millilitres become background.
    #[must_use]
    pub fn smaller_than_ml(canvas: &Canvas, ml: f64) -> Self {
        Self::RemoveSmaller { voxels: (ml / canvas.mask.grid().voxel_volume_ml() * (1.0 - 1e-9)).ceil().max(0.0) as usize }
    }
}

/// The pieces of the active label are kept, removed or told apart. Of pieces of one size the lower comes first, then the
/// one farther back, then the one farther left.
///
/// # Errors
/// [`Refusal::NoVoxels`] if there is no piece, [`Refusal::NotIn`] for a point beside the label, [`Refusal::Outside`],
/// [`Refusal::Locked`], [`Refusal::Kept`], [`Refusal::NoChange`].
pub fn islands(canvas: &Canvas, params: &Islands, connectivity: Connectivity) -> Result<Edit, Refusal> {
    canvas.require_unlocked(canvas.label)?;
    if !canvas.rules.allow(canvas.label) {
        return Err(Refusal::Kept(canvas.label));
    }
    let found = Found::new(canvas, connectivity)?;
    let under = |point: Ras| {
        let voxel = canvas.voxel_at(point)?;
        let id = if found.region.contains(voxel) { found.components.ids[found.place(voxel)] } else { 0 };
        if id == 0 { Err(Refusal::NotIn(canvas.label)) } else { Ok(id as usize - 1) }
    };
    let count = found.components.list.len();
    let mut becomes = vec![canvas.label; count];
    match *params {
        Islands::KeepLargest => found.by_size[1..].iter().for_each(|&n| becomes[n] = 0),
        Islands::RemoveSmaller { voxels } => {
            let small = (0..count).filter(|&n| found.components.list[n].voxels < voxels);
            small.for_each(|n| becomes[n] = 0);
        }
        Islands::KeepAt(point) => {
            let kept = under(point)?;
            (0..count).filter(|&n| n != kept).for_each(|n| becomes[n] = 0);
        }
        Islands::RemoveAt(point) => becomes[under(point)?] = 0,
        Islands::Split { free } => found.by_size[1..].iter().zip(free).for_each(|(&n, &label)| becomes[n] = label),
    }
    canvas.edit(Tool::Islands, found.region, |row, labels| {
        let ids = &found.components.ids[found.place(row.first)..];
        for (label, &id) in labels.iter_mut().zip(ids) {
            if id != 0 {
                *label = becomes[id as usize - 1];
            }
        }
    })
}

/// The pieces of the active label, the largest first, in the order in which [`Islands::Split`] gives labels.
///
/// # Errors
/// [`Refusal::NoVoxels`] if there is none.
pub fn pieces(canvas: &Canvas, connectivity: Connectivity) -> Result<Vec<Piece>, Refusal> {
    let found = Found::new(canvas, connectivity)?;
    let ml = canvas.mask.grid().voxel_volume_ml();
    let piece = |&n: &usize| {
        let piece = found.components.list[n];
        let shifted = |corner: [usize; 3]| std::array::from_fn(|axis| corner[axis] + found.region.low[axis]);
        let bounds = IndexBox { low: shifted(piece.bounds.low), high: shifted(piece.bounds.high) };
        Piece { bounds, voxels: piece.voxels, ml: piece.voxels as f64 * ml }
    };
    Ok(found.by_size.iter().map(piece).collect())
}

/// The pieces within the box around the label.
struct Found {
    region: IndexBox,
    components: Components,
    /// Indices of pieces, the largest first; at least one.
    by_size: Vec<usize>,
}

impl Found {
    fn new(canvas: &Canvas, connectivity: Connectivity) -> Result<Self, Refusal> {
        let none = Refusal::NoVoxels(canvas.label);
        let region = if canvas.label == 0 { None } else { bounds_of(canvas.mask, &[canvas.label]) }.ok_or(none)?;
        let grid = canvas.mask.grid().cropped(&region);
        let inside: Vec<bool> = canvas.mask.region(&region).into_iter().map(|label| label == canvas.label).collect();
        let components = components_of(&grid, &inside, 1, connectivity);
        let axes = grid.axes();
        let place = |n: usize| {
            let IndexBox { low, high } = components.list[n].bounds;
            let last = high.map(|v| v - 1);
            let (a, b) = (axes.canonical_of_voxel(low, grid.shape()), axes.canonical_of_voxel(last, grid.shape()));
            [2, 1, 0].map(|axis| a[axis].min(b[axis]))
        };
        let mut by_size: Vec<usize> = (0..components.list.len()).collect();
        by_size.sort_by_cached_key(|&n| (std::cmp::Reverse(components.list[n].voxels), place(n)));
        Ok(Self { region, components, by_size })
    }

    fn place(&self, voxel: [usize; 3]) -> usize {
        let [width, height, _] = self.region.shape();
        let [i, j, k]: [usize; 3] = std::array::from_fn(|axis| voxel[axis] - self.region.low[axis]);
        (k * height + j) * width + i
    }
}
