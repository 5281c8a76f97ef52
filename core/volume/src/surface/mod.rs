//! The surface of a label as triangles.
//!
//! # Map
//! - `mesh`: triangles, their volume, their smoothing
//! - `cases`, `table`: the ways through a cell, and triangles for each; `layers`: a part of the surface, some layers of cells

mod cases;
mod layers;
mod mesh;
mod table;

use rayon::prelude::*;

use crate::index_box::bounds_of;
use crate::{LabelMap, LabelVoxels};
use layers::{BEFORE, Body, Part};
pub use mesh::Mesh;

/// The surface of a label, halfway between its voxels' centres and their neighbours': closed, every edge in exactly two triangles, facing
/// outwards in the patient whether the grid is right- or left-handed. Voxels that touch only by an edge or a corner stay apart. Empty
/// where the label is nowhere.
#[must_use]
pub fn surface(mask: &LabelMap, label: u16) -> Mesh {
    match mask.voxels() {
        LabelVoxels::U8(voxels) => u8::try_from(label).map_or_else(|_| Mesh::default(), |label| surface_of(mask, voxels, label)),
        LabelVoxels::U16(voxels) => surface_of(mask, voxels, label),
    }
}

fn surface_of<T: Copy + PartialEq + Send + Sync>(mask: &LabelMap, voxels: &[T], label: T) -> Mesh {
    let shape = mask.grid().shape();
    let Some(bounds) = bounds_of(shape, voxels, label) else { return Mesh::default() };
    let affine = mask.grid().ras_from_voxel();
    let body = Body { voxels, label, shape, bounds, affine };
    let layers = body.layers();
    let thick = layers.div_ceil(4 * rayon::current_num_threads()).max(1);
    let starts: Vec<usize> = (0..layers).step_by(thick).collect();
    let parts: Vec<Part> = starts.par_iter().map(|&from| body.part(from, (from + thick).min(layers))).collect();
    joined(&parts, affine.matrix3.determinant() < 0.0)
}

/// Parts on top of each other as one mesh.
fn joined(parts: &[Part], is_left_handed: bool) -> Mesh {
    let mut mesh = Mesh {
        vertices: Vec::with_capacity(parts.iter().map(|part| part.vertices.len()).sum()),
        triangles: Vec::with_capacity(parts.iter().map(|part| part.triangles.len()).sum()),
    };
    let mut before: Option<(&Part, u32)> = None;
    for part in parts {
        let first = mesh.vertices.len() as u32;
        let number = |corner: u32| match before {
            Some((before, its_first)) if corner >= BEFORE => before.on_top(corner).map_or(0, |corner| its_first + corner),
            _ => first + corner,
        };
        mesh.vertices.extend_from_slice(&part.vertices);
        mesh.triangles.extend(part.triangles.iter().map(|triangle| {
            let [a, b, c] = triangle.map(number);
            if is_left_handed { [a, c, b] } else { [a, b, c] }
        }));
        before = Some((part, first));
    }
    mesh
}

#[cfg(test)]
mod tests;
