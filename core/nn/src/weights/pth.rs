//! PyTorch's own format, written: a zip whose `data.pkl` describes the tensors and whose `data/N` hold their numbers.
//!
//! The pickle (protocol 2) has only what `torch.load(weights_only=True)` allows: an ordered dictionary of calls of
//! `torch._utils._rebuild_tensor_v2`, each with a storage by persistent id, offset 0 and the strides of rows last. The entries
//! are stored, not packed, and their numbers begin at multiples of 64 bytes, so that PyTorch can map them into memory.

use std::collections::HashMap;
use std::io::{self, Seek, Write};

use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime};

use super::tensor::{NumberType, StoredTensor};

/// The folder inside the zip; PyTorch takes whatever stands before the first `/`.
const ROOT: &str = "archive";

/// What PyTorch aligns numbers to.
const ALIGNMENT: u16 = 64;

/// Writes named tensors, in this order. With `top_level` the dictionary stands under that key of an outer one, as in the
/// reference's checkpoints.
pub(super) fn write<W: Write + Seek>(out: W, tensors: &[(String, StoredTensor)], top_level: Option<&str>) -> io::Result<()> {
    let mut zip = ZipWriter::new(out);
    // The date is part of the bytes: the same weights give the same file.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .with_alignment(ALIGNMENT);
    let mut entry = |name: String, bytes: &[u8]| -> io::Result<()> {
        let options = options.large_file(u32::try_from(bytes.len()).is_err());
        zip.start_file(format!("{ROOT}/{name}"), options).map_err(io::Error::other)?;
        zip.write_all(bytes)
    };
    entry("data.pkl".to_owned(), &pickle(tensors, top_level)?)?;
    entry("byteorder".to_owned(), b"little")?;
    for (number, (_, tensor)) in tensors.iter().enumerate() {
        entry(format!("data/{number}"), &tensor.bytes)?;
    }
    entry("version".to_owned(), b"3\n")?;
    zip.finish().map_err(io::Error::other)?;
    Ok(())
}

/// The class of PyTorch's storages for a type of numbers.
fn storage_class(number_type: NumberType) -> Option<&'static str> {
    Some(match number_type {
        NumberType::F64 => "DoubleStorage",
        NumberType::F32 => "FloatStorage",
        NumberType::F16 => "HalfStorage",
        NumberType::Bf16 => "BFloat16Storage",
        NumberType::Other("i64") => "LongStorage",
        NumberType::Other("i32") => "IntStorage",
        NumberType::Other("i16") => "ShortStorage",
        NumberType::Other("i8") => "CharStorage",
        NumberType::Other("u8") => "ByteStorage",
        NumberType::Other("bool") => "BoolStorage",
        NumberType::Other(_) => return None,
    })
}

/// Whether PyTorch has a storage for these numbers.
pub(super) fn can_hold(number_type: NumberType) -> bool {
    storage_class(number_type).is_some()
}

fn pickle(tensors: &[(String, StoredTensor)], top_level: Option<&str>) -> io::Result<Vec<u8>> {
    let mut pickle = Pickle::new();
    if let Some(key) = top_level {
        pickle.op(b'}').text(key)?;
    }
    pickle.ordered_dictionary()?.op(b'(');
    for (number, (name, tensor)) in tensors.iter().enumerate() {
        pickle.text(name)?.tensor(tensor, &number.to_string())?;
    }
    pickle.op(b'u');
    if top_level.is_some() {
        pickle.op(b's');
    }
    pickle.op(b'.');
    Ok(pickle.bytes)
}

/// A pickle in the making. The letters are the opcodes of Python's `pickletools`.
struct Pickle {
    bytes: Vec<u8>,
    /// What was said once and is only pointed at from then on.
    memo: HashMap<Vec<u8>, u8>,
}

impl Pickle {
    fn new() -> Self {
        Self { bytes: b"\x80\x02".to_vec(), memo: HashMap::new() }
    }

    fn op(&mut self, code: u8) -> &mut Self {
        self.bytes.push(code);
        self
    }

    /// BINUNICODE.
    fn text(&mut self, text: &str) -> io::Result<&mut Self> {
        let length = u32::try_from(text.len()).map_err(io::Error::other)?;
        self.op(b'X').bytes.extend(length.to_le_bytes());
        self.bytes.extend(text.as_bytes());
        Ok(self)
    }

    /// BININT1, BININT2, BININT or LONG1.
    fn number(&mut self, number: u64) -> &mut Self {
        if let Ok(small) = u8::try_from(number) {
            self.op(b'K').bytes.push(small);
        } else if let Ok(medium) = u16::try_from(number) {
            self.op(b'M').bytes.extend(medium.to_le_bytes());
        } else if let Ok(large) = i32::try_from(number) {
            self.op(b'J').bytes.extend(large.to_le_bytes());
        } else {
            // Signed, so a ninth byte keeps the highest bit from meaning a minus.
            self.op(0x8a).bytes.push(9);
            self.bytes.extend(number.to_le_bytes());
            self.bytes.push(0);
        }
        self
    }

    fn numbers(&mut self, numbers: impl IntoIterator<Item = u64>) -> &mut Self {
        self.op(b'(');
        for number in numbers {
            self.number(number);
        }
        self.op(b't')
    }

    /// What `write` says; the second time, a pointer to the first (BINPUT, BINGET).
    fn once(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<&mut Self> {
        let mut said = Vec::new();
        write(&mut said);
        if let Some(&place) = self.memo.get(&said) {
            self.op(b'h').bytes.push(place);
            return Ok(self);
        }
        let place = u8::try_from(self.memo.len()).map_err(io::Error::other)?;
        self.bytes.extend(&said);
        self.op(b'q').bytes.push(place);
        self.memo.insert(said, place);
        Ok(self)
    }

    fn global(&mut self, module: &str, name: &str) -> io::Result<&mut Self> {
        self.once(|bytes| bytes.extend([b"c", module.as_bytes(), b"\n", name.as_bytes(), b"\n"].concat()))
    }

    fn word(&mut self, word: &str) -> io::Result<&mut Self> {
        let length = u32::try_from(word.len()).map_err(io::Error::other)?;
        self.once(|bytes| bytes.extend([b"X".as_slice(), &length.to_le_bytes(), word.as_bytes()].concat()))
    }

    /// `collections.OrderedDict()`.
    fn ordered_dictionary(&mut self) -> io::Result<&mut Self> {
        Ok(self.global("collections", "OrderedDict")?.op(b')').op(b'R'))
    }

    /// `_rebuild_tensor_v2(('storage', class, key, 'cpu', count), 0, shape, strides, False, OrderedDict())`.
    fn tensor(&mut self, tensor: &StoredTensor, key: &str) -> io::Result<&mut Self> {
        let class = storage_class(tensor.number_type).ok_or_else(|| io::Error::other("PyTorch has no storage for these numbers"))?;
        let shape: Vec<u64> = tensor.shape.iter().map(|&side| side as u64).collect();
        self.global("torch._utils", "_rebuild_tensor_v2")?.op(b'(').op(b'(');
        self.word("storage")?.global("torch", class)?.text(key)?.word("cpu")?.number(shape.iter().product());
        self.op(b't').op(b'Q').number(0).numbers(shape.iter().copied()).numbers(strides(&shape));
        Ok(self.op(0x89).ordered_dictionary()?.op(b't').op(b'R'))
    }
}

/// Steps in numbers along each axis, the last being 1.
fn strides(shape: &[u64]) -> Vec<u64> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_tensors() -> Vec<(String, StoredTensor)> {
        let floats = [1.5f32, -2.0, 0.25, 8.0, 0.5, 3.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let weight = StoredTensor { number_type: NumberType::F32, shape: vec![2, 3], bytes: floats };
        let count = StoredTensor { number_type: NumberType::Other("i64"), shape: Vec::new(), bytes: 300i64.to_le_bytes().to_vec() };
        vec![("w".to_owned(), weight), ("n".to_owned(), count)]
    }

    /// Byte for byte what PyTorch 2.7.1 was seen to read with `weights_only=True`: `{"w": [[1.5, …], …], "n": 300}`.
    #[test]
    fn the_pickle_is_the_one_that_pytorch_was_seen_to_read() {
        let golden = [
            b"\x80\x02ccollections\nOrderedDict\nq\x00)R(".as_slice(),
            b"X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\nq\x01((X\x07\x00\x00\x00storageq\x02",
            b"ctorch\nFloatStorage\nq\x03X\x01\x00\x00\x000X\x03\x00\x00\x00cpuq\x04K\x06tQ",
            b"K\x00(K\x02K\x03t(K\x03K\x01t\x89h\x00)RtR",
            b"X\x01\x00\x00\x00nh\x01((h\x02ctorch\nLongStorage\nq\x05X\x01\x00\x00\x001h\x04K\x01tQ",
            b"K\x00(t(t\x89h\x00)RtRu.",
        ];
        assert_eq!(pickle(&two_tensors(), None).expect("a pickle"), golden.concat());
        let wrapped = pickle(&two_tensors(), Some("state_dict")).expect("a pickle");
        assert!(wrapped.starts_with(b"\x80\x02}X\x0a\x00\x00\x00state_dictccollections\n") && wrapped.ends_with(b"Rus."));
    }

    #[test]
    fn numbers_take_the_smallest_opcode_that_holds_them() {
        let bytes = |number: u64| Pickle::new().number(number).bytes[2..].to_vec();
        assert_eq!(bytes(255), b"K\xff");
        assert_eq!(bytes(256), b"M\x00\x01");
        assert_eq!(bytes(65_536), b"J\x00\x00\x01\x00");
        assert_eq!(bytes(1 << 31), b"\x8a\x09\x00\x00\x00\x80\x00\x00\x00\x00\x00");
        assert_eq!(strides(&[4, 0, 5]), vec![5, 5, 1]);
        assert!(strides(&[]).is_empty());
    }

    #[test]
    fn entries_are_stored_and_aligned() {
        let mut file = io::Cursor::new(Vec::new());
        write(&mut file, &two_tensors(), None).expect("written");
        let mut zip = zip::ZipArchive::new(file).expect("a zip");
        let names = ["archive/data.pkl", "archive/byteorder", "archive/data/0", "archive/data/1", "archive/version"];
        assert_eq!(zip.len(), names.len());
        for (index, name) in names.into_iter().enumerate() {
            let entry = zip.by_index(index).expect("an entry");
            assert_eq!(entry.name().ok().as_deref(), Some(name));
            assert_eq!(entry.compression(), CompressionMethod::Stored);
            assert_eq!(entry.data_start().map(|at| at % u64::from(ALIGNMENT)), Some(0));
        }
    }
}
