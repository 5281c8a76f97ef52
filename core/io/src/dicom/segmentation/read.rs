use std::path::Path;

use medley_volume::glam::{DAffine3, DMat3, DVec3};
use medley_volume::{Grid, Label, LabelMap, LabelTable};

use super::write::VALUE_IS;
use super::{Segmentation, rgb_from_lab};
use crate::IoError;
use crate::dicom::data_set::{DataSet, Fault};
use crate::dicom::image::{Frame, Pixels, Sample};
use crate::dicom::place::Place;
use crate::dicom::stack::{SAME_PLACE, counted};
use crate::dicom::syntax::Codec;
use crate::dicom::{codec, frames, part10, pixels, tags};
use crate::error::COPY_AGAIN;
use crate::source::require_memory;

/// Slices a segmentation may span.
const MOST_SLICES: f64 = 20_000.0;

/// Whether a file is a DICOM Segmentation.
#[must_use]
pub fn is_segmentation(path: &Path) -> bool {
    modality_of(path).is_some_and(|modality| modality == "SEG")
}

/// What a file says that it is; `None` where it says nothing.
pub(crate) fn modality_of(path: &Path) -> Option<String> {
    let (head, length) = Place::File(path.to_owned()).head(1 << 16).ok()?;
    let part = part10::open(&head, length).ok()?;
    DataSet::read(&part.data_set, part.syntax.encoding).ok().map(|(set, ..)| set.text(tags::MODALITY))
}

/// Reads a DICOM Segmentation (PS3.3 A.51): binary, fractional (half and more counts) or a label map. Its grid spans the slices that have
/// segments; names and colours come with it. Where segments overlap the later one wins, with a notice.
///
/// # Errors
/// If it is none, is damaged, or its frames do not lie on one grid.
pub fn open_segmentation(path: &Path) -> Result<Segmentation, IoError> {
    let name = path.display().to_string();
    let bytes = Place::File(path.to_owned()).bytes()?;
    read(&bytes).map_err(|fault| match fault {
        Wrong::Damaged(fault) => IoError::malformed(&name, fault, COPY_AGAIN),
        Wrong::TooLarge(bytes) => match require_memory(&name, bytes) {
            Err(error) => error,
            Ok(()) => IoError::too_large(&name, "spans more slices than a scan has", "export it again"),
        },
    })
}

enum Wrong {
    Damaged(String),
    TooLarge(u64),
}

fn damaged(fault: impl Into<String>) -> Wrong {
    Wrong::Damaged(fault.into())
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Short => damaged("ends early"),
            Fault::Malformed(fault) => damaged(fault),
        }
    }
}

/// One segment.
struct Segment {
    number: u16,
    label: Label,
}

fn read(bytes: &[u8]) -> Result<Segmentation, Wrong> {
    let part = part10::open(bytes, bytes.len() as u64)?;
    let (set, place, _) = DataSet::read(&part.data_set, part.syntax.encoding)?;
    let place = place.ok_or_else(|| damaged("holds no pictures"))?;
    if set.text(tags::MODALITY) != "SEG" {
        return Err(damaged("is no DICOM segmentation"));
    }
    let size = [tags::COLUMNS, tags::ROWS].map(|tag| usize::from(set.u16(tag).unwrap_or(0)));
    let count = set.text(tags::NUMBER_OF_FRAMES).parse::<usize>().unwrap_or(1).max(1);
    let bits = set.u16(tags::BITS_ALLOCATED).unwrap_or(1);
    let claimed = (size[0] * size[1]).checked_mul(count).and_then(|n| n.checked_mul(usize::from(bits))).map(|bits| bits.div_ceil(8));
    let rest = part.data_set.get(place.offset..).unwrap_or_default();
    let codec =
        if place.length.is_some() { Codec::Native } else { part.syntax.codec.map_err(|name| damaged(format!("is packed with {name}")))? };
    let is_there = match codec {
        Codec::Native => claimed.is_some_and(|claimed| claimed <= rest.len()),
        _ => count <= rest.len() / 8 && bits >= 8,
    };
    if size.contains(&0) || !is_there || !matches!(bits, 1 | 8 | 16) {
        return Err(damaged("ends before all the pixels its header promises"));
    }
    let per_frame = set.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    let frames = frames::read(&set, count);
    let (grid, slices) = lattice(&frames, size)?;
    require(grid.len() as u64 * 2)?;
    let segments = segments(&set);
    let kind = set.text(tags::SEGMENTATION_TYPE);
    let half = set.u16(tags::MAXIMUM_FRACTIONAL_VALUE).unwrap_or(255).div_ceil(2).max(1);
    let mut labels = LabelMap::empty(grid);
    let mut overlaps = 0usize;
    let packed = pixels::fragments(&part.data_set, place.offset, count);
    let shared_segment = set.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).and_then(|groups| number(&groups));
    for (n, &slice) in slices.iter().enumerate() {
        let segment = per_frame.get(n).and_then(number).or(shared_segment);
        let values = one(&part.data_set, rest, codec, n, size, bits, &packed).map_err(damaged)?;
        for (pixel, value) in values.into_iter().enumerate() {
            let found = match kind.as_str() {
                "LABELMAP" => value,
                "FRACTIONAL" if value < half => 0,
                _ if value == 0 => 0,
                _ => segment.unwrap_or(0),
            };
            if found == 0 {
                continue;
            }
            let label = segments.iter().find(|segment| segment.number == found).map_or(found, |segment| segment.label.value);
            let offset = slice * size[0] * size[1] + pixel;
            let before = labels.at(offset);
            overlaps += usize::from(before != 0 && before != label);
            labels.set(offset, label);
        }
    }
    let mut notices = Vec::new();
    if overlaps > 0 {
        let voxels = counted(overlaps, "voxel", "voxels");
        notices.push(format!("Segments overlap in {voxels}: there the later one was taken."));
    }
    if kind == "FRACTIONAL" {
        notices.push("The segmentation is fractional: voxels of half and more were taken.".to_owned());
    }
    let mut table = LabelTable::default();
    segments.into_iter().for_each(|segment| table.insert(segment.label));
    Ok(Segmentation { labels, table, notices })
}

fn require(bytes: u64) -> Result<(), Wrong> {
    require_memory("", bytes).map_err(|_| Wrong::TooLarge(bytes))
}

fn number(groups: &DataSet<'_>) -> Option<u16> {
    groups.item(tags::SEGMENT_IDENTIFICATION_SEQUENCE)?.u16(tags::REFERENCED_SEGMENT_NUMBER)
}

/// The grid that all frames lie on, and the slice of each.
fn lattice(frames: &[Frame], size: [usize; 2]) -> Result<(Grid, Vec<usize>), Wrong> {
    let misplaced = || damaged("has pictures without a place in the patient");
    let first = frames.first().ok_or_else(misplaced)?;
    let ([column, row], origin) = first.orientation.zip(first.position).ok_or_else(misplaced)?;
    let normal = column.cross(row);
    let [between_rows, between_columns] = first.spacing.ok_or_else(misplaced)?;
    let positions: Vec<DVec3> = frames.iter().filter_map(|frame| frame.position).collect();
    let is_parallel = frames.iter().all(|frame| frame.orientation.is_some_and(|[c, r]| c.dot(column) > 0.9999 && r.dot(row) > 0.9999));
    if positions.len() != frames.len() || !is_parallel {
        return Err(damaged("has pictures of several orientations"));
    }
    let mut along: Vec<f64> = positions.iter().map(|at| (*at - origin).dot(normal)).collect();
    let order = along.clone();
    along.sort_by(f64::total_cmp);
    along.dedup_by(|a, b| (*a - *b).abs() < SAME_PLACE);
    let least = along.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    let step = match first.thickness {
        Some(stored) if along.windows(2).all(|pair| is_multiple(pair[1] - pair[0], stored)) => stored,
        stored if !least.is_finite() => stored.unwrap_or(1.0),
        _ => least,
    };
    let (low, high) = (along.first().copied().unwrap_or(0.0), along.last().copied().unwrap_or(0.0));
    let slices = ((high - low) / step).round() + 1.0;
    if !slices.is_finite() || slices > MOST_SLICES {
        return Err(Wrong::TooLarge(u64::MAX / 4));
    }
    let start = positions.iter().find(|at| ((**at - origin).dot(normal) - low).abs() < SAME_PLACE).copied().unwrap_or(origin);
    let is_straight = positions.iter().all(|at| {
        let off = *at - start;
        off.dot(column).abs() < between_columns / 2.0 && off.dot(row).abs() < between_rows / 2.0
    });
    if !is_straight || along.windows(2).any(|pair| !is_multiple(pair[1] - pair[0], step)) {
        return Err(damaged("has pictures that do not lie on one grid"));
    }
    let lps = DMat3::from_cols(column * between_columns, row * between_rows, normal * step);
    let affine = DAffine3::from_scale(DVec3::new(-1.0, -1.0, 1.0)) * DAffine3 { matrix3: lps, translation: start };
    let grid = Grid::new([size[0], size[1], slices as usize], affine).map_err(|error| damaged(format!("has a wrong geometry: {error}")))?;
    Ok((grid, order.iter().map(|at| (((at - low) / step).round() as usize).min(slices as usize - 1)).collect()))
}

fn is_multiple(distance: f64, step: f64) -> bool {
    let ratio = distance / step;
    (ratio - ratio.round()).abs() < 0.1 && ratio.round() >= 1.0
}

fn segments(set: &DataSet<'_>) -> Vec<Segment> {
    let items = set.items(tags::SEGMENT_SEQUENCE);
    let value_of =
        |item: &DataSet<'_>| item.text(tags::SEGMENT_DESCRIPTION).strip_prefix(VALUE_IS)?.parse::<u16>().ok().filter(|&v| v != 0);
    let values: Vec<Option<u16>> = items.iter().map(value_of).collect();
    let mut unique: Vec<u16> = values.iter().flatten().copied().collect();
    unique.sort_unstable();
    unique.dedup();
    let are_ours = unique.len() == items.len();
    let segment = |(item, value): (&DataSet<'_>, &Option<u16>)| {
        let number = item.u16(tags::SEGMENT_NUMBER)?;
        let value = value.filter(|_| are_ours).unwrap_or(number);
        let lab = item.numbers(tags::RECOMMENDED_DISPLAY_CIELAB_VALUE, b"US");
        let color = match lab.as_slice() {
            [l, a, b] => rgb_from_lab([l, a, b].map(|&part| part as u16)),
            _ => LabelTable::palette(value),
        };
        let name = item.text(tags::SEGMENT_LABEL);
        let name = if name.is_empty() { format!("label {value}") } else { name };
        Some(Segment { number, label: Label { value, name, color, is_visible: true, is_locked: false } })
    };
    items.iter().zip(&values).filter_map(segment).collect()
}

/// The pixels of one frame.
fn one(
    bytes: &[u8],
    native: &[u8],
    codec: Codec,
    frame: usize,
    size: [usize; 2],
    bits: u16,
    packed: &[Vec<(usize, usize)>],
) -> Result<Vec<u16>, String> {
    let count = size[0] * size[1];
    let cut = || "ends before all the pixels its header promises".to_owned();
    if codec != Codec::Native {
        let sample = if bits == 16 { Sample::U16 } else { Sample::U8 };
        let pixels = Pixels { rows: size[1], columns: size[0], sample, bits_stored: u32::from(bits), high_bit: u32::from(bits) - 1 };
        let mut data = Vec::new();
        for &(start, end) in packed.get(frame).ok_or_else(cut)? {
            data.extend_from_slice(bytes.get(start..end).ok_or_else(cut)?);
        }
        return Ok(codec::unpack(codec, &data, &pixels)?.into_iter().map(|bits| bits as u16).collect());
    }
    Ok(match bits {
        1 => {
            (frame * count..(frame + 1) * count).map(|bit| native.get(bit / 8).map_or(0, |byte| u16::from(byte >> (bit % 8) & 1))).collect()
        }
        8 => native.get(frame * count..(frame + 1) * count).ok_or_else(cut)?.iter().map(|&byte| u16::from(byte)).collect(),
        _ => {
            let part = native.get(frame * count * 2..(frame + 1) * count * 2).ok_or_else(cut)?;
            part.as_chunks().0.iter().map(|&two| u16::from_le_bytes(two)).collect()
        }
    })
}
