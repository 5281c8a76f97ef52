use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::source::{Source, open_file};
use crate::{IoError, dicom, label_files, metaimage, nifti, nrrd};

/// What a file or folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A scan or mask in NIfTI, packed or not, either half of a pair included.
    Nifti,
    /// A scan or mask in NRRD.
    Nrrd,
    /// A scan or mask in MetaImage (`.mha`, `.mhd`).
    MetaImage,
    /// A NumPy array.
    Npy,
    /// Weights saved by PyTorch: zip, legacy pickle or legacy tar.
    Pytorch,
    /// Weights in safetensors.
    Safetensors,
    /// A DICOM file, or a zip file with such files in it.
    Dicom,
    /// A folder with DICOM files.
    DicomFolder,
    /// A study of ours.
    Study,
    /// Any other folder.
    Folder,
    /// A JSON object, such as a data set's description.
    Json,
    /// A label table of ITK-SNAP or 3D Slicer.
    LabelTable,
    /// Something else; what it looks like, as the end of a sentence that begins with its name.
    Unknown(String),
}

/// Bytes at the beginning of a file that are looked at.
const HEAD: usize = 1024;
/// Entries of a folder that are looked at in search of DICOM.
const ENTRIES: usize = 256;
/// A zip file's list of contents is at its end; of a long one this much is looked at.
const ZIP_TAIL: u64 = 1 << 20;
/// What PyTorch's pickle files begin with: protocol 2, then a long of ten bytes, 0x1950a86a20f9469cfc6c.
const LEGACY_PYTORCH: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

/// Tells what a file or folder is by its contents, not by its name.
///
/// # Errors
/// If it is not there or cannot be read.
pub fn kind_of(path: &Path) -> Result<FileKind, IoError> {
    let failed = |error| IoError::reading(path, error);
    let about = fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        return kind_of_folder(path, 1);
    }
    if !about.is_file() {
        return Ok(FileKind::Unknown("is a device, not a file".to_owned()));
    }
    let (mut file, length) = open_file(path)?;
    let head = read_head(&mut file).map_err(failed)?;
    if let Some(kind) = kind_of_head(&head, length) {
        return Ok(kind);
    }
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(kind_of_packed(path));
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(kind_of_zip(path, &mut file, &head, length));
    }
    if nifti::partner(path).is_some_and(|header| matches!(kind_of_header(&header), Some(FileKind::Nifti))) {
        return Ok(FileKind::Nifti);
    }
    let text = String::from_utf8_lossy(&head);
    if text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        return Ok(FileKind::Json);
    }
    let is_text = !head.is_empty() && !head.iter().any(|&byte| byte < 9);
    if is_text && length < 1 << 20 && label_files::read(path).is_ok_and(|table| !table.labels().is_empty()) {
        return Ok(FileKind::LabelTable);
    }
    Ok(FileKind::Unknown(
        match (length, is_text) {
            (0, _) => "is empty",
            (_, true) => "is a text of no known kind",
            _ => "is of no known kind",
        }
        .to_owned(),
    ))
}

fn read_head(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// What can be told from the first bytes alone.
pub(crate) fn kind_of_head(head: &[u8], length: u64) -> Option<FileKind> {
    if nifti::is_header(head).is_some() {
        return Some(FileKind::Nifti);
    }
    if nrrd::is_header(head) {
        return Some(FileKind::Nrrd);
    }
    if metaimage::is_header(head) {
        return Some(FileKind::MetaImage);
    }
    if head.starts_with(b"\x93NUMPY") {
        return Some(FileKind::Npy);
    }
    if head.get(128..132) == Some(b"DICM") || is_dicom_without_preamble(head) {
        return Some(FileKind::Dicom);
    }
    if head.starts_with(LEGACY_PYTORCH) || is_legacy_tar(head) {
        return Some(FileKind::Pytorch);
    }
    let json_length = head.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes))?;
    let is_safetensors = head.get(8) == Some(&b'{') && json_length >= 2 && json_length <= length.saturating_sub(8);
    is_safetensors.then_some(FileKind::Safetensors)
}

/// Old DICOM files begin with their first element: group 0002 or 0008 in little endian, a low even-numbered group and element, and
/// either a value representation in two capital letters or a short length.
fn is_dicom_without_preamble(head: &[u8]) -> bool {
    let &[group, 0, element, high, a, b, c, d] = head.first_chunk::<8>().unwrap_or(&[0xff; 8]) else { return false };
    let is_first = matches!((group, element, high), (2, 0 | 1, 0) | (8, 0 | 1 | 5 | 8 | 0x12 | 0x16 | 0x18, 0));
    let has_letters = [b"UL", b"OB", b"UI", b"CS", b"DA", b"SH", b"LO"].contains(&&[a, b]);
    let is_short = [b, c, d] == [0; 3] && a > 0 && a <= 64;
    is_first && (has_letters || is_short)
}

/// PyTorch before 0.2 wrote a tar whose first entry is one of these.
fn is_legacy_tar(head: &[u8]) -> bool {
    let name = head.get(..100).unwrap_or_default();
    let is_known = ["sys_info", "pickle", "storages", "tensors"].iter().any(|known| {
        let bare = name.strip_prefix(b"./").unwrap_or(name);
        bare.strip_prefix(known.as_bytes()).is_some_and(|rest| rest.first() == Some(&0))
    });
    is_known && head.get(257..262) == Some(b"ustar")
}

fn kind_of_packed(path: &Path) -> FileKind {
    match kind_of_header(path) {
        Some(kind @ FileKind::Nifti) => kind,
        _ if nifti::partner(path).is_some_and(|header| matches!(kind_of_header(&header), Some(FileKind::Nifti))) => FileKind::Nifti,
        Some(_) => FileKind::Unknown("is a gzip file that must be unpacked first".to_owned()),
        None => FileKind::Unknown("is a gzip file without a NIfTI volume in it".to_owned()),
    }
}

/// What the first bytes, unpacked, say; faults count as nothing said.
fn kind_of_header(path: &Path) -> Option<FileKind> {
    let mut source = Source::open(path).ok()?;
    let mut head = [0; HEAD];
    let length = source.read(&mut head).ok()?;
    kind_of_head(head.get(..length)?, source.most_bytes())
}

fn kind_of_zip(path: &Path, file: &mut File, head: &[u8], length: u64) -> FileKind {
    let mut tail = Vec::new();
    let from = length.saturating_sub(ZIP_TAIL);
    let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.take(ZIP_TAIL).read_to_end(&mut tail));
    let has_pickle = |bytes: &[u8]| bytes.windows(8).any(|name| name == b"data.pkl");
    if has_pickle(head) || (read.is_ok() && has_pickle(&tail)) {
        return FileKind::Pytorch;
    }
    if dicom::is_in_zip(path) {
        return FileKind::Dicom;
    }
    FileKind::Unknown("is a zip file that must be unpacked first".to_owned())
}

fn kind_of_folder(path: &Path, depth: usize) -> Result<FileKind, IoError> {
    if path.join("study.sqlite").is_file() {
        return Ok(FileKind::Study);
    }
    let mut entries: Vec<_> =
        fs::read_dir(path).map_err(|error| IoError::reading(path, error))?.take(ENTRIES).flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        let is_dicom = match fs::metadata(&entry) {
            Ok(about) if about.is_dir() => depth > 0 && matches!(kind_of_folder(&entry, depth - 1), Ok(FileKind::DicomFolder)),
            Ok(about) if about.is_file() => {
                let head = File::open(&entry).and_then(|mut file| read_head(&mut file));
                head.is_ok_and(|head| kind_of_head(&head, about.len()) == Some(FileKind::Dicom))
            }
            _ => false,
        };
        if is_dicom {
            return Ok(FileKind::DicomFolder);
        }
    }
    Ok(FileKind::Folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_tell_and_names_do_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut dicom = vec![0; 128];
        dicom.extend(b"DICM\x02\0\0\0UL\x04\0");
        let mut tar = vec![0; 512];
        tar[..9].copy_from_slice(b"sys_info\0");
        tar[257..262].copy_from_slice(b"ustar");
        let mut zip = b"PK\x03\x04".to_vec();
        zip.extend([0; 3000]);
        let plain_zip = zip.clone();
        zip.extend(b"archive/data.pkl");
        let mut pickle = LEGACY_PYTORCH.to_vec();
        pickle.extend(b".\x80\x02");
        let known: [(&[u8], FileKind); 15] = [
            (&dicom, FileKind::Dicom),
            (b"\x08\0\x05\0CS\x0a\0ISO_IR 100", FileKind::Dicom),
            (&tar, FileKind::Pytorch),
            (&zip, FileKind::Pytorch),
            (&pickle, FileKind::Pytorch),
            (b"\x02\0\0\0\0\0\0\0{}", FileKind::Safetensors),
            (b"NRRD0004\n", FileKind::Nrrd),
            (b"ObjectType = Image\nNDims = 3\n", FileKind::MetaImage),
            (b"Comment = x\nend", FileKind::Unknown("is a text of no known kind".to_owned())),
            (b"\x93NUMPY\x01\0", FileKind::Npy),
            (b" \n{\"labels\": {}}", FileKind::Json),
            (b"# x\n1 spleen 1 2 3 255\n", FileKind::LabelTable),
            (&plain_zip, FileKind::Unknown("is a zip file that must be unpacked first".to_owned())),
            (b"", FileKind::Unknown("is empty".to_owned())),
            (b"Dear reader,", FileKind::Unknown("is a text of no known kind".to_owned())),
        ];
        for (n, (bytes, kind)) in known.iter().enumerate() {
            let path = folder.path().join(format!("{n}.nii"));
            fs::write(&path, bytes).expect("writes");
            assert_eq!(&kind_of(&path).expect("reads"), kind, "{n}");
        }
        assert!(matches!(kind_of(&folder.path().join("none")), Err(IoError::Missing { .. })));
    }

    #[test]
    fn folders_are_studies_or_hold_dicom_or_are_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("series/inner")).expect("makes");
        fs::write(at("series/readme.txt"), "text").expect("writes");
        assert_eq!(kind_of(&at("series")).expect("reads"), FileKind::Folder);
        let mut dicom = vec![0; 128];
        dicom.extend(b"DICM");
        fs::write(at("series/inner/IM1"), dicom).expect("writes");
        assert_eq!(kind_of(&at("series")).expect("reads"), FileKind::DicomFolder);
        fs::write(at("series/study.sqlite"), "").expect("writes");
        assert_eq!(kind_of(&at("series")).expect("reads"), FileKind::Study);
    }
}
