//! From files to series: what has one Series Instance UID may still be several volumes.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use medley_volume::glam::DVec3;

use super::image::{Frame, ImageFile, Pixels};
use super::series::{Plane, Series};
use super::stack::{self, SAME_PLACE, counted};

/// Directions whose cosines differ by no more are the same.
const SAME_DIRECTION: f64 = 1e-3;

/// What every picture of a volume has in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    study: String,
    number: i64,
    series: String,
    frame_of_reference: String,
    is_localizer: bool,
    pixels: Pixels,
    stack: String,
}

impl Key {
    fn of(file: &ImageFile, frame: &Frame) -> Self {
        // Without a UID the rest of what the files say must do, and where they are.
        let series = match file.series_uid.as_str() {
            "" => {
                let mut hasher = DefaultHasher::new();
                (&file.study_uid, &file.series_number, &file.description, &file.modality, file.place.folder()).hash(&mut hasher);
                format!("series-{:016x}", hasher.finish())
            }
            uid => uid.to_owned(),
        };
        Self {
            study: file.study_uid.clone(),
            number: file.series_number.parse().unwrap_or(i64::MAX),
            series,
            frame_of_reference: file.frame_of_reference.clone(),
            is_localizer: file.is_localizer,
            pixels: file.pixels,
            stack: frame.stack.clone(),
        }
    }
}

/// The series of a number of files.
pub(crate) fn group(files: Vec<ImageFile>) -> Vec<Series> {
    let files: Vec<Arc<ImageFile>> = files.into_iter().map(Arc::new).collect();
    let mut groups: BTreeMap<Key, Vec<Plane>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        for (frame, about) in file.frames.iter().enumerate() {
            groups.entry(Key::of(file, about)).or_default().push(Plane { file: index, frame });
        }
    }
    let mut parts: Vec<(String, Vec<Plane>, Vec<String>)> = Vec::new();
    for (key, planes) in groups {
        for oriented in by_direction(&files, planes) {
            let mut notices = Vec::new();
            let unique = without_copies(&files, oriented, &mut notices);
            parts.extend(by_time(&files, unique).into_iter().map(|planes| (key.series.clone(), planes, notices.clone())));
        }
    }
    let mut totals: BTreeMap<String, usize> = BTreeMap::new();
    parts.iter().for_each(|(series, ..)| *totals.entry(series.clone()).or_default() += 1);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    parts
        .into_iter()
        .map(|(series, planes, mut notices)| {
            let total = totals.get(&series).copied().unwrap_or(1);
            let part = seen.entry(series.clone()).or_default();
            *part += 1;
            let (key, suffix) = match total {
                1 => (series, String::new()),
                _ => (format!("{series}/{part}"), format!(" (part {part} of {total})")),
            };
            if total > 1 {
                notices.push(format!("The series holds {total} volumes or views, which are listed apart: this is number {part}."));
            }
            make(&files, &planes, key, &suffix, notices)
        })
        .collect()
}

fn make(all: &[Arc<ImageFile>], planes: &[Plane], key: String, suffix: &str, mut notices: Vec<String>) -> Series {
    // A series keeps its own files only.
    let mut used: Vec<usize> = planes.iter().map(|plane| plane.file).collect();
    used.sort_unstable();
    used.dedup();
    let planes: Vec<Plane> =
        planes.iter().filter_map(|plane| Some(Plane { file: used.binary_search(&plane.file).ok()?, frame: plane.frame })).collect();
    let files: Vec<Arc<ImageFile>> = used.iter().filter_map(|&index| all.get(index)).cloned().collect();
    let first = files.first();
    let (stack, fault) = match stack::arrange(&files, &planes) {
        Ok(arranged) => {
            notices.extend(arranged.notices);
            (Some(arranged.stack), None)
        }
        Err(fault) => (None, Some(fault)),
    };
    if let Some(fault) = &fault {
        notices.push(format!("The series {fault}."));
    }
    if files.iter().any(|file| file.is_lossy) {
        notices.push("The pictures were compressed with losses before they were stored.".to_owned());
    }
    if files.iter().any(|file| file.is_mosaic) {
        notices.push("The pictures are mosaics of many slices and are not taken apart: they do not lie where they seem to.".to_owned());
    }
    if files.iter().any(|file| file.has_lookup) {
        notices.push("The files give values by a table (Modality LUT), which is not applied: values are the stored ones.".to_owned());
    }
    if first.is_some_and(|file| file.is_monochrome1) {
        notices.push("The pictures are stored to be shown inverted (MONOCHROME1): values are as stored.".to_owned());
    }
    let flat = first.map_or([0; 3], |file| [file.pixels.columns, file.pixels.rows, planes.len()]);
    Series {
        key,
        modality: first.map(|file| file.modality.clone()).unwrap_or_default(),
        description: first.map(|file| format!("{}{suffix}", file.description)).unwrap_or_default(),
        images: planes.len(),
        shape: stack.as_ref().map_or(flat, |stack| stack.grid.shape()),
        spacing: stack.as_ref().map_or([1.0; 3], |stack| stack.grid.spacing()),
        is_localizer: first.is_some_and(|file| file.is_localizer),
        notices,
        fault,
        files,
        stack,
    }
}

fn frame<'a>(files: &'a [Arc<ImageFile>], plane: &Plane) -> Option<&'a Frame> {
    files.get(plane.file)?.frames.get(plane.frame)
}

/// Apart by orientation and pixel spacing.
fn by_direction(files: &[Arc<ImageFile>], planes: Vec<Plane>) -> Vec<Vec<Plane>> {
    let mut groups: Vec<(Option<&Frame>, Vec<Plane>)> = Vec::new();
    for plane in planes {
        let about = frame(files, &plane);
        match groups.iter_mut().find(|(known, _)| is_alike(*known, about)) {
            Some((_, group)) => group.push(plane),
            None => groups.push((about, vec![plane])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn is_alike(a: Option<&Frame>, b: Option<&Frame>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let is_turned = match (a.orientation, b.orientation) {
        (Some(a), Some(b)) => a.iter().zip(b).any(|(a, b): (&DVec3, DVec3)| (*a - b).abs().max_element() > SAME_DIRECTION),
        (a, b) => a.is_some() != b.is_some(),
    };
    let is_scaled = match (a.spacing, b.spacing) {
        (Some(a), Some(b)) => a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1e-3 * a),
        (a, b) => a.is_some() != b.is_some(),
    };
    !is_turned && !is_scaled && a.position.is_some() == b.position.is_some()
}

/// Without files that are there twice, told by their SOP Instance UID.
fn without_copies(files: &[Arc<ImageFile>], planes: Vec<Plane>, notices: &mut Vec<String>) -> Vec<Plane> {
    let before = planes.len();
    let mut seen = HashSet::new();
    let unique: Vec<Plane> = planes
        .into_iter()
        .filter(|plane| match files.get(plane.file).map(|file| file.sop_instance.as_str()) {
            None | Some("") => true,
            Some(uid) => seen.insert((uid, plane.frame)),
        })
        .collect();
    if unique.len() < before {
        let copies = counted(before - unique.len(), "picture is there twice and was", "pictures are there more than once and were");
        notices.push(format!("{copies} left out once (same SOP Instance UID)."));
    }
    unique
}

/// Places along the normal, and how many pictures are at each.
fn places(files: &[Arc<ImageFile>], planes: &[Plane]) -> Vec<usize> {
    let mut along: Vec<f64> = planes
        .iter()
        .filter_map(|plane| frame(files, plane))
        .filter_map(|frame| frame.orientation.zip(frame.position).map(|([column, row], at)| at.dot(column.cross(row))))
        .collect();
    along.sort_by(f64::total_cmp);
    let mut counts = Vec::new();
    let mut last = f64::NEG_INFINITY;
    for at in along {
        match counts.last_mut() {
            Some(count) if at - last < SAME_PLACE => *count += 1,
            _ => {
                counts.push(1);
                last = at;
            }
        }
    }
    counts
}

/// Apart by what tells pictures at the same place apart: time, echo, diffusion weighting, ….
fn by_time(files: &[Arc<ImageFile>], planes: Vec<Plane>) -> Vec<Vec<Plane>> {
    let counts = places(files, &planes);
    let most = counts.iter().copied().max().unwrap_or(1);
    if most == 1 {
        return vec![planes];
    }
    let kinds = frame_kinds(files, &planes);
    for kind in 0..kinds {
        let value = |plane: &Plane| frame(files, plane).and_then(|frame| frame.apart.get(kind)).map_or("", String::as_str);
        let values: BTreeSet<&str> = planes.iter().map(value).collect();
        if values.len() < 2 || values.len() > most {
            continue;
        }
        // By their numbers, so that time point 10 comes after 9.
        let mut order: Vec<&str> = values.into_iter().collect();
        order.sort_by(|a, b| number(a).total_cmp(&number(b)).then(a.cmp(b)));
        let groups: Vec<Vec<Plane>> =
            order.iter().map(|&wanted| planes.iter().filter(|plane| value(plane) == wanted).copied().collect()).collect();
        let is_sound = groups.iter().all(|group| counts.len() == 1 || places(files, group).len() > 1);
        if is_sound {
            return groups.into_iter().flat_map(|group| by_time(files, group)).collect();
        }
    }
    let is_even = counts.len() > 1 && counts.iter().all(|&count| count == most);
    if is_even { by_rank(files, planes, most) } else { vec![planes] }
}

fn frame_kinds(files: &[Arc<ImageFile>], planes: &[Plane]) -> usize {
    planes.first().and_then(|plane| frame(files, plane)).map_or(0, |frame| frame.apart.len())
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::INFINITY)
}

/// Every place has the same number of pictures and nothing but the order of the scanner tells them apart.
fn by_rank(files: &[Arc<ImageFile>], mut planes: Vec<Plane>, most: usize) -> Vec<Vec<Plane>> {
    planes.sort_by_key(|plane| (files.get(plane.file).map_or(0, |file| file.instance_number), plane.frame));
    let along =
        |plane: &Plane| frame(files, plane).and_then(|f| Some(f.position?.dot(f.orientation?[0].cross(f.orientation?[1])))).unwrap_or(0.0);
    let mut groups: Vec<Vec<Plane>> = vec![Vec::new(); most];
    let mut sorted: Vec<(f64, usize)> = planes.iter().enumerate().map(|(rank, plane)| (along(plane), rank)).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    for place in sorted.chunks(most) {
        let mut ranks: Vec<usize> = place.iter().map(|&(_, rank)| rank).collect();
        ranks.sort_unstable();
        for (group, rank) in groups.iter_mut().zip(ranks) {
            group.extend(planes.get(rank));
        }
    }
    groups
}
