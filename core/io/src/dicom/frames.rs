//! Where each frame of a file lies: from the top of the data set, from functional groups (PS3.3 C.7.6.16), or from the vectors of
//! nuclear medicine and dose.

use medley_volume::glam::DVec3;

use super::data_set::DataSet;
use super::image::Frame;
use super::tags;

/// What tells images at the same place apart, in the order in which it is tried.
const APART: [u32; 8] = [
    tags::TEMPORAL_POSITION_IDENTIFIER,
    tags::ECHO_NUMBERS,
    tags::ECHO_TIME,
    tags::DIFFUSION_B_VALUE,
    tags::TRIGGER_TIME,
    tags::ACQUISITION_NUMBER,
    tags::IMAGE_TYPE,
    tags::FLIP_ANGLE,
];

/// The `count` frames of a data set.
pub(crate) fn read(set: &DataSet<'_>, count: usize) -> Vec<Frame> {
    let top = top(set);
    let per_frame = set.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE);
    let shared = set.item(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE);
    if per_frame.is_empty() && shared.is_none() {
        return stepped(set, top, count);
    }
    let base = shared.map_or_else(|| top.clone(), |groups| with_groups(&top, &groups));
    let mut frames: Vec<Frame> = per_frame.iter().take(count).map(|groups| with_groups(&base, groups)).collect();
    frames.resize(count, base);
    frames
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn top(set: &DataSet<'_>) -> Frame {
    let inner = set.item(tags::DETECTOR_INFORMATION_SEQUENCE);
    let position = |set: &DataSet<'_>| set.decimals::<3>(tags::IMAGE_POSITION_PATIENT).map(DVec3::from_array);
    let directions = |set: &DataSet<'_>| set.decimals::<6>(tags::IMAGE_ORIENTATION_PATIENT).and_then(orientation);
    let spacing = set.decimals::<2>(tags::PIXEL_SPACING).or_else(|| set.decimals::<2>(tags::IMAGER_PIXEL_SPACING));
    let number = |tag| set.number(tag, b"DS").and_then(finite);
    Frame {
        position: position(set).or_else(|| inner.as_ref().and_then(position)),
        orientation: directions(set).or_else(|| inner.as_ref().and_then(directions)),
        spacing: spacing.filter(|spacing| spacing.iter().all(|&mm| mm > 0.0)),
        thickness: number(tags::SPACING_BETWEEN_SLICES)
            .filter(|&mm| mm > 0.0)
            .or_else(|| number(tags::SLICE_THICKNESS))
            .filter(|&mm| mm > 0.0),
        slope: number(tags::RESCALE_SLOPE).or_else(|| number(tags::DOSE_GRID_SCALING)).filter(|&slope| slope != 0.0).unwrap_or(1.0),
        intercept: number(tags::RESCALE_INTERCEPT).unwrap_or(0.0),
        apart: APART.iter().map(|&tag| told_apart(set, tag)).collect(),
        stack: String::new(),
    }
}

fn told_apart(set: &DataSet<'_>, tag: u32) -> String {
    match tag {
        tags::DIFFUSION_B_VALUE => set.number(tag, b"FD").map(|value| value.to_string()).unwrap_or_default(),
        _ => set.text(tag),
    }
}

/// Two directions of unit length at right angles, if they are such to a thousandth or so.
fn orientation(cosines: [f64; 6]) -> Option<[DVec3; 2]> {
    let [a, b, c, d, e, f] = cosines;
    let (column, row) = (DVec3::new(a, b, c), DVec3::new(d, e, f));
    let is_sound = (column.length() - 1.0).abs() < 1e-2 && (row.length() - 1.0).abs() < 1e-2 && column.dot(row).abs() < 1e-2;
    is_sound.then(|| [column.normalize(), row.normalize()])
}

/// A frame with what its functional groups say.
fn with_groups(base: &Frame, groups: &DataSet<'_>) -> Frame {
    let mut frame = base.clone();
    if let Some(place) = groups.item(tags::PLANE_POSITION_SEQUENCE) {
        frame.position = place.decimals::<3>(tags::IMAGE_POSITION_PATIENT).map(DVec3::from_array).or(frame.position);
    }
    if let Some(turn) = groups.item(tags::PLANE_ORIENTATION_SEQUENCE) {
        frame.orientation = turn.decimals::<6>(tags::IMAGE_ORIENTATION_PATIENT).and_then(orientation).or(frame.orientation);
    }
    if let Some(measures) = groups.item(tags::PIXEL_MEASURES_SEQUENCE) {
        let inner = top(&measures);
        frame.spacing = inner.spacing.or(frame.spacing);
        frame.thickness = inner.thickness.or(frame.thickness);
    }
    if let Some(values) = groups.item(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE) {
        let inner = top(&values);
        (frame.slope, frame.intercept) = (inner.slope, inner.intercept);
    }
    let mut tell = |tag: u32, text: String| {
        if let Some(at) = APART.iter().position(|&known| known == tag)
            && let Some(slot) = frame.apart.get_mut(at)
            && !text.is_empty()
        {
            *slot = text;
        }
    };
    if let Some(content) = groups.item(tags::FRAME_CONTENT_SEQUENCE) {
        let index = content.number(tags::TEMPORAL_POSITION_INDEX, b"UL");
        tell(tags::TEMPORAL_POSITION_IDENTIFIER, index.map(|index| index.to_string()).unwrap_or_default());
        frame.stack = content.text(tags::STACK_ID);
    }
    if let Some(echo) = groups.item(tags::MR_ECHO_SEQUENCE) {
        let time = echo.number(tags::EFFECTIVE_ECHO_TIME, b"FD");
        tell(tags::ECHO_TIME, time.map(|time| time.to_string()).unwrap_or_default());
    }
    if let Some(diffusion) = groups.item(tags::MR_DIFFUSION_SEQUENCE) {
        tell(tags::DIFFUSION_B_VALUE, told_apart(&diffusion, tags::DIFFUSION_B_VALUE));
    }
    frame
}

/// Frames that follow each other along the normal: at the offsets of a dose grid (PS3.3 C.8.8.3.2), or a slice apart where a file with
/// several frames gives one position and the distance between slices. Else only the first frame's place is known.
fn stepped(set: &DataSet<'_>, top: Frame, count: usize) -> Vec<Frame> {
    if count == 1 {
        return vec![top];
    }
    let offsets = set.numbers(tags::GRID_FRAME_OFFSET_VECTOR, b"DS");
    let step = set.number(tags::SPACING_BETWEEN_SLICES, b"DS").and_then(finite).filter(|&mm| mm != 0.0);
    let along = |n: usize| -> Option<f64> {
        match offsets.get(n) {
            // Offsets whose first is the position itself are absolute: only axial grids may have those.
            Some(&offset) if offset.is_finite() => Some(offset - offsets.first().copied().unwrap_or(0.0)),
            _ => step.map(|step| step * n as f64),
        }
    };
    (0..count)
        .map(|n| {
            let place = top.position.zip(top.orientation).zip(along(n));
            let position = place.map(|((position, [column, row]), along)| position + column.cross(row) * along);
            Frame { position, ..top.clone() }
        })
        .collect()
}
