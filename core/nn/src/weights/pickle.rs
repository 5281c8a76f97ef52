//! PyTorch's own files, through a reader that interprets the pickle's tensors and executes nothing.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use pytorch_reader::{DType, FileFormat, PickleValue, PytorchReader};

use super::WeightsError;
use super::error::one_line;
use super::file::{Contents, Limits};
use super::keys::network_prefix;
use super::sniff::SNIFFED;
use super::tensor::{NumberType, StoredTensor};
use super::zip_tail;

/// Reads the network's tensors; `name` is what messages call the file.
pub(super) fn read(name: &str, path: &Path, file_bytes: u64) -> Result<Contents, WeightsError> {
    let damaged = |reason: &str| WeightsError::Damaged { file: name.to_owned(), bytes: file_bytes, reason: one_line(reason) };
    if let Some(global) = text_global(path) {
        return Err(WeightsError::Unsafe { file: name.to_owned(), global });
    }
    let copy = zip_tail::readable_copy(path).map_err(|source| WeightsError::Read { file: name.to_owned(), source })?;
    let path = copy.as_ref().map_or(path, |copy| copy.path());
    let value = PytorchReader::read_pickle_data(path, None).map_err(|error| damaged(&error.to_string()))?;
    let mut globals = Vec::new();
    collect_globals(&value, &mut globals);
    if let Some(global) = globals.iter().find(|global| is_dangerous(global)) {
        return Err(WeightsError::Unsafe { file: name.to_owned(), global: one_line(global) });
    }
    if !matches!(value, PickleValue::Dict(_)) {
        return Err(WeightsError::NoNetwork { file: name.to_owned(), reason: "its pickle is not a dictionary of tensors".to_owned() });
    }
    let reader = PytorchReader::new(path).map_err(|error| damaged(&error.to_string()))?;
    if reader.is_empty() {
        return Err(WeightsError::NoNetwork { file: name.to_owned(), reason: "there is no tensor in it".to_owned() });
    }
    let claimed: u128 = reader.tensors().values().map(|tensor| tensor.byte_len() as u128).sum();
    let is_zip = reader.metadata().format_type == FileFormat::Zip;
    if let Some(stored) = reader.metadata().total_data_size.filter(|&stored| is_zip && stored as u128 > claimed) {
        return Err(damaged(&format!("{stored} bytes of numbers are stored, but its tensors account for {claimed}")));
    }
    let prefix = network_prefix(reader.tensors().keys().map(String::as_str));
    let mut contents = Contents::new(&prefix);
    let mut limits = Limits::new(file_bytes);
    for (full_name, tensor) in reader.tensors() {
        let Some(key) = full_name.strip_prefix(&prefix) else {
            contents.others.push(full_name.clone());
            continue;
        };
        limits.admit(tensor.byte_len() as u64).map_err(|reason| damaged(&format!("the tensor `{key}` {reason}")))?;
        let bytes = tensor.read().map_err(|error| damaged(&error.to_string()))?;
        let stored = StoredTensor { number_type: number_type(tensor.dtype()), shape: tensor.shape().to_vec(), bytes };
        contents.tensors.insert(key.to_owned(), stored);
    }
    let mut ignored: Vec<String> = globals.into_iter().filter(|global| !global.starts_with("torch.")).collect();
    ignored.sort();
    ignored.dedup();
    if !ignored.is_empty() {
        contents.notices.push(format!("objects in the file were passed over: {}", one_line(&ignored.join(", "))));
    }
    Ok(contents)
}

/// The dangerous function that a pickle of the oldest protocol, which is text and which the reader does not know all of, names in
/// its first bytes: `c`, a module, a line's end, a function, a line's end.
fn text_global(path: &Path) -> Option<String> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(SNIFFED as u64).read_to_end(&mut head).ok()?;
    let text = String::from_utf8(head).ok().filter(|text| text.chars().all(|c| !c.is_control() || c.is_whitespace()))?;
    let lines: Vec<&str> = text.lines().collect();
    let pairs = lines.iter().zip(lines.iter().skip(1));
    let globals = pairs.flat_map(|(line, next)| line.match_indices('c').map(move |(at, _)| format!("{}.{next}", &line[at + 1..])));
    globals.map(|global| one_line(&global)).find(|global| is_dangerous(global))
}

fn number_type(dtype: DType) -> NumberType {
    match dtype {
        DType::F64 => NumberType::F64,
        DType::F32 => NumberType::F32,
        DType::F16 => NumberType::F16,
        DType::BF16 => NumberType::Bf16,
        DType::I64 => NumberType::Other("i64"),
        DType::I32 => NumberType::Other("i32"),
        DType::I16 => NumberType::Other("i16"),
        DType::I8 => NumberType::Other("i8"),
        DType::U64 => NumberType::Other("u64"),
        DType::U32 => NumberType::Other("u32"),
        DType::U16 => NumberType::Other("u16"),
        DType::U8 => NumberType::Other("u8"),
        DType::Bool => NumberType::Other("bool"),
    }
}

/// Names of classes and functions that the pickle mentions and the reader did not interpret.
fn collect_globals(value: &PickleValue, found: &mut Vec<String>) {
    match value {
        PickleValue::Unsupported(name) => found.push(name.clone()),
        PickleValue::List(items) => items.iter().for_each(|item| collect_globals(item, found)),
        PickleValue::Dict(entries) => entries.values().for_each(|entry| collect_globals(entry, found)),
        _ => {}
    }
}

/// Modules whose functions reach out of the pickle. Others (a training script's own settings, say) are merely passed over.
fn is_dangerous(global: &str) -> bool {
    const MODULES: [&str; 24] = [
        "os",
        "posix",
        "nt",
        "sys",
        "subprocess",
        "builtins",
        "__builtin__",
        "importlib",
        "runpy",
        "socket",
        "shutil",
        "pickle",
        "_pickle",
        "code",
        "codeop",
        "ctypes",
        "pty",
        "commands",
        "webbrowser",
        "urllib",
        "requests",
        "tempfile",
        "multiprocessing",
        "operator",
    ];
    const HARMLESS: [&str; 10] = ["set", "frozenset", "slice", "range", "complex", "bytearray", "int", "float", "str", "object"];
    let mut parts: Vec<&str> = global.split('.').collect();
    let Some(function) = parts.pop() else { return false };
    let is_plain_type = matches!(parts.as_slice(), ["builtins" | "__builtin__"]) && HARMLESS.contains(&function);
    // Anywhere in the path: `torch.os.system` is `os.system`.
    !is_plain_type && parts.iter().any(|part| MODULES.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_that_reach_out_are_told_from_settings() {
        for global in ["posix.system", "os.system", "builtins.eval", "__builtin__.exec", "subprocess.Popen", "torch.os.system"] {
            assert!(is_dangerous(global), "{global}");
        }
        for global in ["argparse.Namespace", "torch.device", "builtins.set", "__main__.Settings", "int"] {
            assert!(!is_dangerous(global), "{global}");
        }
    }

    /// Shared storage, offsets, transposed and strided views, no dimension, no element, and every type of number.
    #[test]
    #[ignore = "needs MEDLEY_SHARED"]
    fn odd_views_hold_what_pytorch_says() {
        let folder = std::path::PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/"));
        let path = |name: &str| folder.join("parity").join(name);
        let open = |name: &str| crate::weights::WeightsFile::open(&path(name)).expect(name).contents.tensors;
        let wanted = open("odd_views.expected.safetensors");
        for name in ["odd_views.legacy.pth", "odd_views.zip.pth"] {
            let found = open(name);
            assert_eq!(found.len(), wanted.len(), "{name}");
            for (key, wanted) in &wanted {
                let found = &found[&format!("state_dict.{key}")];
                assert_eq!(found.shape, wanted.shape, "{name} {key}");
                match wanted.weights() {
                    Ok(numbers) => assert_eq!(found.weights(), Ok(numbers), "{name} {key}"),
                    Err(_) => assert_eq!((found.number_type, &found.bytes), (wanted.number_type, &wanted.bytes), "{name} {key}"),
                }
            }
        }
    }
}
