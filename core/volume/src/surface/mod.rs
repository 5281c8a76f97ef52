//! The surface of a label as triangles.

mod cases;

use std::sync::LazyLock;

use glam::DVec3;

use crate::{IndexBox, LabelMap};

/// Triangles in the patient.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mesh {
    /// Corners in RAS+ millimetres.
    pub vertices: Vec<[f32; 3]>,
    /// Three corners each, anticlockwise as seen from outside.
    pub triangles: Vec<[u32; 3]>,
}

impl Mesh {
    /// Rounds of [`Mesh::smoothed`] after which the steps of voxels are hardly seen and volumes stay.
    pub const USUAL_ROUNDS: usize = 10;

    /// The volume inside in mm³; negative if the triangles face inwards.
    #[must_use]
    pub fn signed_volume_mm3(&self) -> f64 {
        // Around the first corner, not the origin: far from it digits would be lost.
        let Some(&first) = self.vertices.first() else { return 0.0 };
        let first = DVec3::from_array(first.map(f64::from));
        let corner = |n: u32| self.vertices.get(n as usize).map_or(DVec3::ZERO, |v| DVec3::from_array(v.map(f64::from)) - first);
        self.triangles.iter().map(|&[a, b, c]| corner(a).dot(corner(b).cross(corner(c))) / 6.0).sum()
    }

    /// The same surface with its steps evened out: `rounds` times two passes over all corners, the second giving back the volume that the
    /// first took (Taubin 1995, λ = 0.5, μ = −0.53). Which corners form triangles does not change.
    #[must_use]
    pub fn smoothed(&self, rounds: usize) -> Self {
        let mut at: Vec<DVec3> = self.vertices.iter().map(|v| DVec3::from_array(v.map(f64::from))).collect();
        for _ in 0..rounds {
            for factor in [0.5, -0.53] {
                let mut sums = vec![(DVec3::ZERO, 0u32); at.len()];
                for triangle in &self.triangles {
                    for n in 0..3 {
                        // Each edge is in two triangles, once in either direction.
                        let (from, to) = (triangle[n] as usize, triangle[(n + 1) % 3] as usize);
                        if let (Some(sum), Some(&neighbour)) = (sums.get_mut(from), at.get(to)) {
                            *sum = (sum.0 + neighbour, sum.1 + 1);
                        }
                    }
                }
                for (place, (sum, count)) in at.iter_mut().zip(sums).filter(|(_, (_, count))| *count > 0) {
                    *place += (sum / f64::from(count) - *place) * factor;
                }
            }
        }
        Self { vertices: at.iter().map(|v| v.to_array().map(|part| part as f32)).collect(), triangles: self.triangles.clone() }
    }
}

/// For each set of inside corners the triangles, corners by edge; [`MIDDLE`] + n is the middle of the `n`th line.
struct Case {
    triangles: Vec<[usize; 3]>,
    /// Lines that need a corner in their middle.
    middles: Vec<Vec<usize>>,
}

const MIDDLE: usize = 12;
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| cases::all().iter().map(|lines| case(lines)).collect());

/// Closed lines as triangles: a fan from a corner whose spokes lie on no face of the cell, else one from a new corner in the middle. So no
/// spoke is one of a neighbour's, too, and each edge belongs to two triangles.
fn case(lines: &[Vec<usize>]) -> Case {
    let mut case = Case { triangles: Vec::new(), middles: Vec::new() };
    for line in lines {
        let count = line.len();
        let is_good = |from: &usize| (2..count - 1).all(|n| !cases::share_a_face(line[*from], line[(from + n) % count]));
        match (0..count).find(is_good) {
            Some(from) => (1..count - 1).for_each(|n| {
                case.triangles.push([line[from], line[(from + n) % count], line[(from + n + 1) % count]]);
            }),
            None => {
                let middle = MIDDLE + case.middles.len();
                case.middles.push(line.clone());
                (0..count).for_each(|n| case.triangles.push([middle, line[n], line[(n + 1) % count]]));
            }
        }
    }
    case
}

/// The surface of a label, halfway between its voxels' centres and their neighbours': closed, every edge in exactly two triangles, facing
/// outwards in the patient whether the grid is right- or left-handed. Voxels that touch only by an edge or a corner stay apart. Empty
/// where the label is nowhere.
#[must_use]
pub fn surface(mask: &LabelMap, label: u16) -> Mesh {
    let mut mesh = Mesh::default();
    let Some(bounds) = bounds_of(mask, label) else { return mesh };
    let affine = mask.grid().ras_from_voxel();
    let is_left_handed = affine.matrix3.determinant() < 0.0;
    // A rim of outside all around: plane (x, y, z) is voxel (x, y, z) + low − 1.
    let [wide, high, deep] = bounds.shape().map(|side| side + 2);
    let low = DVec3::from_array(bounds.low.map(|n| n as f64)) - 1.0;
    let place = |at: DVec3| affine.transform_point3(at + low).to_array().map(|part| part as f32);
    let cells = wide * high;
    // Corners of triangles already made: on the edges along x and y of the plane below and above, along z between them.
    let mut below = vec![[u32::MAX; 2]; cells];
    let mut above = below.clone();
    let mut between = vec![u32::MAX; cells];
    let mut inside = [vec![false; cells], vec![false; cells]];
    for z in 0..deep - 1 {
        plane(mask, label, &bounds, z + 1, &mut inside[1]);
        above.fill([u32::MAX; 2]);
        between.fill(u32::MAX);
        for y in 0..high - 1 {
            for x in 0..wide - 1 {
                let at = y * wide + x;
                let corner = |n: usize| inside[n >> 2][at + (n & 1) + (n >> 1 & 1) * wide];
                let set = (0..8).fold(0, |set, n| set | usize::from(corner(n)) << n);
                if set == 0 || set == 255 {
                    continue;
                }
                let case = &CASES[set];
                let mut corners = [u32::MAX; 16];
                let cell = DVec3::new(x as f64, y as f64, z as f64);
                let mut of_edge = |edge: usize, mesh: &mut Mesh| {
                    let [from, _] = cases::EDGES[edge];
                    let offset = at + (from & 1) + (from >> 1 & 1) * wide;
                    let slot = match edge / 4 {
                        2 => &mut between[offset],
                        axis if from >> 2 == 1 => &mut above[offset][axis],
                        axis => &mut below[offset][axis],
                    };
                    if *slot == u32::MAX {
                        *slot = mesh.vertices.len() as u32;
                        mesh.vertices.push(place(cell + middle_of(edge)));
                    }
                    *slot
                };
                for &edge in case.triangles.iter().flatten().filter(|&&edge| edge < MIDDLE) {
                    corners[edge] = of_edge(edge, &mut mesh);
                }
                for (n, line) in case.middles.iter().enumerate() {
                    corners[MIDDLE + n] = mesh.vertices.len() as u32;
                    let sum: DVec3 = line.iter().map(|&edge| middle_of(edge)).sum();
                    mesh.vertices.push(place(cell + sum / line.len() as f64));
                }
                for &[a, b, c] in &case.triangles {
                    let [a, b, c] = [corners[a], corners[b], corners[c]];
                    mesh.triangles.push(if is_left_handed { [a, c, b] } else { [a, b, c] });
                }
            }
        }
        std::mem::swap(&mut below, &mut above);
        inside.swap(0, 1);
    }
    mesh
}

/// The middle of an edge in its cell.
fn middle_of(edge: usize) -> DVec3 {
    let corner = |n: usize| DVec3::new((n & 1) as f64, (n >> 1 & 1) as f64, (n >> 2) as f64);
    let [a, b] = cases::EDGES[edge];
    (corner(a) + corner(b)) / 2.0
}

/// Which voxels of plane `z`, rim included, have the label.
fn plane(mask: &LabelMap, label: u16, bounds: &IndexBox, z: usize, inside: &mut [bool]) {
    inside.fill(false);
    let [across, _, deep] = bounds.shape();
    let Some(k) = z.checked_sub(1).filter(|&k| k < deep) else { return };
    for (y, j) in (bounds.low[1]..bounds.high[1]).enumerate() {
        let row = mask.grid().offset([bounds.low[0], j, bounds.low[2] + k]);
        let out = (y + 1) * (across + 2) + 1;
        for n in 0..across {
            inside[out + n] = mask.at(row + n) == label;
        }
    }
}

fn bounds_of(mask: &LabelMap, label: u16) -> Option<IndexBox> {
    let shape = mask.grid().shape();
    let mut bounds = IndexBox { low: shape, high: [0; 3] };
    for k in 0..shape[2] {
        for j in 0..shape[1] {
            let row = mask.grid().offset([0, j, k]);
            let is_label = |i: &usize| mask.at(row + i) == label;
            if let Some(first) = (0..shape[0]).find(is_label) {
                let last = (first..shape[0]).rev().find(is_label).unwrap_or(first);
                bounds = bounds.including([first, j, k]).including([last, j, k]);
            }
        }
    }
    (!bounds.is_empty()).then_some(bounds)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use glam::{DAffine3, DQuat};

    use super::*;
    use crate::{Grid, LabelVoxels};

    /// Each directed edge once, and its opposite once: closed, consistently turned, two triangles an edge.
    fn require_closed(mesh: &Mesh) {
        let mut seen: HashMap<[u32; 2], u32> = HashMap::new();
        for &[a, b, c] in &mesh.triangles {
            assert!(a != b && b != c && c != a);
            [[a, b], [b, c], [c, a]].into_iter().for_each(|edge| *seen.entry(edge).or_default() += 1);
        }
        for (&[a, b], &count) in &seen {
            assert_eq!(count, 1, "an edge twice in the same direction");
            assert!(seen.contains_key(&[b, a]), "an edge with one triangle");
        }
        let used: std::collections::BTreeSet<u32> = mesh.triangles.iter().flatten().copied().collect();
        assert_eq!(used.len(), mesh.vertices.len(), "a corner without a triangle");
        require_fans(mesh);
    }

    /// Around each corner the triangles form one ring: no two sheets meet in a point.
    fn require_fans(mesh: &Mesh) {
        let mut after: HashMap<u32, HashMap<u32, u32>> = HashMap::new();
        for &[a, b, c] in &mesh.triangles {
            for [at, from, to] in [[a, b, c], [b, c, a], [c, a, b]] {
                after.entry(at).or_default().insert(from, to);
            }
        }
        for ring in after.values() {
            let start = *ring.keys().next().expect("a triangle");
            let (mut at, mut steps) = (ring[&start], 1);
            while at != start {
                at = ring[&at];
                steps += 1;
            }
            assert_eq!(steps, ring.len());
        }
    }

    fn noise(shape: [usize; 3], seed: u64, percent: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        (0..shape.iter().product())
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                u8::from((state >> 33) % 100 < percent)
            })
            .collect()
    }

    fn grid(shape: [usize; 3], handedness: f64) -> Grid {
        let turn = DQuat::from_euler(glam::EulerRot::XYZ, 0.4, -0.3, 1.1);
        let size = DVec3::new(0.8, 1.5 * handedness, 2.5);
        Grid::new(shape, DAffine3::from_scale_rotation_translation(size, turn, DVec3::new(-120.0, 33.0, 800.0))).expect("a grid")
    }

    #[test]
    fn the_surface_of_noise_is_a_closed_manifold_that_faces_outwards() {
        for seed in 0..60 {
            let shape = [2 + seed as usize % 7, 1 + seed as usize % 5, 3 + seed as usize % 4];
            let grid = grid(shape, if seed % 2 == 0 { 1.0 } else { -1.0 });
            let voxels = noise(shape, seed + 1, 10 + seed % 80);
            let mask = LabelMap::new(grid, LabelVoxels::U8(voxels)).expect("fits");
            let mesh = surface(&mask, 1);
            require_closed(&mesh);
            assert!(mesh.triangles.is_empty() || mesh.signed_volume_mm3() > 0.0);
        }
    }

    #[test]
    fn every_way_through_a_cell_closes() {
        let grid = grid([2, 2, 2], 1.0);
        for set in 1..256u32 {
            let voxels = (0..8).map(|n| (set >> n & 1) as u8).collect();
            let mesh = surface(&LabelMap::new(grid, LabelVoxels::U8(voxels)).expect("fits"), 1);
            require_closed(&mesh);
            assert!(mesh.signed_volume_mm3() > 0.0, "{set}");
        }
    }

    #[test]
    fn volume_and_place_are_those_of_the_voxels() {
        let shape = [40, 36, 20];
        for handedness in [1.0, -1.0] {
            let grid = grid(shape, handedness);
            let mut mask = LabelMap::empty(grid);
            let middle = DVec3::new(20.0, 18.0, 10.0);
            for offset in 0..grid.len() {
                let at = DVec3::new((offset % 40) as f64, (offset / 40 % 36) as f64, (offset / 1440) as f64);
                if ((at - middle) / DVec3::new(17.0, 15.0, 8.0)).length() <= 1.0 {
                    mask.set(offset, 5);
                }
            }
            let mesh = surface(&mask, 5);
            require_closed(&mesh);
            let wanted = mask.counts()[&5] as f64 * grid.voxel_volume_ml() * 1000.0;
            let ratio = mesh.signed_volume_mm3() / wanted;
            assert!((0.97..1.0).contains(&ratio), "{ratio}");
            // Every corner lies halfway between a voxel of the body and one that is none.
            for &[x, y, z] in &mesh.vertices {
                let at = grid.continuous_index_of(crate::Ras(DVec3::new(f64::from(x), f64::from(y), f64::from(z))));
                let from_whole = (at - at.round()).abs();
                assert!((from_whole.max_element() - 0.5).abs() < 1e-3, "{at}");
            }
            let even = mesh.smoothed(10);
            require_closed(&even);
            let ratio = even.signed_volume_mm3() / wanted;
            assert!((0.96..1.01).contains(&ratio), "smoothed {ratio}");
        }
    }

    #[test]
    fn one_voxel_is_an_octahedron_and_no_voxel_is_nothing() {
        let mut mask = LabelMap::empty(Grid::axis_aligned([1, 1, 1], [2.0, 4.0, 6.0]).expect("a grid"));
        assert_eq!(surface(&mask, 1), Mesh::default());
        mask.set(0, 1);
        let mesh = surface(&mask, 1);
        assert_eq!((mesh.vertices.len(), mesh.triangles.len()), (6, 8));
        assert!((mesh.signed_volume_mm3() - 2.0 * 4.0 * 6.0 / 6.0).abs() < 1e-5);
        assert!(mesh.vertices.contains(&[1.0, 0.0, 0.0]) && mesh.vertices.contains(&[0.0, 0.0, -3.0]));
    }
}
