//! Live wire: a contour that follows the edges of the scan from click to click.

mod costs;
mod search;

use costs::Costs;
use medley_volume::glam::DVec3;
use medley_volume::{Grid, Ras, Volume};
use rayon::prelude::*;
use search::Search;

use super::polygon::contour_edit;
use super::{Canvas, Slice};
use crate::values::Values;
use crate::{Edit, Refusal, Tool, ValueRange};

/// A closed contour that was traced with a [`LiveWire`] (see [`LiveWire::closed`]): what it holds, the contour included, gets the active
/// label.
///
/// # Errors
/// As [`polygon`](super::polygon()).
pub fn live_wire(canvas: &Canvas, slice: Slice, contour: &[Ras]) -> Result<Edit, Refusal> {
    contour_edit(canvas, slice, contour, Tool::LiveWire)
}

/// A contour under way in one slice. The way from the last anchor to the pointer is the one that best follows edges.
///
/// What edges are is worked out once for the slice; ways are searched no farther than the pointer goes, and a point once reached costs
/// nothing when the pointer comes back.
#[derive(Debug, Clone)]
pub struct LiveWire {
    grid: Grid,
    slice: Slice,
    size: [usize; 2],
    costs: Costs,
    anchors: Vec<Anchor>,
    search: Option<Search>,
}

/// A point fixed by a click, and the way to it from the one before, that one not included.
#[derive(Debug, Clone)]
struct Anchor {
    at: [usize; 2],
    way: Vec<[usize; 2]>,
}

impl LiveWire {
    /// A contour in a slice. Edges are those of values cut to `window`: best what the person sees, so that bone does not outshine
    /// the edges of soft tissue.
    ///
    /// # Errors
    /// [`Refusal::Outside`] if the scan has no such slice.
    pub fn new(scan: &Volume, slice: Slice, window: Option<ValueRange>) -> Result<Self, Refusal> {
        let grid = *scan.grid();
        if slice.axis > 2 || slice.index >= grid.shape()[slice.axis] {
            return Err(Refusal::Outside);
        }
        let [u, v] = slice.in_plane();
        let size = [grid.shape()[u], grid.shape()[v]];
        let shown = |value: f64| {
            let value = if value.is_finite() { value } else { 0.0 };
            window.map_or(value, |window| value.max(window.low).min(window.high)) as f32
        };
        let (values, region) = (Values::of(scan), slice.region(grid.shape()));
        let mut in_slice = vec![0.0f32; size[0] * size[1]];
        in_slice.par_chunks_mut(size[0]).enumerate().with_min_len(16).for_each(|(n, row)| {
            let mut first = region.low;
            first[v] = n;
            let mut read = vec![0.0; row.len()];
            values.read(grid.offset(first), [1, grid.shape()[0], 0][u], &mut read);
            row.iter_mut().zip(read).for_each(|(place, value)| *place = shown(value));
        });
        let costs = Costs::of(&in_slice, size, [grid.spacing()[u], grid.spacing()[v]]);
        Ok(Self { grid, slice, size, costs, anchors: Vec::new(), search: None })
    }

    /// Fixes the way to a point; the first anchor begins the contour. Points beyond the slice are drawn to its edge.
    ///
    /// # Errors
    /// [`Refusal::Outside`] for a point that is not finite.
    pub fn anchor(&mut self, point: Ras) -> Result<(), Refusal> {
        let at = self.place(point)?;
        let way = self.way_to(at);
        self.anchors.push(Anchor { at, way });
        self.search = None;
        Ok(())
    }

    /// Takes the last anchor back; whether there was one.
    pub fn take_back(&mut self) -> bool {
        self.search = None;
        self.anchors.pop().is_some()
    }

    /// How many anchors there are.
    #[must_use]
    pub fn anchors(&self) -> usize {
        self.anchors.len()
    }

    /// The way from the last anchor to a point, as voxel centres (mm), both included; empty before the first anchor.
    ///
    /// # Errors
    /// As [`LiveWire::anchor`].
    pub fn path_to(&mut self, point: Ras) -> Result<Vec<Ras>, Refusal> {
        let at = self.place(point)?;
        let Some(last) = self.anchors.last().map(|anchor| anchor.at) else { return Ok(Vec::new()) };
        let way = self.way_to(at);
        Ok(std::iter::once(last).chain(way).map(|at| self.ras(at)).collect())
    }

    /// The fixed part of the contour, as voxel centres (mm).
    #[must_use]
    pub fn contour(&self) -> Vec<Ras> {
        self.anchors.iter().flat_map(|anchor| &anchor.way).map(|&at| self.ras(at)).collect()
    }

    /// The contour with its way back from the last anchor to the first.
    #[must_use]
    pub fn closed(&mut self) -> Vec<Ras> {
        let back = self.anchors.first().map(|first| first.at).map(|first| self.way_to(first)).unwrap_or_default();
        let mut contour = self.contour();
        contour.extend(back.into_iter().map(|at| self.ras(at)));
        contour
    }

    /// Closes the contour: what it holds, the contour included, gets the active label.
    ///
    /// # Errors
    /// [`Refusal::OtherGrid`] if the mask does not lie on the scan's grid, else as [`polygon`](super::polygon()).
    pub fn finish(mut self, canvas: &Canvas) -> Result<Edit, Refusal> {
        canvas.mask.grid().require_same(&self.grid).map_err(|_| Refusal::OtherGrid)?;
        let contour = self.closed();
        live_wire(canvas, self.slice, &contour)
    }

    /// The point with the strongest edge within a radius (mm) of another: where a click is best put.
    ///
    /// # Errors
    /// As [`LiveWire::anchor`].
    pub fn snapped(&self, point: Ras, radius_mm: f64) -> Result<Ras, Refusal> {
        let [u, v] = self.place(point)?;
        let [axis_u, axis_v] = self.slice.in_plane();
        let steps = [axis_u, axis_v].map(|axis| radius_mm.clamp(0.0, 100.0) / self.grid.spacing()[axis]);
        let mut best = ([u, v], f32::MIN, f64::MAX);
        let side = |at: usize, steps: f64, size: usize| at.saturating_sub(steps as usize)..(at + steps as usize + 1).min(size);
        for b in side(v, steps[1], self.size[1]) {
            for a in side(u, steps[0], self.size[0]) {
                let away = [(a, u, steps[0]), (b, v, steps[1])].map(|(n, m, reach)| n.abs_diff(m) as f64 / reach.max(1e-9));
                let away = away[0] * away[0] + away[1] * away[1];
                let strength = self.costs.strength[b * self.size[0] + a];
                let is_better = strength > best.1 || (strength == best.1 && away < best.2);
                if away <= 1.0 && is_better {
                    best = ([a, b], strength, away);
                }
            }
        }
        Ok(self.ras(best.0))
    }

    /// The way from the last anchor to a point of the slice, the anchor itself not included; before the first anchor the point alone.
    fn way_to(&mut self, at: [usize; 2]) -> Vec<[usize; 2]> {
        let Some(last) = self.anchors.last() else { return vec![at] };
        let (size, costs) = (self.size, &self.costs);
        let offset = |[u, v]: [usize; 2]| v * size[0] + u;
        let search = self.search.get_or_insert_with(|| Search::new(size, offset(last.at), costs.dearest()));
        let mut way = search.way_to(offset(at), |from, step, to| costs.link(from, step, to));
        way.remove(0);
        way
    }

    fn place(&self, point: Ras) -> Result<[usize; 2], Refusal> {
        let at = self.grid.continuous_index_of(point);
        if !at.is_finite() {
            return Err(Refusal::Outside);
        }
        let [u, v] = self.slice.in_plane();
        Ok([(u, self.size[0]), (v, self.size[1])].map(|(axis, side)| at[axis].round().clamp(0.0, side as f64 - 1.0) as usize))
    }

    fn ras(&self, at: [usize; 2]) -> Ras {
        let [u, v] = self.slice.in_plane();
        let mut index = DVec3::ZERO;
        (index[u], index[v], index[self.slice.axis]) = (at[0] as f64, at[1] as f64, self.slice.index as f64);
        Ras(self.grid.ras_from_voxel().transform_point3(index))
    }
}
