//! nnU-Net v2's `dataset.json`: `channel_names`, `labels` (name to number), `file_ending`; images in `imagesTr/CASE_0000.ENDING`,
//! masks in `labelsTr/CASE.ENDING`, images without masks in `imagesTs`. Instead of the folders it may list its files under
//! `dataset`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use medley_volume::{LabelTable, Quantity};
use serde_json::Value;

use super::json::{Json, add_label, is_ct, kind, label_value, plain};
use super::place::Places;
use super::words;
use super::{DataSet, DataSetCase, Options};
use crate::{ProjectError, Role};

pub(super) fn read(json: &Json, options: &Options) -> Result<DataSet, ProjectError> {
    let mut notices = Vec::new();
    let mut places = Places::default();
    let ending = ending(json)?;
    let mut cases = match json.object("dataset")? {
        Some(_) => listed(json, &mut places)?,
        None => in_folder(json, "imagesTr", &ending, Role::Training)?,
    };
    if cases.is_empty() {
        return Err(json.fail(format!("lists no cases: there is no imagesTr/CASE_0000{ending} beside it; put the images there")));
    }
    for case in &cases {
        places.require(&case.image);
        case.label.iter().for_each(|label| places.require(label));
    }
    places.finish(&json.path, options, &mut notices)?;
    json.check_count("numTraining", cases.len(), &mut notices);
    if json.folder().join("imagesTs").is_dir() {
        let names: std::collections::HashSet<String> = cases.iter().map(|case| case.name.clone()).collect();
        let test = in_folder(json, "imagesTs", &ending, Role::Unassigned)?;
        cases.extend(test.into_iter().filter(|case| !names.contains(&case.name)));
    }
    let label_table = labels(json, &mut notices)?;
    let quantity = quantity(json, &mut notices)?;
    Ok(DataSet { name: json.name(), label_table, cases, notices, quantity, study: None })
}

fn ending(json: &Json) -> Result<String, ProjectError> {
    let ending = match json.fields.get("file_ending") {
        None => ".nii.gz",
        Some(Value::String(ending)) => ending.as_str(),
        Some(other) => return Err(json.fail(format!("`file_ending` must be text, but is {}; mend the file", kind(other)))),
    };
    if !words::ENDINGS.contains(&ending) {
        return Err(json.fail(format!("has files ending in `{}`, which Medley does not read; convert them to .nii.gz", plain(ending))));
    }
    Ok(ending.to_owned())
}

/// Cases by their first channel in a folder, by rising name.
fn in_folder(json: &Json, folder: &str, ending: &str, role: Role) -> Result<Vec<DataSetCase>, ProjectError> {
    let images = json.folder().join(folder);
    if !images.is_dir() {
        return Err(json.fail(format!("belongs to a folder {}, which is not there; put the images there", images.display())));
    }
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for entry in fs::read_dir(&images).map_err(ProjectError::file(&images, "read"))? {
        let path = entry.map_err(ProjectError::file(&images, "read"))?.path();
        let stem = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(ending));
        if let Some(name) = stem.and_then(|stem| stem.strip_suffix("_0000")).filter(|name| !name.is_empty()) {
            found.insert(name.to_owned(), path);
        }
    }
    let label = |name: &str| (role == Role::Training).then(|| json.folder().join("labelsTr").join(format!("{name}{ending}")));
    let case = |(name, image): (String, PathBuf)| {
        let label = label(&name);
        DataSetCase { name, ..DataSetCase::listed(image, label, role) }
    };
    Ok(found.into_iter().map(case).collect())
}

/// Cases listed under `dataset`: name to `{"images": […], "label": …}`.
fn listed(json: &Json, places: &mut Places) -> Result<Vec<DataSetCase>, ProjectError> {
    let mut cases = Vec::new();
    for (name, entry) in json.object("dataset")?.into_iter().flatten() {
        let image = entry.get("images").and_then(Value::as_array).and_then(|images| images.first()).and_then(Value::as_str);
        let label = entry.get("label").and_then(Value::as_str);
        let (Some(image), Some(label)) = (image, label) else {
            return Err(json.fail(format!("`dataset`, case `{}` lacks its `images` or its `label`; mend the file", plain(name))));
        };
        let (image, label) = (places.resolve(json.folder(), image), places.resolve(json.folder(), label));
        cases.push(DataSetCase { name: plain(name), ..DataSetCase::listed(image, Some(label), Role::Training) });
    }
    Ok(cases)
}

/// Names of single values. A region (a list of values under one name) has no value of its own: its values are numbered unless
/// they are named elsewhere. `ignore` marks voxels nobody labelled.
fn labels(json: &Json, notices: &mut Vec<String>) -> Result<LabelTable, ProjectError> {
    let mut table = LabelTable::default();
    let Some(fields) = json.object("labels")? else {
        return Err(json.fail("has no `labels`; add them as {\"background\": 0, \"NAME\": 1}"));
    };
    let mut in_regions = Vec::new();
    let mut ignored = None;
    for (name, value) in fields {
        let refuse = || json.fail(format!("label `{}` has no number from 0 to 65535; mend `labels`", plain(name)));
        match value {
            Value::Array(values) => {
                for value in values {
                    in_regions.push(label_value(value).ok_or_else(refuse)?);
                }
                notices.push(format!("Label `{}` is a region of several values; Medley learns each value by itself.", plain(name)));
            }
            value => {
                let value = label_value(value).ok_or_else(refuse)?;
                if name == "ignore" {
                    ignored = Some(value);
                } else {
                    add_label(&mut table, value, name);
                }
            }
        }
    }
    if let Some(value) = ignored {
        notices
            .push(format!("Label {value} means \"ignore\" in this data set: nobody labelled those voxels. It is not in the label table."));
    }
    table.add_unknown(in_regions.into_iter().filter(|&value| Some(value) != ignored));
    Ok(table)
}

/// nnU-Net treats a channel as CT if, and only if, it is called so.
fn quantity(json: &Json, notices: &mut Vec<String>) -> Result<Option<Quantity>, ProjectError> {
    let Some(channels) = json.object("channel_names")? else { return Ok(None) };
    let Some(first) = channels.get("0").or_else(|| channels.values().next()).and_then(Value::as_str) else { return Ok(None) };
    if channels.len() > 1 {
        notices.push(format!("The data set has {} channels; only the first ({}) is used.", channels.len(), plain(first)));
    }
    Ok(Some(if is_ct(first) { Quantity::Hounsfield } else { Quantity::Arbitrary }))
}
