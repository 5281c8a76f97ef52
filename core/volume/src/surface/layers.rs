//! The cells between planes of voxels, layer by layer.

use glam::{DAffine3, DVec3};

use super::cases;
use super::table::{CASES, MIDDLE};
use crate::IndexBox;

/// What the layers are made from.
pub(super) struct Body<'a, T> {
    pub voxels: &'a [T],
    pub label: T,
    pub shape: [usize; 3],
    /// The box of the label.
    pub bounds: IndexBox,
    pub affine: DAffine3,
}

/// A corner of the mesh on an edge of a cell: the plane it was made for, and its number. Older ones are none.
type Slot = [u32; 2];
const NONE: Slot = [u32::MAX; 2];
/// Numbers of corners that the part before makes: this, and twice the cell plus the axis of the edge on the plane between both.
pub(super) const BEFORE: u32 = 1 << 31;

/// The surface in some layers.
#[derive(Default)]
pub(super) struct Part {
    pub vertices: Vec<[f32; 3]>,
    pub triangles: Vec<[u32; 3]>,
    /// The corners on the edges along x and y of the last plane, by cell.
    top: Vec<[Slot; 2]>,
    last: u32,
}

impl Part {
    /// The corner on an edge of the last plane, as the part after this names it.
    pub fn on_top(&self, named: u32) -> Option<u32> {
        let edge = (named - BEFORE) as usize;
        let [plane, number] = self.top.get(edge / 2)?[edge % 2];
        (plane == self.last).then_some(number)
    }
}

impl<T: Copy + PartialEq> Body<'_, T> {
    /// How many layers there are: planes of the box and one of its rim, less one.
    pub fn layers(&self) -> usize {
        self.bounds.shape()[2] + 1
    }

    /// The surface in the layers `from..to`. Plane `(x, y, z)` is voxel `(x, y, z)` + low − 1: a rim of outside is all around.
    pub fn part(&self, from: usize, to: usize) -> Part {
        let [wide, high] = [self.bounds.shape()[0] + 2, self.bounds.shape()[1] + 2];
        let cells = wide * high;
        let mut part = Part { last: to as u32, ..Part::default() };
        let mut planes = [vec![0u8; cells], vec![0u8; cells]];
        let (mut below, mut above, mut between) = (vec![[NONE; 2]; cells], vec![[NONE; 2]; cells], vec![NONE; cells]);
        let mut columns = vec![0u8; wide];
        self.plane(from, &mut planes[0]);
        for z in from..to {
            self.plane(z + 1, &mut planes[1]);
            let mut layer =
                Layer { body: self, wide, z, is_first: z == from && from > 0, below: &mut below, above: &mut above, between: &mut between };
            for y in 0..high - 1 {
                let row = y * wide;
                let [low, high] = [&planes[0][row..row + 2 * wide], &planes[1][row..row + 2 * wide]];
                for (x, column) in columns.iter_mut().enumerate() {
                    *column = low[x] | low[x + wide] << 2 | high[x] << 4 | high[x + wide] << 6;
                }
                let mut x = 0;
                while x + 1 < wide {
                    let end = (x + 32).min(wide - 1);
                    let (any, all) = columns[x..=end].iter().fold((0, 0xff), |(any, all), &column| (any | column, all & column));
                    if any != 0 && all != 0x55 {
                        for x in x..end {
                            let set = columns[x] | columns[x + 1] << 1;
                            if set != 0 && set != 255 {
                                layer.cell(usize::from(set), x, y, &mut part);
                            }
                        }
                    }
                    x = end;
                }
            }
            std::mem::swap(&mut below, &mut above);
            planes.swap(0, 1);
        }
        part.top = below;
        part
    }

    /// Which voxels of plane `z`, rim included, have the label.
    fn plane(&self, z: usize, inside: &mut [u8]) {
        inside.fill(0);
        let [across, _, deep] = self.bounds.shape();
        let Some(k) = z.checked_sub(1).filter(|&k| k < deep) else { return };
        for (y, j) in (self.bounds.low[1]..self.bounds.high[1]).enumerate() {
            let row = ((self.bounds.low[2] + k) * self.shape[1] + j) * self.shape[0] + self.bounds.low[0];
            let out = &mut inside[(y + 1) * (across + 2) + 1..][..across];
            out.iter_mut().zip(&self.voxels[row..row + across]).for_each(|(out, &voxel)| *out = u8::from(voxel == self.label));
        }
    }
}

/// One layer at work.
struct Layer<'a, T> {
    body: &'a Body<'a, T>,
    wide: usize,
    z: usize,
    /// Its lower plane's corners are made by the part before.
    is_first: bool,
    /// Corners already made: on the edges along x and y of the plane below and above, along z between them.
    below: &'a mut [[Slot; 2]],
    above: &'a mut [[Slot; 2]],
    between: &'a mut [Slot],
}

impl<T> Layer<'_, T> {
    /// The triangles of the cell at `(x, y)`, whose corners in `set` are inside.
    fn cell(&mut self, set: usize, x: usize, y: usize, part: &mut Part) {
        let case = &CASES[set];
        let cell = DVec3::new(x as f64, y as f64, self.z as f64);
        let mut corners = [u32::MAX; 16];
        for &edge in case.triangles.iter().flatten().filter(|&&edge| edge < MIDDLE) {
            if corners[edge] == u32::MAX {
                corners[edge] = self.on_edge(edge, y * self.wide + x, cell, part);
            }
        }
        for (n, line) in case.middles.iter().enumerate() {
            let sum: DVec3 = line.iter().map(|&edge| middle_of(edge)).sum();
            corners[MIDDLE + n] = self.add(cell + sum / line.len() as f64, part);
        }
        part.triangles.extend(case.triangles.iter().map(|triangle| triangle.map(|corner| corners[corner])));
    }

    /// The corner on an edge of a cell, made if it is not there yet.
    fn on_edge(&mut self, edge: usize, at: usize, cell: DVec3, part: &mut Part) -> u32 {
        let [from, _] = cases::EDGES[edge];
        let offset = at + (from & 1) + (from >> 1 & 1) * self.wide;
        let is_upper = from >> 2 == 1;
        let (plane, slot) = match edge / 4 {
            2 => (self.z as u32, &mut self.between[offset]),
            axis if is_upper => (self.z as u32 + 1, &mut self.above[offset][axis]),
            axis if self.is_first => return BEFORE + (2 * offset + axis) as u32,
            axis => (self.z as u32, &mut self.below[offset][axis]),
        };
        if slot[0] != plane {
            *slot = [plane, part.vertices.len() as u32];
            return self.add(cell + middle_of(edge), part);
        }
        slot[1]
    }

    fn add(&self, at: DVec3, part: &mut Part) -> u32 {
        let low = DVec3::from_array(self.body.bounds.low.map(|n| n as f64)) - 1.0;
        part.vertices.push(self.body.affine.transform_point3(at + low).to_array().map(|place| place as f32));
        part.vertices.len() as u32 - 1
    }
}

/// The middle of an edge in its cell.
fn middle_of(edge: usize) -> DVec3 {
    let corner = |n: usize| DVec3::new((n & 1) as f64, (n >> 1 & 1) as f64, (n >> 2) as f64);
    let [a, b] = cases::EDGES[edge];
    (corner(a) + corner(b)) / 2.0
}
