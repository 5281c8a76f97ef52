use std::collections::BTreeMap;
use std::path::Path;

use medley_volume::glam::DVec3;
use medley_volume::{Grid, Label, LabelMap, LabelTable, Ras};

use super::polygon::EvenOdd;
use crate::IoError;
use crate::dicom::data_set::{DataSet, Fault};
use crate::dicom::place::Place;
use crate::dicom::segmentation::{Segmentation, modality_of};
use crate::dicom::stack::counted;
use crate::dicom::{part10, tags};
use crate::error::COPY_AGAIN;
use crate::source::require_memory;

/// How far the points of a contour may be from its plane, in slices.
const FLAT: f64 = 0.2;

/// Whether a file is an RT Structure Set: contours, which are a mask only on the grid of a scan.
#[must_use]
pub fn is_contours(path: &Path) -> bool {
    modality_of(path).is_some_and(|modality| modality == "RTSTRUCT")
}

/// Reads the contours of an RT Structure Set as a mask on the grid of a scan. A voxel belongs to a region of interest if its centre
/// lies within an odd number of the region's contours in its slice. Contours are put into the slice they lie in; those that lie in
/// none, cross slices, or are no closed polygons are left out with a notice. Where regions overlap the later one wins, with a notice.
///
/// # Errors
/// If the file holds no contours or is damaged, or no voxel of the grid lies in any.
pub fn open_contours(path: &Path, grid: &Grid) -> Result<Segmentation, IoError> {
    let name = path.display().to_string();
    require_memory(&name, grid.len() as u64 * 2)?;
    let bytes = Place::File(path.to_owned()).bytes()?;
    read(&bytes, grid).map_err(|fault| match fault {
        Fault::Short => IoError::malformed(&name, "ends early", COPY_AGAIN),
        Fault::Malformed(fault) => IoError::malformed(&name, fault, "choose the structure set of this scan"),
    })
}

fn read(bytes: &[u8], grid: &Grid) -> Result<Segmentation, Fault> {
    let part = part10::open(bytes, bytes.len() as u64)?;
    let (set, ..) = DataSet::read(&part.data_set, part.syntax.encoding)?;
    let regions = set.items(tags::STRUCTURE_SET_ROI_SEQUENCE);
    let drawn = set.items(tags::ROI_CONTOUR_SEQUENCE);
    if drawn.is_empty() {
        return Err(Fault::Malformed("holds no contours".to_owned()));
    }
    let [columns, rows, slices] = grid.shape();
    let mut labels = LabelMap::empty(*grid);
    let mut table = LabelTable::default();
    let (mut outside, mut odd, mut overlaps, mut inside) = (0usize, 0usize, 0usize, 0usize);
    for region in &drawn {
        let number = region.text(tags::REFERENCED_ROI_NUMBER);
        let about = regions.iter().find(|about| about.text(tags::ROI_NUMBER) == number);
        let Some(value) = free_value(&table, &number) else { break };
        let name = about.map(|about| about.text(tags::ROI_NAME)).filter(|name| !name.is_empty());
        let color = match region.numbers(tags::ROI_DISPLAY_COLOR, b"IS").as_slice() {
            [red, green, blue] => [red, green, blue].map(|&part| part.clamp(0.0, 255.0) as u8),
            _ => LabelTable::palette(value),
        };
        let name = name.unwrap_or_else(|| format!("label {value}"));
        table.insert(Label { value, name, color, is_visible: true, is_locked: false });
        let mut by_slice: BTreeMap<usize, EvenOdd> = BTreeMap::new();
        for contour in region.items(tags::CONTOUR_SEQUENCE) {
            if !contour.text(tags::CONTOUR_GEOMETRIC_TYPE).starts_with("CLOSED") {
                odd += 1;
                continue;
            }
            let points = points(&contour, grid);
            match slice_of(&points, slices) {
                Ok(Some(slice)) => {
                    let fill = by_slice.entry(slice).or_insert_with(|| EvenOdd::new(columns, rows));
                    fill.add(&points.iter().map(|at| [at.x, at.y]).collect::<Vec<_>>());
                }
                Ok(None) => outside += 1,
                Err(()) => odd += 1,
            }
        }
        for (slice, fill) in &by_slice {
            fill.visit(|pixel| {
                let offset = slice * columns * rows + pixel;
                inside += 1;
                overlaps += usize::from(!matches!(labels.at(offset), 0) && labels.at(offset) != value);
                labels.set(offset, value);
            });
        }
    }
    if inside == 0 {
        return Err(Fault::Malformed("holds no contour with a voxel of the scan in it".to_owned()));
    }
    let mut notices = Vec::new();
    if outside > 0 {
        notices.push(format!("{} left out because no slice of the scan is there.", counted(outside, "contour was", "contours were")));
    }
    if odd > 0 {
        let what = counted(odd, "contour was", "contours were");
        notices.push(format!("{what} left out because they are no closed polygons within one slice."));
    }
    if overlaps > 0 {
        notices.push(format!("Regions overlap in {}: there the later one was taken.", counted(overlaps, "voxel", "voxels")));
    }
    Ok(Segmentation { labels, table, notices })
}

/// The region's own number if it can be a label and is free, else the next free one.
fn free_value(table: &LabelTable, number: &str) -> Option<u16> {
    let own = number.parse::<u16>().ok().filter(|&value| value != 0 && table.get(value).is_none());
    own.or_else(|| (1..=u16::MAX).find(|&value| table.get(value).is_none()))
}

/// The corners of a contour as continuous voxel indices.
fn points(contour: &DataSet<'_>, grid: &Grid) -> Vec<DVec3> {
    let numbers = contour.numbers(tags::CONTOUR_DATA, b"DS");
    numbers.as_chunks::<3>().0.iter().map(|&[x, y, z]| grid.continuous_index_of(Ras(DVec3::new(-x, -y, z)))).collect()
}

/// The slice that a contour lies in, if there is one there; an error if it lies in no plane along the slices.
fn slice_of(points: &[DVec3], slices: usize) -> Result<Option<usize>, ()> {
    if points.len() < 3 || points.iter().any(|at| !at.is_finite()) {
        return Err(());
    }
    let low = points.iter().map(|at| at.z).fold(f64::INFINITY, f64::min);
    let high = points.iter().map(|at| at.z).fold(f64::NEG_INFINITY, f64::max);
    if high - low > FLAT {
        return Err(());
    }
    let slice = f64::midpoint(low, high).round();
    Ok((slice >= 0.0 && slice < slices as f64).then_some(slice as usize))
}
