use std::collections::HashMap;

use glam::{DAffine3, DQuat, DVec3};

use super::*;
use crate::Grid;
use crate::noise::noise;

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

fn speckled(shape: [usize; 3], seed: u64, percent: u64) -> LabelVoxels {
    LabelVoxels::U8(noise(shape.iter().product(), seed, percent).into_iter().map(u8::from).collect())
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
        let voxels = speckled(shape, seed + 1, 10 + seed % 80);
        let mask = LabelMap::new(grid, voxels).expect("fits");
        let mesh = surface(&mask, 1);
        require_closed(&mesh);
        assert!(mesh.triangles.is_empty() || mesh.signed_volume_mm3() > 0.0);
    }
}

#[test]
fn the_number_of_threads_does_not_change_the_surface() {
    let shape = [9, 8, 21];
    let mask = LabelMap::new(grid(shape, 1.0), speckled(shape, 5, 45)).expect("fits");
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| surface(&mask, 1))
    };
    let one = with(1);
    require_closed(&one);
    assert!([2, 3, 7].iter().all(|&threads| with(threads) == one));
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
