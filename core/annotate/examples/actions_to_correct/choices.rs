//! What the simulated person thinks of doing next.

use medley_annotate::tools::{Extent, Smoothing};
use medley_volume::distance::depth_mm_squared;
use medley_volume::{AnatomicalPlane, Connectivity, components_of};

use crate::desk::Desk;
use crate::gesture::{Aim, Gesture, SIZE_STEP};
use crate::outline::{outline, simplified};
use crate::sweep::Sweep;

/// How far from the true border a hand goes without noticing, mm.
const CONTOUR_TOLERANCE_MM: f64 = 1.5;
/// How far into what is right a contour around something wrong goes, mm.
const LOOP_INTO_MM: f64 = 6.0;
/// Pieces of error that are looked at in a slice, and in space.
const WORST_PIECES: usize = 2;
/// Smaller pieces are not worth a look.
const LEAST_CELLS: usize = 6;
/// The size a brush has when the program starts, mm.
pub const FIRST_RADIUS_MM: f64 = 6.0;

/// The largest ball tried, mm.
pub const LARGEST_BALL_MM: f64 = 12.5;

/// The sizes tried, smallest first: every third that the keys give, from 1 to 25 mm.
fn radii() -> impl Iterator<Item = f64> {
    (-5..=4).map(|n| FIRST_RADIUS_MM * SIZE_STEP.powi(3 * n))
}

/// The best stroke of each size, adding and erasing, with the hand in a slice.
pub fn strokes(desk: &Desk, slice: usize, is_ball: bool, ends_at: f64) -> Vec<Gesture> {
    let frame = &desk.scene.frame;
    let mut found = Vec::new();
    for aim in [Aim::Add, Aim::Erase] {
        let errors = desk.errors(aim);
        // A ball that reaches no other slice is a disc.
        for radius_mm in radii().filter(|radius| !is_ball || (2.0 * frame.mm[2]..=LARGEST_BALL_MM).contains(radius)) {
            let room = desk.scene.room(aim, is_ball);
            let Some(path) = (Sweep { frame, errors: &errors, room, slice, radius_mm, is_ball, ends_at }).path() else { continue };
            let path = path.into_iter().map(|[u, v]| frame.ras([u as f64, v as f64, slice as f64])).collect();
            found.push(Gesture::Stroke { aim, radius_mm, is_ball, slice, path });
        }
    }
    found
}

/// Contours around each piece of the organ in a slice, as it should be.
pub fn whole_contours(desk: &Desk, slice: usize) -> Vec<Gesture> {
    let inside = &desk.scene.wanted[desk.scene.frame.slice_places(slice)];
    pieces(desk, inside, usize::MAX).iter().filter_map(|piece| contour(desk, slice, Aim::Add, piece)).collect()
}

/// Contours in a slice: around the whole organ, and around what is worst, through what is right already on the other side.
pub fn contours(desk: &Desk, slice: usize) -> Vec<Gesture> {
    let frame = &desk.scene.frame;
    let places = frame.slice_places(slice);
    let wanted = &desk.scene.wanted[places.clone()];
    let mut found = whole_contours(desk, slice);
    for aim in [Aim::Add, Aim::Erase] {
        for piece in pieces(desk, &desk.errors(aim)[places.clone()], WORST_PIECES) {
            let mut inside = piece.clone();
            let reach = [0, 1].map(|axis| (LOOP_INTO_MM / frame.mm[axis]) as isize);
            for place in (0..piece.len()).filter(|&place| piece[place]) {
                let [u, v, _] = frame.cell(place);
                for (du, dv) in (-reach[0]..=reach[0]).flat_map(|du| (-reach[1]..=reach[1]).map(move |dv| (du, dv))) {
                    let is_near = (du as f64 * frame.mm[0]).hypot(dv as f64 * frame.mm[1]) <= LOOP_INTO_MM;
                    let (Some(u), Some(v)) = (u.checked_add_signed(du), v.checked_add_signed(dv)) else { continue };
                    if is_near && u < frame.size[0] && v < frame.size[1] {
                        let place = frame.place([u, v, 0]);
                        inside[place] |= wanted[place] == (aim == Aim::Add);
                    }
                }
            }
            found.extend(contour(desk, slice, aim, &inside));
        }
    }
    found
}

fn contour(desk: &Desk, slice: usize, aim: Aim, inside: &[bool]) -> Option<Gesture> {
    let frame = &desk.scene.frame;
    let line = outline([frame.size[0], frame.size[1]], |[u, v]| inside[frame.place([u, v, 0])])?;
    let line = simplified(&line, [frame.mm[0], frame.mm[1]], CONTOUR_TOLERANCE_MM);
    let points = line.into_iter().map(|[u, v]| frame.ras([u, v, slice as f64])).collect();
    Some(Gesture::Contour { aim, slice, plane: frame.slice(slice), points })
}

/// The largest pieces of a set of cells of one slice.
fn pieces(desk: &Desk, inside: &[bool], most: usize) -> Vec<Vec<bool>> {
    let Ok(grid) = desk.scene.frame.distances_grid(1) else { return Vec::new() };
    let found = components_of(&grid, inside, LEAST_CELLS, Connectivity::Faces);
    let mut order: Vec<usize> = (0..found.list.len()).collect();
    order.sort_by_key(|&n| std::cmp::Reverse(found.list[n].voxels));
    order.into_iter().take(most).map(|n| found.ids.iter().map(|&id| id as usize == n + 1).collect()).collect()
}

/// Copies of a slice onto its neighbours.
pub fn copies(desk: &Desk, slice: usize) -> Vec<Gesture> {
    let frame = &desk.scene.frame;
    let onto = |to: usize| Gesture::CopySlice { from: frame.slice(slice), to: frame.slice(to), slice: to };
    let neighbours = [slice.checked_sub(1), Some(slice + 1).filter(|&n| n < frame.size[2])];
    let is_drawn = |n: usize| desk.held[frame.slice_places(n)].contains(&true);
    neighbours.into_iter().flatten().filter(|_| is_drawn(slice)).map(onto).collect()
}

/// What is done to the organ as a whole, and from a click on what is missing.
pub fn whole(desk: &Desk) -> Vec<Gesture> {
    let mut found = vec![Gesture::KeepLargest, Gesture::Interpolate];
    found.extend([0.5, 2.0].map(|ml| Gesture::RemoveSmaller { ml }));
    found.extend([false, true].map(|in_slices| Gesture::FillHoles { in_slices }));
    found.extend([-4.0, -2.0, 2.0, 4.0].map(Gesture::Margin));
    for mm in [2.0, 4.0] {
        let methods = [Smoothing::Median { radius_mm: mm }, Smoothing::Opening { radius_mm: mm }, Smoothing::Closing { radius_mm: mm }];
        found.extend(methods.into_iter().chain([Smoothing::Gaussian { sigma_mm: mm }]).map(Gesture::Smooth));
    }
    found.extend(grown(desk));
    found
}

/// Regions from a click in the middle of each of the largest missing pieces, with a tolerance of twice the deviation around the click.
fn grown(desk: &Desk) -> Vec<Gesture> {
    let (scene, frame) = (desk.scene, &desk.scene.frame);
    let Ok(grid) = frame.distances_grid(frame.size[2]) else { return Vec::new() };
    let missing = components_of(&grid, &desk.errors(Aim::Add), 4 * LEAST_CELLS, Connectivity::Faces);
    let mut order: Vec<usize> = (0..missing.list.len()).collect();
    order.sort_by_key(|&n| std::cmp::Reverse(missing.list[n].voxels));
    let room = scene.room(Aim::Add, false);
    let mut found = Vec::new();
    for n in order.into_iter().take(WORST_PIECES) {
        let of_piece = (0..frame.len()).filter(|&place| missing.ids[place] as usize == n + 1);
        let Some(place) = of_piece.max_by(|&a, &b| room[a].total_cmp(&room[b])) else { continue };
        let [u, v, slice] = frame.cell(place);
        let seed = frame.ras([u as f64, v as f64, slice as f64]);
        let Some((value, deviation)) = around(desk, [u, v, slice]) else { continue };
        let tolerance = (2.0 * deviation).round().max(1.0);
        for extent in [Extent::Volume, Extent::Slice(AnatomicalPlane::Axial)] {
            found.extend([10.0, 20.0, 40.0].map(|reach_mm| Gesture::Grow { seed, slice, extent, tolerance, reach_mm }));
        }
        let (low, high) = ((value - tolerance).round(), (value + tolerance).round());
        found.push(Gesture::Threshold { seed, slice, low, high });
    }
    found
}

/// The value of a cell, and the standard deviation of 5 × 5 cells around it.
fn around(desk: &Desk, [u, v, n]: [usize; 3]) -> Option<(f64, f64)> {
    let frame = &desk.scene.frame;
    let (voxels, scaling) = (desk.scene.scan.voxels(), desk.scene.scan.scaling());
    let value = |cell: [usize; 3]| voxels.stored(frame.offset(frame.place(cell))).map(|stored| scaling.apply(stored));
    let side = |at: usize, axis: usize| at.saturating_sub(2)..(at + 3).min(frame.size[axis]);
    let values: Vec<f64> = side(v, 1).flat_map(|v| side(u, 0).filter_map(move |u| value([u, v, n]))).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    Some((value([u, v, n])?, variance.sqrt()))
}

/// A click in the middle of what the mask holds of the organ, to clear that piece.
pub fn clear(desk: &Desk) -> Option<Gesture> {
    let frame = &desk.scene.frame;
    let room = depth_mm_squared(&frame.distances_grid(frame.size[2]).ok()?, &desk.held);
    let place = (0..frame.len()).filter(|&place| desk.held[place]).max_by(|&a, &b| room[a].total_cmp(&room[b]))?;
    let [u, v, slice] = frame.cell(place);
    Some(Gesture::Clear { seed: frame.ras([u as f64, v as f64, slice as f64]), slice })
}

/// The slices that hold the organ, as it should be.
pub fn slices_with_organ(desk: &Desk) -> Vec<usize> {
    let frame = &desk.scene.frame;
    (0..frame.size[2]).filter(|&n| desk.scene.wanted[frame.slice_places(n)].contains(&true)).collect()
}
