//! From pictures and their positions to a regular grid (PS3.3 C.7.6.2.1.1): order along the normal, spacing from positions, what is
//! missing, what is there twice, what is tilted.

use std::sync::Arc;

use medley_volume::Grid;
use medley_volume::glam::{DAffine3, DMat3, DVec3};

use super::image::ImageFile;
use super::series::Plane;

/// Slices nearer than this are at the same place, in millimetres.
pub(crate) const SAME_PLACE: f64 = 1e-3;
/// How far a distance may be from the mean one, as a part of it, before the spacing is uneven.
const UNEVEN: f64 = 0.02;
/// How far a gap may be from a whole number of slices, as a part of one.
const WHOLE: f64 = 0.05;
/// Slices may be shifted against each other by this part of a pixel before they are straightened.
const STRAIGHT: f64 = 0.1;

/// How a series becomes a volume.
#[derive(Debug, Clone)]
pub(crate) struct Stack {
    /// The pictures along the normal, each place once.
    pub planes: Vec<Plane>,
    /// The grid of the volume.
    pub grid: Grid,
    /// How voxels are computed where pictures do not lie on the grid.
    pub resampling: Option<Resampling>,
}

/// Pictures that lie beside the grid.
#[derive(Debug, Clone)]
pub(crate) struct Resampling {
    /// By how many columns and rows each picture's first pixel lies behind the grid's.
    pub shifts: Vec<[f64; 2]>,
    /// For each slice of the grid: the picture below it and how far towards the next it lies, from 0 to 1.
    pub along: Vec<(usize, f64)>,
}

/// What came of it.
pub(crate) struct Arranged {
    pub stack: Stack,
    pub notices: Vec<String>,
}

struct Placed {
    plane: Plane,
    position: DVec3,
    /// Along the normal.
    along: f64,
}

/// Puts pictures of one orientation, size and spacing in order. What is wrong is the end of a sentence that begins with a file.
pub(crate) fn arrange(files: &[Arc<ImageFile>], planes: &[Plane]) -> Result<Arranged, String> {
    let frame_of = |plane: &Plane| files.get(plane.file).and_then(|file| file.frames.get(plane.frame));
    let first = planes.first().and_then(|plane| Some((files.get(plane.file)?, frame_of(plane)?)));
    let Some((file, frame)) = first else { return Err("holds no pictures".to_owned()) };
    let mut notices = Vec::new();
    let [between_rows, between_columns] = frame.spacing.unwrap_or_else(|| {
        notices.push("The files store no pixel spacing: it is taken to be 1 mm, so lengths and volumes are not to be trusted.".to_owned());
        [1.0; 2]
    });
    let size = [file.pixels.columns, file.pixels.rows];
    let mut placed: Vec<Placed> = Vec::new();
    let directions = frame.orientation;
    if let Some([column, row]) = directions {
        let normal = column.cross(row);
        let position = |plane: &Plane| frame_of(plane).and_then(|frame| frame.position);
        placed = planes
            .iter()
            .filter_map(|plane| position(plane).map(|at| Placed { plane: *plane, position: at, along: at.dot(normal) }))
            .collect();
    }
    let Some([column, row]) = directions.filter(|_| placed.len() == planes.len()) else {
        let what = if directions.is_some() { "no position" } else { "no position or orientation" };
        notices.push(format!("The files store {what}: slices are in the order of the file, and left may be right."));
        return without_places(files, planes, size, [between_columns, between_rows], frame.thickness, directions, notices);
    };
    placed.sort_by(|a, b| a.along.total_cmp(&b.along));
    let before = placed.len();
    let shift = |a: &Placed, b: &Placed| {
        [(b.position - a.position).dot(column) / between_columns, (b.position - a.position).dot(row) / between_rows]
    };
    let mut beside = false;
    placed.dedup_by(|next, kept| {
        let is_same = next.along - kept.along < SAME_PLACE;
        beside |= is_same && shift(kept, next).iter().any(|by| by.abs() > 1.0);
        is_same
    });
    if beside {
        return Err("has pictures that lie beside each other, not in a stack".to_owned());
    }
    if placed.len() < before {
        let count = before - placed.len();
        notices.push(format!("{} left out because there is another at the same position.", counted(count, "picture is", "pictures are")));
    }
    let affine = |origin: DVec3, step: DVec3| ras(DMat3::from_cols(column * between_columns, row * between_rows, step), origin);
    let Some((origin, last)) = placed.first().zip(placed.last()) else { return Err("holds no pictures".to_owned()) };
    let shape = |columns: usize, rows: usize, slices: usize| [columns, rows, slices];
    let grid = |shape: [usize; 3], affine: DAffine3| {
        Grid::new(shape, affine).map_err(|error| format!("has a geometry that cannot be used: {error}"))
    };
    if placed.len() == 1 {
        let step = column.cross(row) * thickness(frame.thickness, &mut notices);
        let planes = vec![origin.plane];
        let grid = grid(shape(size[0], size[1], 1), affine(origin.position, step))?;
        return Ok(Arranged { stack: Stack { planes, grid, resampling: None }, notices });
    }
    let distances: Vec<f64> = placed.windows(2).map(|pair| pair[1].along - pair[0].along).collect();
    let range = last.along - origin.along;
    let (along, step) = slices(&placed, &distances, range, &mut notices)?;
    let shifts: Vec<[f64; 2]> = placed.iter().map(|slice| shift(origin, slice)).collect();
    let is_tilted = shifts.iter().flatten().any(|by| by.abs() > STRAIGHT);
    let planes: Vec<Plane> = placed.iter().map(|slice| slice.plane).collect();
    let is_regular = along.len() == placed.len() && along.iter().enumerate().all(|(n, &(below, part))| (below, part) == (n, 0.0));
    if !is_tilted && is_regular {
        let step = (last.position - origin.position) / (placed.len() - 1) as f64;
        let grid = grid(shape(size[0], size[1], placed.len()), affine(origin.position, step))?;
        return Ok(Arranged { stack: Stack { planes, grid, resampling: None }, notices });
    }
    if is_tilted {
        notices.push(tilt(&shifts, [between_columns, between_rows], range));
    }
    let lowest = |axis: usize| if is_tilted { shifts.iter().map(|by| by[axis]).fold(0.0, f64::min).floor() } else { 0.0 };
    let highest = |axis: usize| if is_tilted { shifts.iter().map(|by| by[axis]).fold(0.0, f64::max).ceil() } else { 0.0 };
    let grown = |axis: usize| (highest(axis) - lowest(axis)) as usize;
    if grown(0) > 2 * size[0] || grown(1) > 2 * size[1] {
        return Err("has pictures that are shifted against each other by more than their size".to_owned());
    }
    let origin_at = origin.position + column * (between_columns * lowest(0)) + row * (between_rows * lowest(1));
    let shape = shape(size[0] + grown(0), size[1] + grown(1), along.len());
    let grid = grid(shape, affine(origin_at, column.cross(row) * step))?;
    let shifts = shifts.iter().map(|by| if is_tilted { [by[0] - lowest(0), by[1] - lowest(1)] } else { [0.0; 2] }).collect();
    Ok(Arranged { stack: Stack { planes, grid, resampling: Some(Resampling { shifts, along }) }, notices })
}

/// Which pictures make which slices of the grid, and the distance of its slices.
fn slices(placed: &[Placed], distances: &[f64], range: f64, notices: &mut Vec<String>) -> Result<(Vec<(usize, f64)>, f64), String> {
    let count = placed.len();
    let mean = range / distances.len() as f64;
    if distances.iter().all(|distance| (distance - mean).abs() <= UNEVEN * mean + 1e-3) {
        return Ok(((0..count).map(|n| (n, 0.0)).collect(), mean));
    }
    let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let most = distances.iter().copied().fold(0.0, f64::max);
    let near: Vec<f64> = distances.iter().copied().filter(|distance| *distance < least * 1.1).collect();
    let step = near.iter().sum::<f64>() / near.len() as f64;
    let is_whole = distances.iter().all(|distance| (distance / step - (distance / step).round()).abs() <= WHOLE);
    let total = (range / step).round() as usize + 1;
    if total > 2 * count {
        return Err(format!("has pictures at distances from {least:.2} to {most:.2} mm, too uneven to make a volume"));
    }
    let step = range / (total - 1) as f64;
    let origin = placed.first().map_or(0.0, |slice| slice.along);
    let mut along = Vec::with_capacity(total);
    let mut missing = Vec::new();
    for n in 0..total {
        let at = origin + step * n as f64;
        let below = placed.partition_point(|slice| slice.along <= at).saturating_sub(1).min(count - 2);
        let (low, high) = (placed.get(below).map_or(at, |s| s.along), placed.get(below + 1).map_or(at, |s| s.along));
        let part = ((at - low) / (high - low)).clamp(0.0, 1.0);
        // What is as near as an even spacing may be off is the picture itself.
        let off = (at - low).min(high - at).abs();
        along.push(match off <= UNEVEN * step * 2.0 + 1e-3 {
            true if part < 0.5 => (below, 0.0),
            true => (below, 1.0),
            false => {
                missing.push(at);
                (below, part)
            }
        });
    }
    if is_whole {
        let places: Vec<String> = missing.iter().take(8).map(|at| format!("{at:.1}")).collect();
        let more = if missing.len() > 8 { ", …" } else { "" };
        notices.push(format!(
            "There is a gap of {most:.2} mm among slices {step:.2} mm apart: {} missing, at {}{more} mm along the normal. Values there are \
             interpolated from the neighbours.",
            counted(missing.len(), "slice is", "slices are"),
            places.join(", ")
        ));
    } else {
        notices.push(format!(
            "The spacing of the slices is uneven, from {least:.2} to {most:.2} mm: the volume is interpolated to slices every {step:.2} mm."
        ));
    }
    Ok((along, step))
}

fn tilt(shifts: &[[f64; 2]], spacing: [f64; 2], range: f64) -> String {
    let last = shifts.last().copied().unwrap_or_default();
    let sideways = (last[0] * spacing[0]).hypot(last[1] * spacing[1]);
    let angle = sideways.atan2(range).to_degrees();
    let end = shifts.len().saturating_sub(1).max(1) as f64;
    let is_even = shifts.iter().enumerate().all(|(n, by)| (0..2).all(|axis| (by[axis] - last[axis] * n as f64 / end).abs() < 0.5));
    let cause = if is_even { format!("by a gantry tilt of {angle:.1} degrees") } else { "unevenly".to_owned() };
    format!("The slices are shifted against each other {cause}: the volume is interpolated onto a straight grid.")
}

fn thickness(stored: Option<f64>, notices: &mut Vec<String>) -> f64 {
    stored.unwrap_or_else(|| {
        notices.push("The files store no slice thickness: volumes are measured as if it were 1 mm.".to_owned());
        1.0
    })
}

fn without_places(
    files: &[Arc<ImageFile>],
    planes: &[Plane],
    size: [usize; 2],
    spacing: [f64; 2],
    stored: Option<f64>,
    directions: Option<[DVec3; 2]>,
    mut notices: Vec<String>,
) -> Result<Arranged, String> {
    let mut planes = planes.to_vec();
    planes.sort_by_key(|plane| (files.get(plane.file).map_or(0, |file| file.instance_number), plane.file, plane.frame));
    let [column, row] = directions.unwrap_or([DVec3::X, DVec3::Y]);
    let step = thickness(stored, &mut notices);
    let affine = ras(DMat3::from_cols(column * spacing[0], row * spacing[1], column.cross(row) * step), DVec3::ZERO);
    let grid =
        Grid::new([size[0], size[1], planes.len()], affine).map_err(|error| format!("has a geometry that cannot be used: {error}"))?;
    Ok(Arranged { stack: Stack { planes, grid, resampling: None }, notices })
}

/// From the standard's axes (left, posterior, superior) to the program's (right, anterior, superior).
fn ras(lps: DMat3, origin: DVec3) -> DAffine3 {
    DAffine3::from_scale(DVec3::new(-1.0, -1.0, 1.0)) * DAffine3 { matrix3: lps, translation: origin }
}

pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
