use super::*;

fn grid() -> Grid {
    Grid::axis_aligned([9, 7, 5], [1.0, 2.0, 3.0]).expect("a grid")
}

#[test]
fn maps_have_their_values_by_the_distance_in_mm() {
    let grid = grid();
    let marks = [grid.offset([4, 3, 2])];
    let at = |map: &[f32], voxel| f64::from(map[grid.offset(voxel)]);
    let gaussian = guidance_map(&grid, &marks, Encoding::Gaussian { sigma_mm: 2.0 });
    assert_eq!(at(&gaussian, [4, 3, 2]), 1.0);
    assert!((at(&gaussian, [6, 3, 2]) - (-0.5f64).exp()).abs() < 1e-6 && (at(&gaussian, [4, 4, 2]) - (-0.5f64).exp()).abs() < 1e-6);
    let ball = guidance_map(&grid, &marks, Encoding::Ball { radius_mm: 3.0 });
    assert_eq!([[7, 3, 2], [8, 3, 2], [4, 3, 3], [5, 3, 3]].map(|voxel| at(&ball, voxel)), [1.0, 0.0, 1.0, 0.0]);
    let distance = guidance_map(&grid, &marks, Encoding::Distance { reach_mm: 4.0 });
    assert_eq!([[4, 3, 2], [4, 4, 2], [8, 3, 2], [4, 3, 4]].map(|voxel| at(&distance, voxel)), [1.0, 0.5, 0.0, 0.0]);
    assert!(guidance_map(&grid, &[], Encoding::Gaussian { sigma_mm: 2.0 }).iter().all(|&v| v == 0.0));
    let boxed = box_map(&grid, &IndexBox { low: [7, 1, 1], high: [12, 3, 2] });
    assert_eq!(boxed.iter().sum::<f32>(), 4.0);
}

#[test]
fn ways_are_distances_where_nothing_changes_and_end_at_edges() {
    let grid = Grid::axis_aligned([12, 3, 3], [1.0; 3]).expect("a grid");
    let mark = [grid.offset([1, 1, 1])];
    let geodesic = Geodesic { window: [0.0, 100.0], reach_mm: 5.0 };
    let map = |values: &[f32]| geodesic_map(&grid, values, &mark, &geodesic, &|| false).expect("not cancelled");
    let flat = map(&vec![40.0; grid.len()]);
    for i in 1..12 {
        let wanted = (-(i as f64 - 1.0) / 5.0).exp();
        assert!((f64::from(flat[grid.offset([i, 1, 1])]) - wanted).abs() < 1e-6);
    }
    let step: Vec<f32> = (0..grid.len()).map(|n| if n % 12 < 6 { 0.0 } else { 100.0 }).collect();
    let step = map(&step);
    assert!(step[grid.offset([5, 1, 1])] > 0.4 && step[grid.offset([6, 1, 1])] < 1e-6);
    assert_eq!(geodesic_map(&grid, &vec![0.0; grid.len()], &[], &geodesic, &|| false).expect("not cancelled"), vec![0.0; grid.len()]);
}

/// A set of the voxels of some boxes.
fn boxes(grid: &Grid, boxes: &[([usize; 3], [usize; 3])]) -> Vec<bool> {
    let mut set = vec![false; grid.len()];
    boxes.iter().for_each(|&(low, high)| IndexBox { low, high }.rows(grid.shape()).flatten().for_each(|n| set[n] = true));
    set
}

#[test]
fn the_middle_of_the_largest_error_is_clicked() {
    let grid = Grid::axis_aligned([20, 20, 20], [1.0; 3]).expect("a grid");
    let truth = boxes(&grid, &[([2; 3], [9; 3]), ([12; 3], [15; 3])]);
    let next = |found: &[bool]| next_click(&grid, &truth, found, &ClickHabits::default(), 0);
    let click = |voxel, is_object| Some(SimulatedClick { offset: grid.offset(voxel), is_object });
    assert_eq!(next(&vec![false; grid.len()]), click([5; 3], true));
    assert_eq!(next(&boxes(&grid, &[([2; 3], [9; 3])])), click([13; 3], true));
    let too_much = boxes(&grid, &[([2; 3], [9; 3]), ([11; 3], [18; 3])]);
    assert!(next(&too_much).is_some_and(|click| !click.is_object && too_much[click.offset] && !truth[click.offset]));
    assert_eq!(next(&truth), None);
    let all = vec![true; grid.len()];
    assert!(next_click(&grid, &all, &vec![false; grid.len()], &ClickHabits::default(), 0).is_some_and(|click| click.is_object));
}

#[test]
fn chance_moves_clicks_within_errors_and_to_others_but_never_out() {
    let grid = Grid::axis_aligned([20, 20, 20], [1.0, 1.0, 2.0]).expect("a grid");
    let truth = boxes(&grid, &[([2; 3], [9; 3]), ([12; 3], [16; 3])]);
    let found = boxes(&grid, &[([14, 2, 2], [18, 5, 5])]);
    let habits = ClickHabits { jitter: 0.5, least_voxels: 1, other_error: 0.5 };
    let clicks: Vec<SimulatedClick> = (0..200).filter_map(|seed| next_click(&grid, &truth, &found, &habits, seed)).collect();
    assert_eq!(clicks.len(), 200);
    assert!(clicks.iter().all(|click| truth[click.offset] == click.is_object && found[click.offset] != click.is_object));
    let distinct: std::collections::HashSet<_> = clicks.iter().collect();
    assert!(distinct.len() > 20 && clicks.iter().any(|click| !click.is_object) && clicks.iter().any(|click| click.offset > grid.len() / 2));
    assert_eq!(clicks[7], next_click(&grid, &truth, &found, &habits, 7).expect("the same"));
    let only_largest = ClickHabits { other_error: 0.0, ..habits };
    let inner = boxes(&grid, &[([3, 3, 2], [8, 8, 9])]);
    assert!((0..50).all(|seed| next_click(&grid, &truth, &found, &only_largest, seed).is_some_and(|click| inner[click.offset])));
}
