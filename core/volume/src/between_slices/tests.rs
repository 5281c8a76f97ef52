use super::*;

const SHAPE: [usize; 3] = [48, 40, 12];

fn grid() -> Grid {
    Grid::axis_aligned(SHAPE, [0.8, 1.0, 3.0]).expect("a grid")
}

type Disc = (f64, f64, f64);

/// Discs `(x, y, radius)` in voxels on slices.
fn drawn(slices: &[(usize, &[Disc])]) -> Vec<bool> {
    let mut inside = vec![false; SHAPE.iter().product()];
    for &(k, discs) in slices {
        for offset in 0..SHAPE[0] * SHAPE[1] {
            let (x, y) = ((offset % SHAPE[0]) as f64, (offset / SHAPE[0]) as f64);
            let is_in = discs.iter().any(|&(a, b, radius)| (x - a).hypot(y - b) <= radius);
            inside[k * SHAPE[0] * SHAPE[1] + offset] = is_in;
        }
    }
    inside
}

fn slice(inside: &[bool], k: usize) -> Vec<bool> {
    inside[k * SHAPE[0] * SHAPE[1]..][..SHAPE[0] * SHAPE[1]].to_vec()
}

/// Voxels, their middle, and the number of pieces.
fn about(inside: &[bool]) -> (usize, [f64; 2], usize) {
    let plane = Grid::axis_aligned([SHAPE[0], SHAPE[1], 1], [1.0; 3]).expect("a grid");
    let (mut count, mut sums) = (0, [0.0; 2]);
    for offset in (0..inside.len()).filter(|&offset| inside[offset]) {
        count += 1;
        sums[0] += (offset % SHAPE[0]) as f64;
        sums[1] += (offset / SHAPE[0]) as f64;
    }
    let pieces = crate::components_of(&plane, inside, 1, crate::Connectivity::Corners).list.len();
    (count, sums.map(|sum| sum / count as f64), pieces)
}

#[test]
fn drawn_slices_stay_and_equal_ones_fill_all_between() {
    let inside = drawn(&[(2, &[(20.0, 20.0, 7.0)]), (6, &[(20.0, 20.0, 7.0)]), (9, &[(24.0, 22.0, 4.0)])]);
    let body = between_slices(&grid(), &inside, 2);
    for k in [0, 1, 10, 11] {
        assert_eq!(about(&slice(&body, k)).0, 0, "{k}");
    }
    for k in [2, 6, 9] {
        assert_eq!(slice(&body, k), slice(&inside, k));
    }
    for k in 3..6 {
        assert_eq!(slice(&body, k), slice(&inside, 2));
    }
    assert_eq!(between_slices(&grid(), &body, 2), body, "nothing is left to fill");
}

#[test]
fn what_is_in_both_is_in_all_between_and_what_is_in_neither_in_none_where_one_holds_the_other() {
    let (small, large): (&[Disc], &[Disc]) = (&[(22.0, 18.0, 4.0)], &[(20.0, 20.0, 12.0)]);
    for [low, high] in [[small, large], [large, small]] {
        let body = between_slices(&grid(), &drawn(&[(1, low), (8, high)]), 2);
        let (inner, outer) = (slice(&drawn(&[(0, small)]), 0), slice(&drawn(&[(0, large)]), 0));
        let mut counts = Vec::new();
        for k in 1..=8 {
            let found = slice(&body, k);
            assert!(inner.iter().zip(&found).all(|(inner, found)| !inner || *found));
            assert!(found.iter().zip(&outer).all(|(found, outer)| !found || *outer));
            counts.push(about(&found).0);
        }
        assert!(counts.is_sorted() || counts.iter().rev().is_sorted(), "{counts:?}");
    }
}

#[test]
fn a_disc_that_moves_without_overlap_moves_in_between() {
    let inside = drawn(&[(2, &[(8.0, 9.0, 5.0)]), (8, &[(38.0, 30.0, 5.0)])]);
    let body = between_slices(&grid(), &inside, 2);
    let whole = about(&slice(&inside, 2)).0 as f64;
    for k in 3..8 {
        let share = (k - 2) as f64 / 6.0;
        let (count, middle, pieces) = about(&slice(&body, k));
        assert_eq!(pieces, 1);
        assert!((count as f64 / whole - 1.0).abs() < 0.12, "{k}: {count} of {whole}");
        assert!((middle[0] - (8.0 + 30.0 * share)).abs() < 0.5 && (middle[1] - (9.0 + 21.0 * share)).abs() < 0.5, "{k}: {middle:?}");
    }
}

#[test]
fn a_trunk_divides_and_pieces_keep_to_their_partners() {
    let inside = drawn(&[(1, &[(24.0, 20.0, 10.0)]), (9, &[(17.0, 20.0, 4.0), (31.0, 20.0, 4.0)])]);
    let body = between_slices(&grid(), &inside, 2);
    let pieces: Vec<usize> = (1..=9).map(|k| about(&slice(&body, k)).2).collect();
    assert!(pieces.is_sorted() && pieces[0] == 1 && pieces[8] == 2, "{pieces:?}");

    let two = drawn(&[(1, &[(10.0, 10.0, 4.0), (38.0, 30.0, 4.0)]), (5, &[(12.0, 11.0, 4.0), (36.0, 28.0, 4.0)])]);
    let body = between_slices(&grid(), &two, 2);
    (2..5).for_each(|k| assert_eq!(about(&slice(&body, k)).2, 2));
}

#[test]
fn what_has_no_partner_tapers() {
    let stays: Disc = (10.0, 10.0, 5.0);
    let inside = drawn(&[(1, &[stays, (36.0, 28.0, 7.0)]), (7, &[stays])]);
    let body = between_slices(&grid(), &inside, 2);
    let kept = about(&slice(&inside, 7)).0;
    let tapering: Vec<usize> = (1..7).map(|k| about(&slice(&body, k)).0 - kept).collect();
    assert!(tapering.windows(2).all(|pair| pair[0] > pair[1]) && tapering[5] > 0, "{tapering:?}");
}

#[test]
fn all_axes_are_alike() {
    let inside = drawn(&[(2, &[(18.0, 20.0, 9.0)]), (7, &[(26.0, 17.0, 5.0), (14.0, 22.0, 3.0)])]);
    let body = between_slices(&grid(), &inside, 2);
    // The same with the slices' axis first, then second.
    for order in [[2, 0, 1], [0, 2, 1]] {
        let shape = order.map(|axis| SHAPE[axis]);
        let turned = Grid::axis_aligned(shape, order.map(|axis| grid().spacing()[axis])).expect("a grid");
        let moved = |set: &[bool]| -> Vec<bool> {
            let place = |offset: usize| [offset % shape[0], offset / shape[0] % shape[1], offset / (shape[0] * shape[1])];
            let from = |at: [usize; 3]| {
                let mut voxel = [0; 3];
                (0..3).for_each(|axis| voxel[order[axis]] = at[axis]);
                grid().offset(voxel)
            };
            (0..set.len()).map(|offset| set[from(place(offset))]).collect()
        };
        let axis = order.iter().position(|&axis| axis == 2).expect("an axis");
        assert_eq!(between_slices(&turned, &moved(&inside), axis), moved(&body));
    }
}

#[test]
fn slices_that_are_full_or_one_voxel_wide_are_filled_too() {
    for shape in [[5, 4, 6], [1, 1, 6], [1, 7, 6]] {
        let grid = Grid::axis_aligned(shape, [1.0; 3]).expect("a grid");
        let area = shape[0] * shape[1];
        let full: Vec<bool> = (0..grid.len()).map(|offset| offset / area == 1 || offset / area == 4).collect();
        let body = between_slices(&grid, &full, 2);
        assert_eq!(body.iter().filter(|is_inside| **is_inside).count(), 4 * area);
    }
}
