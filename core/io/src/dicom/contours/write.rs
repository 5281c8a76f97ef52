use std::path::Path;

use medley_volume::glam::DVec3;
use medley_volume::{Grid, LabelMap, LabelTable};

use super::polygon::borders;
use crate::dicom::segmentation::{Algorithm, Extent, SegmentationOptions, extents};
use crate::dicom::series::Series;
use crate::dicom::study::{Study, labels_on, now};
use crate::dicom::tags;
use crate::dicom::writer::{Writer, new_uid};
use crate::{IoError, write_atomically};

/// SOP class RT Structure Set Storage.
const STRUCTURE_SET: &str = "1.2.840.10008.5.1.4.1.1.481.3";
/// Detached Study Management, retired, which a structure set names all the same (PS3.3 C.8.8.5).
const DETACHED_STUDY: &str = "1.2.840.10008.3.1.2.3.1";

/// Writes a mask as an RT Structure Set: for each label and slice the polygons along voxel borders, holes as polygons of their own
/// (even-odd rule). Each contour names the picture it lies in. As for [`crate::dicom::write_segmentation`], patient and study are those
/// of the series, or new and nobody's without one. Coordinates are written to a ten-thousandth of a millimetre.
///
/// # Errors
/// If no voxel has a label, the mask is not on the series' grid, or the file cannot be written.
pub fn write_contours(
    path: &Path,
    labels: &LabelMap,
    table: &LabelTable,
    source: Option<&Series>,
    options: &SegmentationOptions,
) -> Result<(), IoError> {
    let values = labels_on(path, labels, source, "the mask is empty, and a structure set without contours is of no use")?;
    let study = Study::of(source)?;
    let source = source.filter(|series| series.is_referable());
    let instance = new_uid();
    let mut writer = Writer::default();
    study.write(&mut writer);
    head(&mut writer, &study, options, &instance);
    referenced(&mut writer, &study, source);
    let generation = if matches!(options.algorithm, Algorithm::Manual) { "MANUAL" } else { "SEMIAUTOMATIC" };
    let regions = values.iter().map(|&value| {
        let name = table.get(value).map_or_else(|| format!("label {value}"), |label| label.name.clone());
        Writer::of(|item| {
            item.text(tags::ROI_NUMBER, b"IS", &value.to_string());
            item.text(tags::REFERENCED_FRAME_OF_REFERENCE_UID, b"UI", &study.frame_of_reference);
            item.text(tags::ROI_NAME, b"LO", &study.words(&name, 64)).text(tags::ROI_GENERATION_ALGORITHM, b"CS", generation);
        })
    });
    writer.sequence(tags::STRUCTURE_SET_ROI_SEQUENCE, regions);
    let found = extents(labels, &values);
    let drawn = values.iter().zip(&found).map(|(&value, found)| {
        let color = table.get(value).map_or_else(|| LabelTable::palette(value), |label| label.color);
        Writer::of(|item| {
            item.text(tags::ROI_DISPLAY_COLOR, b"IS", &color.map(|part| part.to_string()).join("\\"));
            item.text(tags::REFERENCED_ROI_NUMBER, b"IS", &value.to_string());
            item.sequence(tags::CONTOUR_SEQUENCE, contours(labels, value, found, source));
        })
    });
    writer.sequence(tags::ROI_CONTOUR_SEQUENCE, drawn);
    let observations = values.iter().enumerate().map(|(n, &value)| {
        Writer::of(|item| {
            item.text(tags::OBSERVATION_NUMBER, b"IS", &(n + 1).to_string());
            item.text(tags::REFERENCED_ROI_NUMBER, b"IS", &value.to_string());
            item.text(tags::RT_ROI_INTERPRETED_TYPE, b"CS", "").text(tags::ROI_INTERPRETER, b"PN", "");
        })
    });
    writer.sequence(tags::RT_ROI_OBSERVATIONS_SEQUENCE, observations);
    // Implicit, because the points of a contour may take more than the 64 KiB that explicit text can have.
    let bytes = writer.into_file(STRUCTURE_SET, &instance, false);
    write_atomically(path, |out| out.write_all(&bytes))
}

fn head(writer: &mut Writer, study: &Study, options: &SegmentationOptions, instance: &str) {
    let [date, time] = now();
    writer.text(tags::SOP_CLASS_UID, b"UI", STRUCTURE_SET).text(tags::SOP_INSTANCE_UID, b"UI", instance);
    writer.text(tags::MODALITY, b"CS", "RTSTRUCT").text(tags::SERIES_INSTANCE_UID, b"UI", &new_uid());
    writer.text(tags::SERIES_DESCRIPTION, b"LO", &study.words(&options.description, 64));
    writer.text(tags::SERIES_NUMBER, b"IS", "9001").text(tags::INSTANCE_NUMBER, b"IS", "1");
    writer.text(tags::OPERATORS_NAME, b"PN", "");
    writer.text(tags::STRUCTURE_SET_LABEL, b"SH", &study.words(&options.description, 16));
    writer.text(tags::STRUCTURE_SET_DATE, b"DA", &date).text(tags::STRUCTURE_SET_TIME, b"TM", &time);
}

/// Frame of reference, study, series and pictures that the contours belong to (PS3.3 C.8.8.5).
fn referenced(writer: &mut Writer, study: &Study, source: Option<&Series>) {
    writer.item(tags::REFERENCED_FRAME_OF_REFERENCE_SEQUENCE, |frame| {
        frame.text(tags::FRAME_OF_REFERENCE_UID, b"UI", &study.frame_of_reference);
        let Some((series, first)) = source.and_then(|series| Some((series, series.files.first()?))) else { return };
        frame.item(tags::RT_REFERENCED_STUDY_SEQUENCE, |item| {
            item.text(tags::REFERENCED_SOP_CLASS_UID, b"UI", DETACHED_STUDY);
            item.text(tags::REFERENCED_SOP_INSTANCE_UID, b"UI", &first.study_uid);
            item.item(tags::RT_REFERENCED_SERIES_SEQUENCE, |item| {
                item.text(tags::SERIES_INSTANCE_UID, b"UI", &first.series_uid);
                let pictures = series.files.iter().map(|file| Writer::of(|item| named(item, &file.sop_class, &file.sop_instance)));
                item.sequence(tags::CONTOUR_IMAGE_SEQUENCE, pictures);
            });
        });
    });
}

fn named(item: &mut Writer, class: &str, instance: &str) {
    item.text(tags::REFERENCED_SOP_CLASS_UID, b"UI", class).text(tags::REFERENCED_SOP_INSTANCE_UID, b"UI", instance);
}

/// The contours of one label.
fn contours(labels: &LabelMap, value: u16, found: &[Option<Extent>], source: Option<&Series>) -> Vec<Writer> {
    let grid = labels.grid();
    let [columns, rows, _] = grid.shape();
    let mut written = Vec::new();
    for (slice, extent) in found.iter().enumerate().filter_map(|(slice, extent)| Some((slice, (*extent)?))) {
        let start = slice * columns * rows;
        let ([left, right], [top, bottom]) = (extent.columns, extent.rows);
        let is_inside = |i: usize, j: usize| labels.at(start + (top + j) * columns + left + i) == value;
        let mut polygons = borders(right - left, bottom - top, is_inside);
        for [i, j] in polygons.iter_mut().flatten() {
            (*i, *j) = (*i + left as f64, *j + top as f64);
        }
        for polygon in polygons {
            written.push(Writer::of(|item| {
                if let Some((file, frame)) = source.and_then(|series| series.picture(slice)) {
                    item.item(tags::CONTOUR_IMAGE_SEQUENCE, |item| {
                        named(item, &file.sop_class, &file.sop_instance);
                        if file.frames.len() > 1 {
                            item.text(tags::REFERENCED_FRAME_NUMBER, b"IS", &(frame + 1).to_string());
                        }
                    });
                }
                item.text(tags::CONTOUR_GEOMETRIC_TYPE, b"CS", "CLOSED_PLANAR");
                item.text(tags::NUMBER_OF_CONTOUR_POINTS, b"IS", &polygon.len().to_string());
                item.text(tags::CONTOUR_DATA, b"DS", &coordinates(grid, slice, &polygon));
            }));
        }
    }
    written
}

fn coordinates(grid: &Grid, slice: usize, polygon: &[[f64; 2]]) -> String {
    let points = polygon.iter().map(|&[i, j]| {
        let ras = grid.ras_from_voxel().transform_point3(DVec3::new(i, j, slice as f64));
        format!("{:.4}\\{:.4}\\{:.4}", -ras.x, -ras.y, ras.z)
    });
    points.collect::<Vec<_>>().join("\\")
}
