//! The simulation on a small organ.

#![allow(clippy::expect_used, reason = "a test panics where it fails")]

use medley_volume::metrics::dice_per_label;
use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};

use super::outline::{outline, simplified};
use super::person::{Habits, Way, correct};
use super::scene::Scene;

/// An egg of 2 mm voxels and a proposal that is shifted, has a hole and an island.
fn scene() -> Scene {
    let grid = Grid::axis_aligned([36, 30, 8], [2.0, 2.0, 4.0]).expect("a grid");
    let (mut truth, mut proposal) = (LabelMap::empty(grid), LabelMap::empty(grid));
    let mut values = vec![0i16; grid.len()];
    let is_in = |[i, j, k]: [usize; 3], middle: [f64; 3], half: [f64; 3]| {
        [i, j, k].iter().zip(middle).zip(half).map(|((&at, middle), half)| ((at as f64 - middle) / half).powi(2)).sum::<f64>() <= 1.0
    };
    for offset in 0..grid.len() {
        let voxel = [offset % 36, offset / 36 % 30, offset / 1080];
        if is_in(voxel, [18.0, 15.0, 3.5], [10.0, 8.0, 3.6]) {
            truth.set(offset, 2);
            values[offset] = 100;
        }
        let is_hole = is_in(voxel, [21.0, 15.0, 3.0], [2.0, 2.0, 1.5]);
        let is_island = is_in(voxel, [4.0, 4.0, 3.0], [3.0, 3.0, 2.0]);
        if is_in(voxel, [20.0, 16.0, 3.5], [10.0, 8.0, 3.6]) && !is_hole || is_island {
            proposal.set(offset, 2);
        }
    }
    let scan = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
    Scene::new(scan, proposal, &truth, 2).expect("one grid")
}

#[test]
fn every_way_reaches_the_goal_and_can_be_undone() {
    let scene = scene();
    let habits = Habits { goal: 0.95, hand_error_mm: 0.8, stroke_ends_at: 0.5, seed: 3 };
    let mut seconds = Vec::new();
    for way in [Way::BrushOnly, Way::Tools, Way::Redraw(2)] {
        let work = correct(&scene, way, &habits, f64::INFINITY).expect("all Edits fit").expect("patience without end");
        assert!(work.first_dice < 0.85, "{way:?}: begins at {}", work.first_dice);
        assert!(work.dice() >= habits.goal, "{way:?}: {}", work.dice());
        let mut truth = work.mask.relabelled(|_| 0);
        (0..truth.len()).filter(|&offset| scene.truth[offset]).for_each(|offset| truth.set(offset, 2));
        let dice = dice_per_label(&work.mask, &truth).expect("one grid")[&2];
        assert!(
            (dice - work.dice()).abs() < 1e-12 && (dice - scene.dice(&work.mask)).abs() < 1e-12,
            "{way:?}: {}, not {dice}",
            work.dice()
        );
        assert_eq!(work.undone, scene.proposal, "{way:?}");
        assert!(way != Way::BrushOnly || work.actions.iter().all(|action| ["brush", "eraser"].contains(&action.gesture.name())));
        seconds.push(work.effort.seconds());
    }
    assert!(seconds[1] < seconds[0], "with more to choose from no time is gained: {seconds:?}");
}

#[test]
fn an_outline_runs_around_its_piece_once() {
    let cells = ["......", ".##.#.", ".###..", "..#...", "......"];
    let is_inside = |[u, v]: [usize; 2]| cells[v].as_bytes()[u] == b'#';
    let line = outline([6, 5], is_inside).expect("a piece");
    let next = line.iter().copied().cycle().skip(1);
    let area: f64 = line.iter().zip(next).map(|(a, b)| (a[0] * b[1] - b[0] * a[1]) / 2.0).sum();
    assert_eq!((line.len(), area), (12, 6.0), "the cell that touches by a corner is another piece");
    assert_eq!(simplified(&line, [1.0; 2], 0.0).len(), 10);
    assert_eq!(outline([6, 5], |_| false), None);
}
