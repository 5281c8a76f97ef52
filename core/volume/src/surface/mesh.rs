use glam::DVec3;
use rayon::prelude::*;

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
        let neighbours = self.neighbours();
        let mut at: Vec<DVec3> = self.vertices.iter().map(|v| DVec3::from_array(v.map(f64::from))).collect();
        for _ in 0..rounds {
            for factor in [0.5, -0.53] {
                let moved = |(n, &place): (usize, &DVec3)| {
                    let around = neighbours.of(n);
                    if around.is_empty() {
                        return place;
                    }
                    let sum: DVec3 = around.iter().map(|&neighbour| at[neighbour as usize]).sum();
                    place + (sum / around.len() as f64 - place) * factor
                };
                at = at.par_iter().enumerate().with_min_len(1 << 12).map(moved).collect();
            }
        }
        Self { vertices: at.iter().map(|v| v.to_array().map(|part| part as f32)).collect(), triangles: self.triangles.clone() }
    }

    /// For each corner those that its triangles lead to next: each edge is in two triangles, once in either direction, so all around it once.
    fn neighbours(&self) -> Neighbours {
        let is_corner = |n: &u32| (*n as usize) < self.vertices.len();
        let edges = || {
            let of_triangle = |&[a, b, c]: &[u32; 3]| [[a, b], [b, c], [c, a]];
            self.triangles.iter().flat_map(of_triangle).filter(|edge| edge.iter().all(is_corner))
        };
        let mut first = vec![0u32; self.vertices.len() + 1];
        edges().for_each(|[from, _]| first[from as usize + 1] += 1);
        (1..first.len()).for_each(|n| first[n] += first[n - 1]);
        let mut list = vec![0u32; edges().count()];
        let mut free = first.clone();
        for [from, to] in edges() {
            list[free[from as usize] as usize] = to;
            free[from as usize] += 1;
        }
        Neighbours { first, list }
    }
}

/// Neighbours of all corners, one corner's after the other's.
struct Neighbours {
    first: Vec<u32>,
    list: Vec<u32>,
}

impl Neighbours {
    fn of(&self, corner: usize) -> &[u32] {
        &self.list[self.first[corner] as usize..self.first[corner + 1] as usize]
    }
}
