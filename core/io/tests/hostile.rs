//! Files made to harm: no panic, no more memory than the file is worth, and no time beyond it.
#![expect(clippy::expect_used, reason = "a fixture that cannot be read is a failed test")]
#![expect(unsafe_code, reason = "an allocator that counts can only be written with unsafe")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use medley_io::{IoError, OpenedVolume, labels_from_bytes, open_volume, volume_from_bytes};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Counts what each thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let held = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        held.get()
    });
    if let Ok(held) = held {
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held)));
    }
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What `run` returns, and the most memory it held at once beyond what was held before.
fn with_peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = run();
    (result, (PEAK.get() - before) as usize)
}

/// Buffers and the state of the decompressor.
const OVERHEAD: usize = 1 << 20;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).expect("a fixture")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).expect("packs");
    packed.finish().expect("packs")
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut unpacked).expect("unpacks");
    unpacked
}

/// A NIfTI-1 header of 8-bit voxels of 1 mm, and the four bytes after it.
fn header(sides: [i16; 3]) -> Vec<u8> {
    let mut bytes = fixture("dtype_uint8.nii");
    bytes.truncate(352);
    for (axis, side) in sides.iter().enumerate() {
        bytes[42 + 2 * axis..44 + 2 * axis].copy_from_slice(&side.to_le_bytes());
    }
    bytes
}

fn fault(result: Result<OpenedVolume, IoError>) -> String {
    match result {
        Ok(opened) => panic!("opened: {}", opened.volume.grid()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn broken_fixtures_take_no_more_memory_than_they_are_worth() {
    for entry in std::fs::read_dir(folder()).expect("a folder") {
        let path = entry.expect("an entry").path();
        let size = std::fs::metadata(&path).expect("there").len() as usize;
        let (result, peak) = with_peak(|| open_volume(&path));
        assert!(peak < 8 * size + OVERHEAD, "{path:?} took {peak} bytes");
        let is_bad = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("bad_"));
        assert!(!is_bad || result.is_err(), "{path:?}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_unpacked() {
    // 1300³ zeros in 2 MB, as gzip members one after the other.
    let mut bomb = packed(&header([1300, 1300, 1300]));
    let zeros = packed(&vec![0; 1 << 26]);
    (0..33).for_each(|_| bomb.extend(&zeros));
    let (result, peak) = with_peak(|| volume_from_bytes("bomb.nii.gz", &bomb));
    let error = fault(result);
    assert!(error.contains("bomb.nii.gz") && error.contains("fill the memory") && error.contains("gunzip"), "{error}");
    assert!(peak < OVERHEAD, "{peak}");
}

#[test]
fn no_more_is_unpacked_than_was_claimed() {
    let mut long = packed(&[header([4, 3, 2]), vec![5; 24]].concat());
    let zeros = packed(&vec![0; 1 << 26]);
    (0..33).for_each(|_| long.extend(&zeros));
    let (result, peak) = with_peak(|| volume_from_bytes("long.nii.gz", &long));
    assert_eq!(result.expect("the rest is ignored").volume.summary().sum, 120.0);
    assert!(peak < OVERHEAD, "{peak}");
}

#[test]
fn a_packed_file_that_claims_more_than_it_holds_costs_what_it_holds() {
    let noise: Vec<u8> = (0..1u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let lying = packed(&[header([1000, 1000, 900]), noise].concat());
    let (result, peak) = with_peak(|| volume_from_bytes("lying.nii.gz", &lying));
    let error = fault(result);
    assert!(error.contains("lying.nii.gz ends before all the voxels"), "{error}");
    assert!(peak < 8 * lying.len() + OVERHEAD, "{peak} of {}", lying.len());
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for name in ["dtype_uint8.nii", "nifti2_int16.nii", "dtype_int16.nii.gz", "nrrd_raw_lps.nrrd", "nrrd_gzip_ras_oblique.nrrd"] {
        let whole = fixture(name);
        for length in 0..whole.len() {
            let error = fault(volume_from_bytes(name, &whole[..length]));
            assert!(error.starts_with(name), "{error}");
        }
    }
}

#[test]
fn damage_to_a_packed_file_is_noticed() {
    let mut bytes = fixture("dtype_int16.nii.gz");
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    let error = fault(volume_from_bytes("flipped.nii.gz", &bytes));
    assert!(error.contains("damaged gzip"), "{error}");
}

#[test]
fn contradictions_in_a_header_are_named() {
    let whole = fixture("dtype_uint8.nii");
    let changed = |at: usize, bytes: &[u8]| {
        let mut changed = whole.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        volume_from_bytes("scan.nii", &changed)
    };
    let faults: [(usize, &[u8], &str); 14] = [
        (40, &[8, 0], "8 axes"),
        (40, &[0, 0], "0 axes"),
        (42, &[0, 0], "side of 0"),
        (44, &[0xff, 0xff], "side of -1"),
        (42, &[0xff, 0x7f], "ends before"),
        (72, &[16, 0], "contradicts itself"),
        (70, &[128, 0], "colours"),
        (70, &[32, 0], "complex"),
        (70, &[3, 0], "type (number 3)"),
        (108, &f32::NAN.to_le_bytes(), "begin at byte NaN"),
        (108, &1e30f32.to_le_bytes(), "which cannot be"),
        (108, &(-16f32).to_le_bytes(), "which cannot be"),
        (108, &100f32.to_le_bytes(), "inside the header"),
        (344, b"ni1\0", "only the header of a pair"),
    ];
    for (at, bytes, words) in faults {
        let error = fault(changed(at, bytes));
        assert!(error.starts_with("scan.nii ") && error.contains(words) && error.contains("; "), "{error}");
    }
    let unscaled = changed(116, &f32::INFINITY.to_le_bytes()).expect("an odd intercept");
    assert_eq!(unscaled.notices.len(), 1);
    assert_eq!(unscaled.volume.scaling().intercept, 0.0);
}

#[test]
fn thousands_of_changed_files_open_or_are_refused() {
    const ROUNDS: usize = 6000;
    let names = [
        "dtype_uint8.nii",
        "dtype_float32.nii",
        "big_endian_int16.nii",
        "nifti2_int16.nii",
        "qform_only.nii",
        "four_d.nii.gz",
        "extensions.nii",
        "nrrd_raw_lps.nrrd",
        "nrrd_gzip_ras_oblique.nrrd",
    ];
    let files: Vec<(bool, Vec<u8>)> = names
        .iter()
        .map(|name| {
            let bytes = fixture(name);
            if name.ends_with(".gz") { (true, unpacked(&bytes)) } else { (false, bytes) }
        })
        .collect();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut opened = 0;
    for round in 0..ROUNDS {
        let (is_packed, original) = &files[round % files.len()];
        let mut bytes = original.clone();
        for _ in 0..random.random_range(1..6) {
            let at = random.random_range(4..bytes.len().min(544));
            match random.random_range(0..4) {
                0 => bytes[at] = random.random(),
                1 => bytes[at] ^= 1 << random.random_range(0..8),
                2 => {
                    let odd = [f32::NAN, f32::INFINITY, -1.0, 1e30, 0.0, f32::MIN_POSITIVE][random.random_range(0..6)];
                    let end = (at / 4 * 4 + 4).min(bytes.len());
                    bytes[at / 4 * 4..end].copy_from_slice(&odd.to_le_bytes()[..end - at / 4 * 4]);
                }
                _ => {
                    let end = (at + random.random_range(1..9)).min(bytes.len());
                    bytes[at..end].fill([0, 0x7f, 0xff][random.random_range(0..3)]);
                }
            }
        }
        if *is_packed || round % 5 == 0 {
            bytes = packed(&bytes);
            if round % 3 == 0 {
                let at = random.random_range(2..bytes.len());
                bytes[at] = random.random();
            }
        }
        let start = Instant::now();
        let (results, peak) = with_peak(|| (volume_from_bytes("x", &bytes), labels_from_bytes("x", &bytes)));
        assert!(peak < 16 * bytes.len() + 2 * OVERHEAD, "round {round} took {peak} bytes");
        assert!(start.elapsed() < Duration::from_secs(20), "round {round}");
        for error in [results.0.as_ref().err(), results.1.as_ref().err()].into_iter().flatten() {
            let error = error.to_string();
            assert!(error.starts_with("x ") && error.contains("; "), "round {round}: {error}");
        }
        opened += usize::from(results.0.is_ok());
    }
    assert!(opened > ROUNDS / 20 && opened < ROUNDS, "{opened} of {ROUNDS} opened: the changes are too mild or too wild");
}

#[test]
fn noise_is_neither_a_label_table_nor_a_known_kind_nor_a_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("noise");
    let text = "# x\n    1   230  159    0        1  1  1    \"left \u{e9} kidney\"\n2 spleen 1 2 3 255\n".as_bytes();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for round in 0..1000 {
        let mut bytes = if round % 2 == 0 { text.to_vec() } else { fixture("pair.hdr") };
        for _ in 0..random.random_range(1..9) {
            let at = random.random_range(0..bytes.len());
            bytes[at] = random.random();
        }
        bytes.truncate(random.random_range(0..=bytes.len()));
        std::fs::write(&path, &bytes).expect("writes");
        let _ = medley_io::kind_of(&path).expect("it is there");
        let _ = medley_io::npy::read(&path);
        if let Err(error) = medley_io::label_files::from_text("table", &String::from_utf8_lossy(&bytes)) {
            assert!(error.to_string().starts_with("table, line "), "{error}");
        }
    }
}

#[test]
fn no_format_is_believed_before_its_bytes_are_counted() {
    let zeros = vec![0; 4000];
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(&zeros).expect("packs");
    let (zlib, gzip) = (zlib.finish().expect("packs"), packed(&zeros));
    let meta = |more: &str| format!("NDims = 3\nDimSize = 1000 1000 900\nElementType = MET_SHORT\n{more}ElementDataFile = LOCAL\n");
    let nrrd = |encoding: &str, sizes: &str, axes: usize| {
        format!("NRRD0004\ntype: short\nendian: little\ndimension: {axes}\nsizes: {sizes}\nencoding: {encoding}\n\n")
    };
    let npy = |shape: &str| {
        let header = format!("{{'descr': '<i2', 'fortran_order': True, 'shape': ({shape}), }}\n");
        format!("\u{93}NUMPY\u{1}\0{}\0{header}", header.len() as u8 as char)
    };
    let files: [(String, &[u8]); 11] = [
        (meta(""), &zeros),
        (meta("CompressedData = True\n"), &zlib),
        (meta("CompressedData = True\n"), &gzip),
        (meta("BinaryData = False\n"), b"1 2 3 4"),
        (nrrd("raw", "1000 1000 900", 3), &zeros),
        (nrrd("gzip", "1000 1000 900", 3), &gzip),
        (nrrd("hex", "1000 1000 900", 3), b"00112233"),
        (nrrd("ascii", "1000 1000 900", 3), b"1 2 3 4"),
        (nrrd("raw", "1000 10 10 9000", 4), &zeros),
        (npy("1000, 1000, 900"), &zeros),
        (npy("9, 1000, 1000, 900"), &zeros),
    ];
    for (n, (header, voxels)) in files.iter().enumerate() {
        // Letters beyond ASCII stand for single bytes.
        let header: Vec<u8> = header.chars().map(|letter| letter as u8).collect();
        let bytes = [&header[..], voxels].concat();
        let (results, peak) = with_peak(|| (volume_from_bytes("x", &bytes), labels_from_bytes("x", &bytes)));
        for error in [results.0.map(|_| ()).err(), results.1.map(|_| ()).err()] {
            let error = error.unwrap_or_else(|| panic!("file {n} opened")).to_string();
            let is_right = error.contains("ends before all the voxels") || error.contains("Fortran order");
            assert!(error.starts_with("x ") && is_right, "{n}: {error}");
        }
        assert!(peak < 16 * bytes.len() + 2 * OVERHEAD, "file {n} took {peak} bytes");
    }
}

#[test]
fn a_bomb_in_a_metaimage_is_refused_before_it_is_unpacked() {
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), Compression::best());
    (0..40).for_each(|_| zlib.write_all(&vec![0; 1 << 25]).expect("packs"));
    let header = "NDims = 3\nDimSize = 1024 1024 1280\nElementType = MET_UCHAR\nCompressedData = True\nElementDataFile = LOCAL\n";
    let bomb = [header.as_bytes(), &zlib.finish().expect("packs")].concat();
    let (result, peak) = with_peak(|| volume_from_bytes("bomb.mha", &bomb));
    let error = fault(result);
    assert!(error.contains("bomb.mha") && error.contains("fill the memory"), "{error}");
    assert!(peak < OVERHEAD, "{peak}");
}
