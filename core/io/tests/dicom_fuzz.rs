//! DICOM files, damaged at random: whatever is in them, reading ends with a volume or a sentence, in bounded memory.
//!
//! A second by default; `MEDLEY_FUZZ_SECONDS` for longer, best under `ulimit -v`. A finding is printed with its seed, and
//! `MEDLEY_FUZZ_SEED` begins there.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use medley_io::dicom;
use medley_io::{open_labels, open_volume};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).expect("there").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, into);
        } else if !matches!(path.extension().and_then(|e| e.to_str()), Some("md" | "txt" | "py")) {
            into.push(path);
        }
    }
}

/// Numbers that headers stumble over.
const AWKWARD: [u32; 12] = [0, 1, 2, 0x7f, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

fn damage(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    // Most damage goes where it is looked at: into the header, or into the beginning of the pixels, which for packed ones is a header too.
    let pixels = bytes.windows(4).position(|tag| tag == [0xe0, 0x7f, 0x10, 0x00]).unwrap_or(0);
    let from = if random.random_bool(0.4) { pixels } else { 0 };
    let reach = |random: &mut ChaCha8Rng, length: usize| {
        let from = from.min(length.saturating_sub(1));
        let most = if random.random_bool(0.7) { (from + 3000).min(length) } else { length };
        random.random_range(from..most.max(from + 1))
    };
    for _ in 0..random.random_range(1..=6) {
        if bytes.is_empty() {
            return;
        }
        let at = reach(random, bytes.len());
        match random.random_range(0..8) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            2 => bytes.truncate(at),
            3 => {
                let value = AWKWARD[random.random_range(0..AWKWARD.len())].to_le_bytes();
                let width = [1, 2, 4][random.random_range(0..3)];
                bytes.iter_mut().skip(at).zip(value).take(width).for_each(|(byte, value)| *byte = value);
            }
            4 => {
                let end = (at + random.random_range(1..64)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let mut more = vec![0; random.random_range(1..64)];
                random.fill_bytes(&mut more);
                bytes.splice(at..at, more);
            }
            6 => {
                let end = (at + random.random_range(1..400)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = reach(random, bytes.len());
                bytes.splice(to..to, part);
            }
            _ => {
                // A decimal string somewhere gets another digit.
                if let Some(digit) = bytes.iter().skip(at).position(u8::is_ascii_digit) {
                    bytes[at + digit] = b"0123456789-.eE\\ "[random.random_range(0..16)];
                }
            }
        }
    }
}

#[test]
fn whatever_is_in_a_file_reading_it_ends_with_a_sentence() {
    let mut sources = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dicom"), &mut sources);
    let mut sources: Vec<(PathBuf, Vec<u8>)> =
        sources.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("reads"))).collect();
    // Packed pixels are where other people's decoders are met.
    let packed = ["htj2k", "ct_jpeg2000", "mr_jpegls", "ct_jpeg_lossless", "mr_rle"];
    let is_packed = |path: &Path| packed.iter().any(|name| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name)));
    let more: Vec<_> = sources.iter().filter(|(path, _)| is_packed(path)).cloned().collect();
    (0..6).for_each(|_| sources.extend(more.iter().cloned()));
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let until = Instant::now() + Duration::from_secs(number("MEDLEY_FUZZ_SECONDS").unwrap_or(1));
    let first = number("MEDLEY_FUZZ_SEED").unwrap_or(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x");
    let grid = medley_volume::Grid::axis_aligned([64, 64, 64], [4.0; 3]).expect("a grid");
    let (mut opened, mut rounds) = (0u64, 0u64);
    // What the file under way is, for a crash that no test can catch.
    let trace = std::env::var("MEDLEY_FUZZ_TRACE").ok();
    for seed in first.. {
        if Instant::now() > until {
            break;
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let (source, bytes) = &sources[random.random_range(0..sources.len())];
        let mut bytes = bytes.clone();
        damage(&mut bytes, &mut random);
        std::fs::write(&path, &bytes).expect("writes");
        if let Some(trace) = &trace {
            std::fs::write(trace, format!("{seed} {}", source.display())).expect("writes");
        }
        let begun = Instant::now();
        let result = std::panic::catch_unwind(|| {
            let mut count = 0;
            let found = dicom::scan(&path).expect("the file is there");
            for series in &found.series {
                count += u64::from(dicom::open(series).is_ok());
                let _ = dicom::thumbnail(series);
                let _ = dicom::open_with(series, dicom::OpenOptions { suv: true });
            }
            if let Err(error) = dicom::open_contours(&path, &grid) {
                assert!(error.to_string().contains("; "), "no sentence: {error}");
            }
            for error in [open_volume(&path).err(), open_labels(&path).err(), dicom::open_segmentation(&path).err()].into_iter().flatten() {
                assert!(error.to_string().contains("; "), "no sentence: {error}");
            }
            count
        });
        assert!(result.is_ok(), "seed {seed}, {}", source.display());
        assert!(begun.elapsed() < Duration::from_secs(60), "seed {seed}, {}: {:?}", source.display(), begun.elapsed());
        opened += result.unwrap_or(0);
        rounds += 1;
    }
    println!("{rounds} damaged files, {opened} of them opened");
    assert!(rounds > 10 && opened > 0);
}
