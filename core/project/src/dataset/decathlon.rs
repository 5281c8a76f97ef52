//! The Medical Segmentation Decathlon's `dataset.json`.
//!
//! `labels` maps numbers (as text) to names, `modality` channel numbers to names, `training` lists pairs of `image` and `label`,
//! `test` lists images. `validation`, which the Decathlon has not, lists pairs as `training` does.

use medley_volume::{LabelTable, Quantity};
use serde_json::Value;

use super::json::{Json, add_label, is_ct, kind, label_value, plain};
use super::place::{Places, is_scan, name_cases, warn_of_leaks};
use super::{DataSet, DataSetCase, Options};
use crate::{ProjectError, Role};

pub(super) fn read(json: &Json, options: &Options) -> Result<DataSet, ProjectError> {
    if !["training", "validation", "test"].iter().any(|key| json.has(key)) {
        let what = "is not a list of cases Medley knows: it has neither `training` (Medical Segmentation Decathlon) nor `file_ending` \
                    (nnU-Net v2); choose the data set's own dataset.json";
        return Err(json.fail(what));
    }
    let mut notices = Vec::new();
    let mut places = Places::default();
    let mut cases = Vec::new();
    for (key, role) in [("training", Role::Training), ("validation", Role::Validation), ("test", Role::Unassigned)] {
        let before = cases.len();
        for (number, entry) in json.list(key)?.iter().enumerate() {
            let case = case(json, key, number, entry, role, &mut places)?;
            if role == Role::Unassigned && !is_scan(&case.image) {
                continue;
            }
            cases.push(case);
        }
        let absent = json.list(key)?.len() - (cases.len() - before);
        if absent > 0 {
            notices.push(format!("{absent} of the images under `test` are not there and were left out."));
        }
    }
    for case in cases.iter().filter(|case| case.role != Role::Unassigned) {
        places.require_scan(&case.image);
        case.label.iter().for_each(|label| places.require(label));
    }
    places.finish(&json.path, options, &mut notices)?;
    json.check_count("numTraining", json.list("training")?.len(), &mut notices);
    json.check_count("numValidation", json.list("validation")?.len(), &mut notices);
    name_cases(&mut cases);
    warn_of_leaks(&cases, &mut notices);
    let label_table = labels(json, &mut notices)?;
    let quantity = quantity(json, &mut notices);
    Ok(DataSet { name: json.name(), label_table, cases, notices, quantity, study: None })
}

/// A case: a pair, or the path of an image alone.
fn case(json: &Json, key: &str, number: usize, entry: &Value, role: Role, places: &mut Places) -> Result<DataSetCase, ProjectError> {
    let mut path = |value: &Value, field: &str| match value {
        Value::String(text) => Ok(Some(places.resolve(json.folder(), text))),
        Value::Null => Ok(None),
        other => Err(json.fail(format!("`{key}`, entry {}: {field} must be a path, but is {}; mend the file", number + 1, kind(other)))),
    };
    let (image, label) = match entry {
        Value::Object(fields) => {
            let image = path(fields.get("image").unwrap_or(&Value::Null), "`image`")?;
            (image, path(fields.get("label").unwrap_or(&Value::Null), "`label`")?)
        }
        alone => (path(alone, "it")?, None),
    };
    let Some(image) = image else {
        return Err(json.fail(format!("`{key}`, entry {} has no `image`; mend the file", number + 1)));
    };
    if label.is_none() && role != Role::Unassigned {
        return Err(json.fail(format!("`{key}`, entry {} has no `label`; add it or move the entry to `test`", number + 1)));
    }
    Ok(DataSetCase::listed(image, label, role))
}

fn labels(json: &Json, notices: &mut Vec<String>) -> Result<LabelTable, ProjectError> {
    let mut table = LabelTable::default();
    let Some(fields) = json.object("labels")? else {
        notices.push(format!("{} names no labels; they are numbered.", json.path.display()));
        return Ok(table);
    };
    for (key, value) in fields {
        // Some lists have it the other way round, the name before the number.
        let named = label_value(&Value::String(key.clone())).zip(value.as_str());
        let Some((number, name)) = named.or_else(|| label_value(value).map(|number| (number, key.as_str()))) else {
            let what =
                format!("label `{}` is neither a number from 0 to 65535 with a name nor a name with a number; mend `labels`", plain(key));
            return Err(json.fail(what));
        };
        add_label(&mut table, number, name);
    }
    Ok(table)
}

/// What the first channel's values mean; the others are not read.
fn quantity(json: &Json, notices: &mut Vec<String>) -> Option<Quantity> {
    let modality = json.fields.get("modality")?;
    let words: Vec<&str> = match modality {
        Value::Object(fields) => fields.values().filter_map(Value::as_str).collect(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        Value::String(word) => vec![word],
        _ => return None,
    };
    let first = match modality {
        Value::Object(fields) => fields.get("0").and_then(Value::as_str).or(words.first().copied())?,
        _ => words.first().copied()?,
    };
    if words.len() > 1 {
        notices.push(format!("The data set has {} channels; only the first ({}) is used.", words.len(), plain(first)));
    }
    Some(if is_ct(first) { Quantity::Hounsfield } else { Quantity::Arbitrary })
}
