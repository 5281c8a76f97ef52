//! Of which training a checkpoint is.

use serde::Serialize;
use serde_json::{Map, Value};

use super::exact::{packed, unpacked};

use crate::card::{CardArchitecture, CardLabel, CardSet, CardSettings, CardWeights};
use crate::{LearnError, Recipe};

/// Everything from which a training follows.
#[derive(Debug, Serialize)]
pub(crate) struct Identity<'a> {
    pub(crate) program: String,
    pub(crate) device: &'a str,
    pub(crate) weights: &'a CardWeights,
    pub(crate) architecture: &'a CardArchitecture,
    pub(crate) labels: &'a [CardLabel],
    pub(crate) sets: &'a [CardSet],
    /// A hash of what is true of the cases, where no mask says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) answers: Option<&'a str>,
    pub(crate) recipe: Option<&'a Recipe>,
    pub(crate) settings: &'a CardSettings,
}

impl Identity<'_> {
    /// The same as it lies in a file, its numbers to the last bit.
    pub(crate) fn value(&self) -> Result<Map<String, Value>, LearnError> {
        let unwritable = |error: serde_json::Error| LearnError::Setting(format!("the settings cannot be written down: {error}"));
        let device = known(self.device);
        match packed(serde_json::to_value(Self { device, program: self.program.clone(), ..*self }).map_err(unwritable)?) {
            Value::Object(fields) => Ok(fields),
            _ => Ok(Map::new()),
        }
    }
}

/// A processor with more or fewer threads computes the same.
fn known(device: &str) -> &str {
    match device.split_once(" (") {
        Some((processor, _)) if device.starts_with("cpu, ") => processor,
        _ => device,
    }
}

/// In what a checkpoint's training (`found`) differs from the one that would go on from it, as the end of a sentence.
pub(super) fn difference(found: &Map<String, Value>, wanted: &Map<String, Value>) -> Option<String> {
    let differs = |key: &str| found.get(key) != wanted.get(key);
    let word = |of: &Map<String, Value>, key: &str| of.get(key).map_or_else(|| "nothing".to_owned(), short);
    let keys = ["program", "device", "settings", "weights", "labels", "sets", "answers", "architecture", "recipe"];
    let key = keys.into_iter().find(|key| differs(key))?;
    Some(match key {
        "program" => format!("it was written by {}, and this is {}", word(found, key), word(wanted, key)),
        "device" => format!("the training was begun on {}, and this is {}", word(found, key), word(wanted, key)),
        "settings" => format!("the training was begun with other settings ({})", setting(found.get(key), wanted.get(key))),
        "weights" => "the training was begun from other weights".to_owned(),
        "labels" => "the training was begun with other labels".to_owned(),
        "sets" => "cases or their masks were added, taken away or changed since the training was begun".to_owned(),
        "answers" => "the classes of cases were changed since the training was begun".to_owned(),
        "architecture" => "the training was begun with a network of another shape".to_owned(),
        _ => "scans were prepared otherwise when the training was begun".to_owned(),
    })
}

/// The first setting that differs, and how.
fn setting(found: Option<&Value>, wanted: Option<&Value>) -> String {
    let (Some(Value::Object(found)), Some(Value::Object(wanted))) = (found, wanted) else { return "of another kind".to_owned() };
    for key in found.keys().chain(wanted.keys()) {
        let (then, now) = (found.get(key), wanted.get(key));
        if then == now {
            continue;
        }
        // Classes and boxes have the settings of every fine-tuning inside their own.
        if key == "training" {
            return setting(then, now);
        }
        let word = |value: Option<&Value>| value.map_or_else(|| "as usual".to_owned(), short);
        return format!("{}: {} then, {} now", key.replace('_', " "), word(then), word(now));
    }
    "in their order".to_owned()
}

fn short(value: &Value) -> String {
    let value = &unpacked(value.clone());
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().expect("an object")
    }

    #[test]
    fn processors_are_the_same_with_any_number_of_threads() {
        assert_eq!(known("cpu, x86_64 (2 threads)"), known("cpu, x86_64 (16 threads)"));
        assert_eq!(known("A card (Vulkan)"), "A card (Vulkan)");
    }

    #[test]
    fn the_sentence_names_what_differs() {
        let usual = || map(json!({ "device": "cpu", "settings": { "steps": 5, "training": { "seed": 1 } }, "sets": [1] }));
        let changed = |key: &str, value: Value| {
            let mut other = usual();
            other.insert(key.to_owned(), value);
            difference(&usual(), &other)
        };
        assert_eq!(difference(&usual(), &usual()), None);
        assert!(changed("device", json!("gpu")).is_some_and(|words| words.contains("cpu") && words.contains("gpu")));
        let steps = changed("settings", json!({ "steps": 6, "training": { "seed": 1 } }));
        assert!(steps.is_some_and(|words| words.contains("steps: 5 then, 6 now")));
        let seed = changed("settings", json!({ "steps": 5, "training": { "seed": 1, "loss": "focal" } }));
        assert!(seed.is_some_and(|words| words.contains("loss: as usual then, focal now")));
        assert!(changed("sets", json!([2])).is_some_and(|words| words.contains("cases")));
    }
}
