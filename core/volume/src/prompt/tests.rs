use super::*;
use crate::glam::{DAffine3, DMat3, DVec3};

fn noise(count: usize, seed: u64, below: u64) -> Vec<u32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        ((state >> 33) % below) as u32
    };
    (0..count).map(|_| next()).collect()
}

/// A bright ball in darkness, with noise.
fn ball(grid: &Grid, middle: [f64; 3], radius_mm: f64, seed: u64) -> (Vec<f32>, Vec<bool>) {
    let (shape, spacing) = (grid.shape(), grid.spacing());
    let place = |n: usize| [n % shape[0], n / shape[0] % shape[1], n / shape[0] / shape[1]];
    let mm = |n: usize| (0..3).map(|a| ((place(n)[a] as f64 - middle[a]) * spacing[a]).powi(2)).sum::<f64>().sqrt();
    let truth: Vec<bool> = (0..grid.len()).map(|n| mm(n) <= radius_mm).collect();
    let values =
        noise(grid.len(), seed, 31).into_iter().zip(&truth).map(|(noise, &is_in)| noise as f32 - 15.0 + if is_in { 100.0 } else { 0.0 });
    (values.collect(), truth)
}

fn dice(a: &[bool], b: &[bool]) -> f64 {
    let count = |set: &[bool]| set.iter().filter(|v| **v).count();
    2.0 * a.iter().zip(b).filter(|(a, b)| **a && **b).count() as f64 / (count(a) + count(b)) as f64
}

#[test]
fn one_click_finds_a_body_that_differs_from_its_surroundings() {
    for spacing in [[1.0; 3], [0.8, 0.8, 2.5]] {
        let grid = Grid::axis_aligned([32, 30, 20], spacing).expect("a grid");
        let (values, truth) = ball(&grid, [15.0, 14.0, 9.0], 7.0, 3);
        let seeds = Seeds { object: vec![grid.offset([15, 14, 9])], ..Seeds::default() };
        let found = segment(&grid, &values, &seeds, &|| false).expect("not cancelled");
        assert!(dice(&found, &truth) > 0.93, "{}", dice(&found, &truth));
    }
}

#[test]
fn a_click_that_says_no_takes_away_more_than_its_own_voxel() {
    let grid = Grid::axis_aligned([30, 24, 24], [1.0; 3]).expect("a grid");
    let (values, truth) = ball(&grid, [14.0, 12.0, 12.0], 8.0, 4);
    let object = vec![grid.offset([11, 12, 12])];
    let one = segment(&grid, &values, &Seeds { object: object.clone(), ..Seeds::default() }, &|| false).expect("not cancelled");
    let seeds = Seeds { object, other: vec![grid.offset([18, 12, 12])], walls: vec![] };
    let two = segment(&grid, &values, &seeds, &|| false).expect("not cancelled");
    let count = |found: &[bool]| found.iter().zip(&truth).filter(|(f, t)| **f && **t).count();
    assert!(count(&one) > count(&two) + 6 && two[grid.offset([11, 12, 12])], "{} {}", count(&one), count(&two));
}

#[test]
fn seeds_are_obeyed_whatever_the_scan_shows() {
    for seed in 0..60 {
        let shape = [3 + seed as usize % 9, 2 + seed as usize * 5 % 7, 1 + seed as usize * 3 % 6];
        let grid = Grid::axis_aligned(shape, [0.7, 1.3, 2.0]).expect("a grid");
        let values: Vec<f32> = noise(grid.len(), seed + 1, 200).iter().map(|&v| v as f32).collect();
        let places: Vec<usize> = noise(9, seed + 100, grid.len() as u64).iter().map(|&v| v as usize).collect();
        let seeds = Seeds { object: places[..3].to_vec(), other: places[3..6].to_vec(), walls: places[6..].to_vec() };
        let found = segment(&grid, &values, &seeds, &|| false).expect("not cancelled");
        assert!(seeds.object.iter().all(|&n| found[n]), "{seed}");
        assert!(seeds.other.iter().chain(&seeds.walls).filter(|n| !seeds.object.contains(n)).all(|&n| !found[n]), "{seed}");
    }
}

#[test]
fn nothing_shown_is_nothing_found_and_who_cancels_gets_no_answer() {
    let grid = Grid::axis_aligned([20, 20, 20], [1.0; 3]).expect("a grid");
    let (values, _) = ball(&grid, [9.0; 3], 5.0, 1);
    assert_eq!(segment(&grid, &values, &Seeds::default(), &|| false), Some(vec![false; grid.len()]));
    let seeds = Seeds { object: vec![grid.offset([9; 3])], ..Seeds::default() };
    assert_eq!(segment(&grid, &values, &seeds, &|| true), None);
}

/// Ways against relaxing all steps until nothing changes (Bellman and Ford).
#[test]
fn ways_are_the_cheapest_of_all() {
    for seed in 1..12u64 {
        let shape = [5, 4, 3 + seed as usize % 3];
        let grid = Grid::axis_aligned(shape, [1.0, 1.5, 0.5 + seed as f64 * 0.4]).expect("a grid");
        let levels: Vec<u8> = noise(grid.len(), seed, 251).iter().map(|&v| v as u8).collect();
        let finest = grid.spacing().iter().copied().fold(f64::INFINITY, f64::min);
        let place = |n: usize| [n % shape[0], n / shape[0] % shape[1], n / shape[0] / shape[1]];
        let cost = |a: usize, b: usize| -> Option<u64> {
            let by: [usize; 3] = std::array::from_fn(|axis| place(a)[axis].abs_diff(place(b)[axis]));
            let moved = by.iter().filter(|v| **v != 0).count();
            if by.iter().any(|v| *v > 1) || !(1..=2).contains(&moved) {
                return None;
            }
            let mm = (0..3).map(|axis| (by[axis] as f64 * grid.spacing()[axis]).powi(2)).sum::<f64>().sqrt();
            let (x, y) = (u64::from(levels[a]), u64::from(levels[b]));
            Some((mm / finest * 16.0).round() as u64 * (25 + 250 - (x + y) / 2 + 10 * x.abs_diff(y)) / 16)
        };
        let seeds = [0, grid.len() / 2];
        let mut wanted = vec![u64::MAX; grid.len()];
        seeds.iter().for_each(|&n| wanted[n] = 0);
        loop {
            let before = wanted.clone();
            for a in 0..grid.len() {
                for b in 0..grid.len() {
                    if let Some(cost) = cost(a, b).filter(|_| wanted[a] < u64::MAX) {
                        wanted[b] = wanted[b].min(wanted[a] + cost);
                    }
                }
            }
            if before == wanted {
                break;
            }
        }
        let found = ways(&Steps::new(&grid), &levels, &seeds, Cost::OfObject, &|| false).expect("not cancelled");
        assert!(found.iter().zip(&wanted).all(|(&found, &wanted)| u64::from(found) == wanted), "{seed}");
    }
}

/// The same body in the patient, stored in each of the 48 orders of axes.
#[test]
fn the_order_of_the_axes_does_not_matter() {
    let old = Grid::axis_aligned([14, 12, 10], [1.0, 1.0, 2.0]).expect("a grid");
    let (values, _) = ball(&old, [6.0, 5.0, 4.0], 5.0, 9);
    let (object, other) = (old.offset([6, 5, 4]), old.offset([12, 10, 8]));
    let wanted = segment(&old, &values, &Seeds { object: vec![object], other: vec![other], walls: vec![] }, &|| false).expect("found");
    assert!(wanted.iter().filter(|v| **v).count() > 150);
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for signs in 0..8u8 {
            let shape = order.map(|axis| old.shape()[axis]);
            let m = old.ras_from_voxel().matrix3;
            let column = |a: usize| if signs >> a & 1 == 1 { -m.col(order[a]) } else { m.col(order[a]) };
            let affine = DAffine3 { matrix3: DMat3::from_cols(column(0), column(1), column(2)), translation: DVec3::ZERO };
            let grid = Grid::new(shape, affine).expect("a grid");
            let was: Vec<usize> = (0..grid.len())
                .map(|n| {
                    let place = [n % shape[0], n / shape[0] % shape[1], n / shape[0] / shape[1]];
                    let mut from = [0; 3];
                    (0..3).for_each(|a| from[order[a]] = if signs >> a & 1 == 1 { shape[a] - 1 - place[a] } else { place[a] });
                    old.offset(from)
                })
                .collect();
            let at = |sought: usize| vec![was.iter().position(|&n| n == sought).expect("there")];
            let seeds = Seeds { object: at(object), other: at(other), walls: vec![] };
            let moved: Vec<f32> = was.iter().map(|&n| values[n]).collect();
            let found = segment(&grid, &moved, &seeds, &|| false).expect("found");
            assert!(found.iter().zip(&was).all(|(&found, &n)| found == wanted[n]), "{order:?} {signs}");
        }
    }
}

#[test]
fn a_drawn_slice_follows_a_body_and_ends_where_it_ends() {
    let grid = Grid::axis_aligned([40, 40, 24], [1.0, 1.0, 1.0]).expect("a grid");
    // A cone that moves sideways as it rises, and ends at slice 18.
    let place = |n: usize| [n % 40, n / 40 % 40, n / 1600].map(|v| v as f64);
    let is_in = |[x, y, z]: [f64; 3]| z <= 18.0 && (x - 14.0 - 0.6 * z).hypot(y - 20.0) <= 10.0 - 0.2 * z;
    let truth: Vec<bool> = (0..grid.len()).map(|n| is_in(place(n))).collect();
    let values: Vec<f32> = noise(grid.len(), 7, 31).iter().zip(&truth).map(|(&n, &t)| n as f32 + if t { 80.0 } else { 0.0 }).collect();
    for axis in [2usize] {
        let slice = |n: usize| truth[n * 1600..(n + 1) * 1600].to_vec();
        let carry = |count: usize, is_upwards: bool| {
            let inside = slice(5);
            carry_slice(&grid, &values, &Carry { inside: &inside, axis, from: 5, count, is_upwards }, &|| false).expect("not cancelled")
        };
        let up = carry(18, true);
        assert_eq!((up.slices.len(), up.ending), (13, Ending::Evidence));
        for (n, found) in up.slices.iter().enumerate() {
            assert!(dice(found, &slice(6 + n)) > 0.95, "slice {}: {}", 6 + n, dice(found, &slice(6 + n)));
        }
        assert!(dice(&slice(5), &slice(18)) < 0.75, "a copy would not do");
        let down = carry(9, false);
        assert_eq!((down.slices.len(), down.ending), (5, Ending::Edge));
        assert_eq!(carry(3, true), Carried { slices: up.slices[..3].to_vec(), ending: Ending::Complete });
    }
    let empty = vec![false; 1600];
    let none = carry_slice(&grid, &values, &Carry { inside: &empty, axis: 2, from: 5, count: 2, is_upwards: true }, &|| false);
    assert_eq!(none, Some(Carried { slices: vec![], ending: Ending::Evidence }));
}
