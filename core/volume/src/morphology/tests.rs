use super::*;
use crate::IndexBox;
use crate::noise::noise;

/// Small grids with sets of all kinds: empty, full, specks, mostly full.
fn cases() -> impl Iterator<Item = (Grid, Vec<bool>)> {
    (0..40u64).map(|seed| {
        let shape = [1 + seed as usize % 11, 1 + seed as usize * 5 % 9, 1 + seed as usize * 7 % 8];
        let grid = Grid::axis_aligned(shape, [0.8, 1.0, 0.5 + seed as f64 * 0.05]).expect("a grid");
        let inside = noise(grid.len(), seed, [0, 2, 5, 30, 80, 97, 100][seed as usize % 7]);
        (grid, inside)
    })
}

fn place(grid: &Grid, offset: usize) -> [usize; 3] {
    let [wide, high, _] = grid.shape();
    [offset % wide, offset / wide % high, offset / (wide * high)]
}

/// Offsets of the ball around each voxel, tried one by one. Exact: distances are compared in whole hundredths.
fn ball(grid: &Grid, middle: usize, radius_mm: f64) -> Vec<usize> {
    let (at, spacing) = (place(grid, middle), grid.spacing());
    let is_near = |&other: &usize| {
        let to = place(grid, other);
        let squared: f64 = (0..3).map(|axis| ((at[axis] as f64 - to[axis] as f64) * spacing[axis]).powi(2)).sum();
        squared <= radius_mm * radius_mm + 1e-9
    };
    (0..grid.len()).filter(is_near).collect()
}

fn count(set: &[bool]) -> usize {
    set.iter().filter(|is_inside| **is_inside).count()
}

fn is_subset(part: &[bool], whole: &[bool]) -> bool {
    part.iter().zip(whole).all(|(&part, &whole)| !part || whole)
}

#[test]
fn balls_grow_and_shrink_as_trying_every_voxel_does() {
    for (n, (grid, inside)) in cases().enumerate() {
        let radius = [0.5, 0.8, 1.0, 1.6, 2.4, 50.0][n % 6];
        let balls: Vec<Vec<usize>> = (0..grid.len()).map(|at| ball(&grid, at, radius)).collect();
        let dilate = |set: &[bool]| -> Vec<bool> { balls.iter().map(|ball| ball.iter().any(|&at| set[at])).collect() };
        let erode = |set: &[bool]| -> Vec<bool> { balls.iter().map(|ball| ball.iter().all(|&at| set[at])).collect() };
        assert_eq!(dilated(&grid, &inside, radius), dilate(&inside), "{n}");
        assert_eq!(eroded(&grid, &inside, radius), erode(&inside), "{n}");
        assert_eq!(opened(&grid, &inside, radius), dilate(&erode(&inside)), "{n}");
    }
}

#[test]
fn closing_is_that_of_an_endless_grid() {
    for (n, (grid, inside)) in cases().enumerate() {
        let radius = [0.5, 0.8, 1.0, 1.6, 2.4][n % 5];
        // The same set in the middle of a grid so large that nothing reaches its edge.
        let shape = grid.shape();
        let wide = Grid::axis_aligned(shape.map(|n| n + 14), grid.spacing()).expect("a grid");
        let middle = IndexBox { low: [7; 3], high: shape.map(|n| n + 7) };
        let mut large = vec![false; wide.len()];
        middle.rows(wide.shape()).flatten().zip(&inside).for_each(|(to, &from)| large[to] = from);
        let large = eroded(&wide, &dilated(&wide, &large, radius), radius);
        let wanted: Vec<bool> = middle.rows(wide.shape()).flatten().map(|at| large[at]).collect();
        assert_eq!(closed(&grid, &inside, radius), wanted, "{n}");
    }
}

#[test]
fn opening_takes_closing_gives_and_twice_is_once() {
    for (grid, inside) in cases() {
        let (open, close) = (opened(&grid, &inside, 1.2), closed(&grid, &inside, 1.2));
        assert!(is_subset(&open, &inside) && is_subset(&inside, &close));
        assert_eq!(opened(&grid, &open, 1.2), open);
        assert_eq!(closed(&grid, &close, 1.2), close);
        assert_eq!(dilated(&grid, &inside, 0.0), inside);
        assert_eq!(eroded(&grid, &inside, f64::NAN), inside);
    }
}

#[test]
fn a_set_at_the_edge_of_the_scan_is_not_eaten_from_there() {
    let grid = Grid::axis_aligned([5, 1, 1], [1.0; 3]).expect("a grid");
    assert_eq!(eroded(&grid, &[true, true, true, false, false], 1.0), [true, true, false, false, false]);
}

#[test]
fn shells_are_what_is_between_two_radii() {
    for (grid, inside) in cases() {
        let shell = |place| hollowed(&grid, &inside, 2.0, place);
        let (core, around) = (eroded(&grid, &inside, 2.0), dilated(&grid, &inside, 2.0));
        assert_eq!(count(&shell(Shell::Inside)), count(&inside) - count(&core));
        assert_eq!(count(&shell(Shell::Outside)), count(&around) - count(&inside));
        let (core, around) = (eroded(&grid, &inside, 1.0), dilated(&grid, &inside, 1.0));
        assert_eq!(count(&shell(Shell::Centred)), count(&around) - count(&core));
        assert!(is_subset(&shell(Shell::Inside), &inside));
    }
}

/// What is not reached from the border through faces, across all axes or all but one.
fn flooded(grid: &Grid, inside: &[bool], closed_axis: Option<usize>) -> Vec<bool> {
    let shape = grid.shape();
    let axes: Vec<usize> = (0..3).filter(|axis| Some(*axis) != closed_axis).collect();
    let mut is_free = vec![false; grid.len()];
    loop {
        let mut has_changed = false;
        for offset in 0..grid.len() {
            let at = place(grid, offset);
            let is_reached = axes.iter().any(|&axis| {
                let beside = |to: usize| is_free[grid.offset(std::array::from_fn(|other| if other == axis { to } else { at[other] }))];
                at[axis] == 0 || at[axis] + 1 == shape[axis] || beside(at[axis] - 1) || beside(at[axis] + 1)
            });
            if !inside[offset] && !is_free[offset] && is_reached {
                is_free[offset] = true;
                has_changed = true;
            }
        }
        if !has_changed {
            return is_free.iter().map(|is_free| !is_free).collect();
        }
    }
}

#[test]
fn holes_are_what_no_flood_from_the_border_reaches() {
    for (grid, inside) in cases() {
        assert_eq!(holes_filled(&grid, &inside), flooded(&grid, &inside, None));
        for axis in 0..3 {
            assert_eq!(holes_filled_in_slices(&grid, &inside, axis), flooded(&grid, &inside, Some(axis)), "{axis}");
        }
    }
}

/// The sum over a box of weights, beyond the grid its outermost voxels.
fn weighted(grid: &Grid, inside: &[bool], reach: [usize; 3], weight: impl Fn([isize; 3]) -> f64) -> Vec<f64> {
    let shape = grid.shape();
    let around = |axis: usize| -(reach[axis] as isize)..=reach[axis] as isize;
    let sum_at = |offset: usize| {
        let at = place(grid, offset);
        let mut sum = 0.0;
        for z in around(2) {
            for y in around(1) {
                for x in around(0) {
                    let to = std::array::from_fn(|axis| (at[axis] as isize + [x, y, z][axis]).clamp(0, shape[axis] as isize - 1) as usize);
                    sum += if inside[grid.offset(to)] { weight([x, y, z]) } else { 0.0 };
                }
            }
        }
        sum
    };
    (0..grid.len()).map(sum_at).collect()
}

#[test]
fn the_median_is_the_majority_of_the_box() {
    for (n, (grid, inside)) in cases().enumerate() {
        let reach = [n % 3, n / 2 % 3, n / 3 % 2];
        let half = reach.iter().map(|n| 2 * n + 1).product::<usize>() as f64 / 2.0;
        let wanted: Vec<bool> = weighted(&grid, &inside, reach, |_| 1.0).iter().map(|&sum| sum > half).collect();
        assert_eq!(median_smoothed_voxels(&grid, &inside, reach), wanted, "{n}");
    }
    let (grid, inside) = cases().nth(4).expect("a case");
    let reach = grid.spacing().map(|step| (1.0 / step).round() as usize);
    assert_eq!(median_smoothed(&grid, &inside, 1.0), median_smoothed_voxels(&grid, &inside, reach));
    // More voxels than sixteen bits count.
    let full = vec![true; grid.len()];
    assert_eq!(median_smoothed_voxels(&grid, &full, [200; 3]), full);
}

#[test]
fn the_gaussian_is_cut_at_one_half() {
    for (n, (grid, inside)) in cases().enumerate() {
        let sigma = [0.4, 0.7, 1.1][n % 3];
        let reach: [usize; 3] = std::array::from_fn(|axis| ((3.0 * sigma / grid.spacing()[axis]).ceil() as usize).min(grid.shape()[axis]));
        let bell =
            |at: [isize; 3]| (0..3).map(|axis| (-0.5 * (at[axis] as f64 * grid.spacing()[axis] / sigma).powi(2)).exp()).product::<f64>();
        let total = weighted(&grid, &vec![true; grid.len()], reach, bell);
        let found = gaussian_smoothed(&grid, &inside, sigma);
        for (offset, sum) in weighted(&grid, &inside, reach, bell).iter().enumerate() {
            let share = sum / total[offset];
            assert!((share - 0.5).abs() < 1e-5 || found[offset] == (share > 0.5), "{n}: {share}");
        }
    }
}

#[test]
fn a_flat_border_stays_under_smoothing() {
    let grid = Grid::axis_aligned([12, 12, 12], [1.0, 1.0, 2.0]).expect("a grid");
    let half: Vec<bool> = (0..grid.len()).map(|offset| place(&grid, offset)[1] < 5).collect();
    assert_eq!(gaussian_smoothed(&grid, &half, 1.5), half);
    assert_eq!(median_smoothed(&grid, &half, 2.0), half);
}
