//! A JSON file of unknown origin, and what may be asked of it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use medley_volume::{Label, LabelTable};
use serde_json::{Map, Value};

use crate::ProjectError;

/// No list of cases is longer than this.
const MOST_BYTES: u64 = 64 << 20;
/// No name is longer than this: what is longer is cut.
const MOST_CHARACTERS: usize = 200;
/// What some editors begin a text with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An object at the top of a JSON file.
#[derive(Debug)]
pub(super) struct Json {
    pub path: PathBuf,
    pub fields: Map<String, Value>,
}

/// The bytes of a list of cases.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, ProjectError> {
    let file = File::open(path).map_err(ProjectError::file(path, "read"))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(ProjectError::file(path, "read"))?;
    if bytes.len() as u64 > MOST_BYTES {
        let what = "is larger than any list of cases; choose the data set's own dataset.json".to_owned();
        return Err(ProjectError::DataSet { path: path.to_owned(), what });
    }
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(bytes)
}

/// Reads a JSON file. Nesting is bounded by serde_json (128 levels), size by us.
pub(super) fn read(path: &Path) -> Result<Json, ProjectError> {
    let fail = |what: String| ProjectError::DataSet { path: path.to_owned(), what };
    match serde_json::from_slice(&bytes(path)?) {
        Ok(Value::Object(fields)) => Ok(Json { path: path.to_owned(), fields }),
        Ok(_) => Err(fail("is not a data set: it must be a JSON object; choose the data set's own dataset.json".to_owned())),
        Err(error) => Err(fail(format!("is not valid JSON ({error}); get the file again or mend it in a text editor"))),
    }
}

impl Json {
    pub fn has(&self, key: &str) -> bool {
        self.fields.contains_key(key)
    }

    /// The sentence for something that is not as it must be.
    pub fn fail(&self, what: impl Into<String>) -> ProjectError {
        ProjectError::DataSet { path: self.path.clone(), what: what.into() }
    }

    /// The folder that relative paths start from.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The list under a key: empty if there is none.
    pub fn list(&self, key: &str) -> Result<&[Value], ProjectError> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(self.fail(format!("`{key}` must be a list, but is {}; mend the file", kind(other)))),
        }
    }

    /// The object under a key, in its order: `None` if there is none.
    pub fn object(&self, key: &str) -> Result<Option<&Map<String, Value>>, ProjectError> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(fields)),
            Some(other) => Err(self.fail(format!("`{key}` must be an object, but is {}; mend the file", kind(other)))),
        }
    }

    /// The set's name: its own, else its folder's.
    pub fn name(&self) -> String {
        let own = self.fields.get("name").and_then(Value::as_str).map(plain).filter(|name| !name.is_empty());
        own.unwrap_or_else(|| name_of_folder(self.folder()))
    }

    /// A notice if the list says it has another number of cases than it has.
    pub fn check_count(&self, key: &str, found: usize, notices: &mut Vec<String>) {
        if let Some(claimed) = self.fields.get(key).and_then(Value::as_u64)
            && claimed != found as u64
        {
            notices.push(format!("{} says {key} is {claimed}, but lists {found}.", self.path.display()));
        }
    }
}

/// What a set is called after its folder.
pub(super) fn name_of_folder(folder: &Path) -> String {
    let name = std::path::absolute(folder).ok().and_then(|folder| folder.file_name().map(|name| plain(&name.to_string_lossy())));
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "data set".to_owned())
}

/// A number from 0 to 65535, written as a number or as text.
pub(super) fn label_value(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => {
            let whole = number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=65535.0).contains(number));
            whole.map(|number| number as u16)
        }
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Puts a label into the table, with its colour; background is left out.
pub(super) fn add_label(table: &mut LabelTable, value: u16, name: &str) {
    let name = plain(name);
    let name = if name.is_empty() { format!("label {value}") } else { name };
    table.insert(Label { value, name, color: LabelTable::palette(value), is_visible: true, is_locked: false });
}

/// Text of unknown origin for people to read: on one line, not endless.
pub(super) fn plain(text: &str) -> String {
    let line: String = text.chars().take(MOST_CHARACTERS).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether a word for a modality means CT numbers.
pub(super) fn is_ct(word: &str) -> bool {
    let word = word.trim().to_ascii_lowercase();
    word == "ct" || word == "cbct" || word.starts_with("ct ") || word.starts_with("ct_") || word.starts_with("ct-")
}
