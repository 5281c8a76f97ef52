use std::path::Path;

use medley_volume::glam::DVec3;
use medley_volume::{Grid, LabelMap, LabelTable};

use super::color::lab_from_rgb;
use super::{Algorithm, SegmentationOptions};
use crate::dicom::data_set::{PIXEL_DATA, Tag};
use crate::dicom::series::Series;
use crate::dicom::study::{self, Study, labels_on, now};
use crate::dicom::tags;
use crate::dicom::writer::{Writer, new_uid};
use crate::{IoError, write_atomically};

/// SOP class Segmentation Storage.
pub(crate) const SEGMENTATION: &str = "1.2.840.10008.5.1.4.1.1.66.4";
/// Segments a file may have: their numbers have 16 bits.
const MOST_SEGMENTS: usize = 65535;

/// A slice that one label has voxels in.
struct Frame {
    segment: usize,
    value: u16,
    slice: usize,
    /// The number of the slice among those written, from 1.
    place: u32,
    extent: Extent,
}

/// Writes a mask as a DICOM Segmentation: binary, a frame for each label and slice in which the label has voxels (PS3.3 C.8.20.2).
///
/// With the series that the mask was made on, the file is of the same patient, study and frame of reference, and each frame names the
/// picture it lies on; the patient's name and number are then in the file, as the standard demands. Without a series (the scan was a
/// NIfTI file, say) study, series and frame of reference are new and nobody's. A segment's number is not its label's value if values are
/// not 1, 2, 3, …; the value is kept in the segment's description.
///
/// # Errors
/// If no voxel has a label, the mask is not on the series' grid, rows and columns of the grid are not at right angles, or the file
/// cannot be written.
pub fn write_segmentation(
    path: &Path,
    labels: &LabelMap,
    table: &LabelTable,
    source: Option<&Series>,
    options: &SegmentationOptions,
) -> Result<(), IoError> {
    let unfit = |fault: &str, advice| study::unfit(path, fault, advice);
    let values = labels_on(path, labels, source, "the mask is empty, and a segmentation without segments is not allowed")?;
    if values.len() > MOST_SEGMENTS {
        return Err(unfit("the mask has more labels than a segmentation may have segments", "save it as NIfTI"));
    }
    let grid = labels.grid();
    let lattice = Lattice::of(grid).ok_or_else(|| unfit("rows and columns of the grid are not at right angles", "save it as NIfTI"))?;
    let study = Study::of(source)?;
    let frames = frames(labels, &values);
    let pixels = pack(labels, &frames);
    if pixels.len() > u32::MAX as usize - 1 {
        return Err(unfit("it would be larger than 4 GiB, more than a DICOM file can hold", "save it as NIfTI"));
    }
    let instance = new_uid();
    let mut writer = Writer::default();
    study.write(&mut writer);
    head(&mut writer, &study, options, &instance);
    image(&mut writer, grid, frames.len());
    segments(&mut writer, &study, &values, table, options);
    let source = source.filter(|series| series.is_referable());
    if let Some(series) = source {
        referenced(&mut writer, series);
    }
    groups(&mut writer, &lattice, &frames, source);
    writer.bytes(PIXEL_DATA, b"OB", &pixels);
    let bytes = writer.into_file(SEGMENTATION, &instance, true);
    write_atomically(path, |out| out.write_all(&bytes))
}

/// Where the slices of a grid are, in LPS+ millimetres.
pub(crate) struct Lattice {
    origin: DVec3,
    step: DVec3,
    /// Directions of rising column and row index.
    pub directions: [DVec3; 2],
    /// Millimetres between columns, rows and slices.
    pub spacing: [f64; 3],
}

impl Lattice {
    /// `None` if rows and columns are not at right angles.
    pub fn of(grid: &Grid) -> Option<Self> {
        let lps = DVec3::new(-1.0, -1.0, 1.0);
        let affine = grid.ras_from_voxel();
        let [column, row, step] = [0, 1, 2].map(|axis| affine.matrix3.col(axis) * lps);
        let directions = [column.normalize(), row.normalize()];
        let [dx, dy, _] = grid.spacing();
        let apart = step.dot(directions[0].cross(directions[1])).abs();
        let is_square = directions[0].dot(directions[1]).abs() < 1e-4;
        (is_square && apart > 0.0).then_some(Self { origin: affine.translation * lps, step, directions, spacing: [dx, dy, apart] })
    }

    /// The position of a slice's first voxel.
    pub fn position(&self, slice: usize) -> DVec3 {
        self.origin + self.step * slice as f64
    }
}

/// The columns and rows that a label has in a slice: the first of each, and one after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    pub columns: [usize; 2],
    pub rows: [usize; 2],
}

/// For each of `values`, which rise, and each slice, where in the slice it has voxels.
pub(crate) fn extents(labels: &LabelMap, values: &[u16]) -> Vec<Vec<Option<Extent>>> {
    let [columns, rows, slices] = labels.grid().shape();
    let mut found = vec![vec![None; slices]; values.len()];
    for slice in 0..slices {
        for row in 0..rows {
            let start = (slice * rows + row) * columns;
            let mut column = 0;
            while column < columns {
                // A run of one value at a time.
                let value = labels.at(start + column);
                let first = column;
                while column < columns && labels.at(start + column) == value {
                    column += 1;
                }
                if value == 0 {
                    continue;
                }
                if let Ok(label) = values.binary_search(&value)
                    && let Some(extent) = found.get_mut(label).and_then(|slices| slices.get_mut(slice))
                {
                    let known: &mut Extent = extent.get_or_insert(Extent { columns: [first, column], rows: [row, row + 1] });
                    known.columns = [known.columns[0].min(first), known.columns[1].max(column)];
                    known.rows[1] = row + 1;
                }
            }
        }
    }
    found
}

fn frames(labels: &LabelMap, values: &[u16]) -> Vec<Frame> {
    let found = extents(labels, values);
    let slices = labels.grid().shape()[2];
    let at = |row: &[Option<Extent>], slice: usize| row.get(slice).copied().flatten();
    let used: Vec<usize> = (0..slices).filter(|&slice| found.iter().any(|row| at(row, slice).is_some())).collect();
    let mut frames = Vec::new();
    for (segment, (&value, row)) in values.iter().zip(&found).enumerate() {
        for (place, &slice) in used.iter().enumerate() {
            if let Some(extent) = at(row, slice) {
                frames.push(Frame { segment, value, slice, place: place as u32 + 1, extent });
            }
        }
    }
    frames
}

/// One bit per voxel, the first in the lowest bit, frames one after the other without a gap (PS3.5 8.1.1).
fn pack(labels: &LabelMap, frames: &[Frame]) -> Vec<u8> {
    let [columns, rows, _] = labels.grid().shape();
    let size = columns * rows;
    let mut bytes = vec![0u8; (size * frames.len()).div_ceil(8)];
    for (n, frame) in frames.iter().enumerate() {
        let [first, last] = frame.extent.columns;
        for row in frame.extent.rows[0]..frame.extent.rows[1] {
            for pixel in row * columns + first..row * columns + last {
                if labels.at(frame.slice * size + pixel) == frame.value {
                    let bit = n * size + pixel;
                    if let Some(byte) = bytes.get_mut(bit / 8) {
                        *byte |= 1 << (bit % 8);
                    }
                }
            }
        }
    }
    bytes
}

/// Series, instance and time (PS3.3 C.7.3.1, C.8.20.1, C.12.1).
fn head(writer: &mut Writer, study: &Study, options: &SegmentationOptions, instance: &str) {
    let [date, time] = now();
    writer.text(tags::SOP_CLASS_UID, b"UI", SEGMENTATION).text(tags::SOP_INSTANCE_UID, b"UI", instance);
    writer.text(tags::MODALITY, b"CS", "SEG").text(tags::SERIES_INSTANCE_UID, b"UI", &new_uid());
    writer.text(tags::SERIES_DESCRIPTION, b"LO", &study.words(&options.description, 64));
    writer.text(tags::SERIES_NUMBER, b"IS", "9000").text(tags::INSTANCE_NUMBER, b"IS", "1");
    writer.text(tags::SERIES_DATE, b"DA", &date).text(tags::SERIES_TIME, b"TM", &time);
    writer.text(tags::CONTENT_DATE, b"DA", &date).text(tags::CONTENT_TIME, b"TM", &time);
    writer.text(tags::CONTENT_LABEL, b"CS", "SEGMENTATION").text(tags::CONTENT_DESCRIPTION, b"LO", "");
    writer.text(tags::CONTENT_CREATOR_NAME, b"PN", "");
}

/// The pictures (PS3.3 C.7.6.3, C.8.20.2).
fn image(writer: &mut Writer, grid: &Grid, count: usize) {
    let [columns, rows, _] = grid.shape();
    writer.text(tags::IMAGE_TYPE, b"CS", "DERIVED\\PRIMARY");
    writer.u16(tags::SAMPLES_PER_PIXEL, &[1]).text(tags::PHOTOMETRIC_INTERPRETATION, b"CS", "MONOCHROME2");
    writer.text(tags::NUMBER_OF_FRAMES, b"IS", &count.to_string());
    writer.u16(tags::ROWS, &[rows as u16]).u16(tags::COLUMNS, &[columns as u16]);
    writer.u16(tags::BITS_ALLOCATED, &[1]).u16(tags::BITS_STORED, &[1]).u16(tags::HIGH_BIT, &[0]);
    writer.u16(tags::PIXEL_REPRESENTATION, &[0]).text(tags::LOSSY_IMAGE_COMPRESSION, b"CS", "00");
    writer.text(tags::SEGMENTATION_TYPE, b"CS", "BINARY").text(tags::SEGMENTS_OVERLAP, b"CS", "NO");
}

/// What the segments are (PS3.3 C.8.20.2, C.8.20.4).
fn segments(writer: &mut Writer, study: &Study, values: &[u16], table: &LabelTable, options: &SegmentationOptions) {
    let (kind, model) = match &options.algorithm {
        Algorithm::Manual => ("MANUAL", None),
        Algorithm::SemiAutomatic(name) => ("SEMIAUTOMATIC", Some(name)),
        Algorithm::Automatic(name) => ("AUTOMATIC", Some(name)),
    };
    let items = values.iter().enumerate().map(|(n, &value)| {
        let known = table.get(value);
        let name = known.map_or_else(|| format!("label {value}"), |label| label.name.clone());
        let color = known.map_or_else(|| LabelTable::palette(value), |label| label.color);
        Writer::of(|item| {
            let name = study.words(&name, 64);
            item.u16(tags::SEGMENT_NUMBER, &[n as u16 + 1]);
            item.text(tags::SEGMENT_LABEL, b"LO", if name.is_empty() { "label" } else { &name });
            item.text(tags::SEGMENT_DESCRIPTION, b"ST", &format!("{VALUE_IS}{value}"));
            item.text(tags::SEGMENT_ALGORITHM_TYPE, b"CS", kind);
            if let Some(model) = model {
                let model = study.words(model, 64);
                item.text(tags::SEGMENT_ALGORITHM_NAME, b"LO", if model.is_empty() { "Medley" } else { &model });
            }
            item.u16(tags::RECOMMENDED_DISPLAY_CIELAB_VALUE, &lab_from_rgb(color));
            code(item, tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE, ["85756007", "SCT", "Tissue"]);
            code(item, tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE, ["85756007", "SCT", "Tissue"]);
        })
    });
    writer.sequence(tags::SEGMENT_SEQUENCE, items);
}

/// What a segment's description begins with, before the label's value.
pub(super) const VALUE_IS: &str = "Label value ";

/// A coded concept (PS3.3 8).
pub(crate) fn code(writer: &mut Writer, tag: Tag, [value, scheme, meaning]: [&str; 3]) {
    writer.item(tag, |item| {
        item.text(tags::CODE_VALUE, b"SH", value).text(tags::CODING_SCHEME_DESIGNATOR, b"SH", scheme);
        item.text(tags::CODE_MEANING, b"LO", meaning);
    });
}

/// Which pictures the mask was made on (PS3.3 C.12.2).
fn referenced(writer: &mut Writer, series: &Series) {
    let Some(first) = series.files.first() else { return };
    writer.item(tags::REFERENCED_SERIES_SEQUENCE, |item| {
        item.text(tags::SERIES_INSTANCE_UID, b"UI", &first.series_uid);
        let instances = series.files.iter().map(|file| {
            Writer::of(|item| {
                item.text(tags::REFERENCED_SOP_CLASS_UID, b"UI", &file.sop_class);
                item.text(tags::REFERENCED_SOP_INSTANCE_UID, b"UI", &file.sop_instance);
            })
        });
        item.sequence(tags::REFERENCED_INSTANCE_SEQUENCE, instances);
    });
}

/// Where the frames lie and what they show (PS3.3 C.7.6.16, C.7.6.17, C.8.20.3).
fn groups(writer: &mut Writer, lattice: &Lattice, frames: &[Frame], source: Option<&Series>) {
    let [dx, dy, dz] = lattice.spacing;
    let [column, row] = lattice.directions;
    writer.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, |shared| {
        shared.item(tags::PIXEL_MEASURES_SEQUENCE, |item| {
            item.decimals(tags::SLICE_THICKNESS, &[dz]).decimals(tags::SPACING_BETWEEN_SLICES, &[dz]);
            item.decimals(tags::PIXEL_SPACING, &[dy, dx]);
        });
        shared.item(tags::PLANE_ORIENTATION_SEQUENCE, |item| {
            item.decimals(tags::IMAGE_ORIENTATION_PATIENT, &[column.to_array(), row.to_array()].concat());
        });
    });
    let items = frames.iter().map(|frame| {
        Writer::of(|item| {
            if let Some(series) = source {
                derivation(item, series, frame.slice);
            }
            item.item(tags::FRAME_CONTENT_SEQUENCE, |content| {
                content.u32(tags::DIMENSION_INDEX_VALUES, &[frame.segment as u32 + 1, frame.place]);
            });
            item.item(tags::PLANE_POSITION_SEQUENCE, |place| {
                place.decimals(tags::IMAGE_POSITION_PATIENT, &lattice.position(frame.slice).to_array());
            });
            item.item(tags::SEGMENT_IDENTIFICATION_SEQUENCE, |segment| {
                segment.u16(tags::REFERENCED_SEGMENT_NUMBER, &[frame.segment as u16 + 1]);
            });
        })
    });
    writer.sequence(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, items);
    let organization = new_uid();
    writer.item(tags::DIMENSION_ORGANIZATION_SEQUENCE, |item| {
        item.text(tags::DIMENSION_ORGANIZATION_UID, b"UI", &organization);
    });
    let dimensions = [
        (tags::REFERENCED_SEGMENT_NUMBER, tags::SEGMENT_IDENTIFICATION_SEQUENCE, "Segment Number"),
        (tags::IMAGE_POSITION_PATIENT, tags::PLANE_POSITION_SEQUENCE, "Image Position (Patient)"),
    ];
    let items = dimensions.map(|(pointer, group, label)| {
        Writer::of(|item| {
            item.text(tags::DIMENSION_ORGANIZATION_UID, b"UI", &organization);
            item.tag(tags::DIMENSION_INDEX_POINTER, pointer).tag(tags::FUNCTIONAL_GROUP_POINTER, group);
            item.text(tags::DIMENSION_DESCRIPTION_LABEL, b"LO", label);
        })
    });
    writer.sequence(tags::DIMENSION_INDEX_SEQUENCE, items);
}

/// The picture that a frame lies on, if the slices of the mask are those of the files (PS3.3 C.7.6.16.2.6).
fn derivation(item: &mut Writer, series: &Series, slice: usize) {
    let Some((file, frame)) = series.picture(slice) else { return };
    item.item(tags::DERIVATION_IMAGE_SEQUENCE, |item| {
        code(item, tags::DERIVATION_CODE_SEQUENCE, ["113076", "DCM", "Segmentation"]);
        item.item(tags::SOURCE_IMAGE_SEQUENCE, |item| {
            item.text(tags::REFERENCED_SOP_CLASS_UID, b"UI", &file.sop_class);
            item.text(tags::REFERENCED_SOP_INSTANCE_UID, b"UI", &file.sop_instance);
            if file.frames.len() > 1 {
                item.text(tags::REFERENCED_FRAME_NUMBER, b"IS", &(frame + 1).to_string());
            }
            let purpose = ["121322", "DCM", "Source image for image processing operation"];
            code(item, tags::PURPOSE_OF_REFERENCE_CODE_SEQUENCE, purpose);
        });
    });
}
