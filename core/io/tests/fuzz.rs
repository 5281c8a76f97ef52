//! Files changed at random, through every reader: no panic, no endless work, and every refusal a sentence that names the file.
//!
//! A few seconds by default, always the same changes. `MEDLEY_FUZZ_SECONDS=1200 cargo test -p medley-io --test fuzz` goes on for so long
//! from a new seed, which it prints; `ulimit -v` beside it bounds memory. Inputs that once did harm are kept in `tests/corpus` and are
//! tried every time.

#![expect(clippy::expect_used, reason = "a file that cannot be made is a failed test")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use medley_io::{
    StoredGeometry, kind_of, label_files, labels_from_bytes, npy, open_labels_with_table, open_volume_frame, volume_from_bytes,
    write_labels,
};
use medley_volume::{Grid, LabelMap};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Rounds where no time is given.
const ROUNDS: usize = 4000;
/// One file of these few bytes takes far less.
const LONGEST: Duration = Duration::from_secs(20);

fn in_tests(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn files_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()).collect();
    files.sort();
    let read = |path: PathBuf| (path.file_name().expect("a name").to_string_lossy().into_owned(), std::fs::read(&path).expect("a file"));
    files.into_iter().map(read).collect()
}

/// The fixtures and a file of each kind that is written.
fn corpus(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = files_of(&in_tests("data"));
    all.extend(files_of(&in_tests("data/peers")));
    all.retain(|(name, bytes)| bytes.len() < 8000 && !name.ends_with(".json") && !name.ends_with(".md"));
    let grid = Grid::axis_aligned([5, 4, 3], [1.0, 2.0, 3.0]).expect("a grid");
    let mut mask = LabelMap::empty(grid);
    (0..60).for_each(|at| mask.set(at, (at % 7) as u16));
    for end in ["nii", "nii.gz", "nrrd", "seg.nrrd", "mha", "mhd"] {
        write_labels(&folder.join(format!("m.{end}")), &mask, &StoredGeometry::of_grid(&grid)).expect("writes");
    }
    npy::write(&folder.join("m.npy"), &[2, 3, 4], &[0.5; 24]).expect("writes");
    all.extend(files_of(folder));
    let text = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    all.push(text("l.txt", "# x\n    1   230  159    0        1  1  1    \"left kidney\"\n    2   1  1    0     1  0  1    \"b\"\n"));
    all.push(text("l.ctbl", "# Color table file\n# 3 values\n0 background 0 0 0 0\n1 spleen 1 2 3 255\n2 'a b' 1 2 3 0\n"));
    let layered = "NRRD0005\ntype: short\nendian: little\ndimension: 4\nspace: LPS\nsizes: 2 3 1 1\nspace directions: none (1,0,0) (0,1,0) \
                   (0,0,1)\nkinds: list domain domain domain\nencoding: raw\nspace origin: (0,0,0)\nSegment0_ID:=a\nSegment0_Name:=x\n\
                   Segment1_ID:=b\nSegment1_Layer:=1\nSegment1_LabelValue:=3\n\n\x01\0\0\0\0\0\x03\0\0\0\0\0";
    all.push(text("layers.seg.nrrd", layered));
    all.push(text("t.nrrd", "NRRD0001\ntype: float\ndimension: 3\nsizes: 2 1 2\nspacings: 1 2 3\nencoding: ascii\n\n1 2.5 nan 4\n"));
    all.push(text(
        "h.nrrd",
        "NRRD0001\ntype: short\nendian: big\ndimension: 2\nsizes: 2 2\nencoding: hex\nline skip: 0\n\n00010002\n00ff 1000\n",
    ));
    all.push(text("t.mha", "NDims = 4\nDimSize = 1 2 1 2\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n0123456789abcdef"));
    all.push(text("d.mha", "NDims = 2\nBinaryData = False\nDimSize = 2 2\nElementType = MET_INT\nElementDataFile = LOCAL\n1 2 3 -4"));
    all
}

fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(bytes), &mut plain).ok()?;
    Some(plain)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, bytes).expect("packs");
    packed.finish().expect("packs")
}

const WORDS: [&[u8]; 22] = [
    b"-1",
    b"0",
    b"1",
    b"3",
    b"65536",
    b"2147483648",
    b"18446744073709551615",
    b"9223372036854775807",
    b"99999999999999999999999",
    b"nan",
    b"-inf",
    b"1e308",
    b"none",
    b"(1,0,0)",
    b"gzip",
    b"raw",
    b"hex",
    b"ascii",
    b"True",
    b"MET_DOUBLE",
    b"LOCAL",
    b"byte skip: -1\n",
];

/// Changes a few places: bytes, bits, numbers of 2 to 8 bytes, words, pieces doubled, dropped or taken from another file, the end cut off.
fn change(bytes: &mut Vec<u8>, other: &[u8], random: &mut ChaCha8Rng) {
    for _ in 0..random.random_range(1..6) {
        if bytes.is_empty() {
            return;
        }
        // Headers are where the harm is.
        let reach = if random.random_range(0..4) == 0 { bytes.len() } else { bytes.len().min(600) };
        let at = random.random_range(0..reach);
        let end = (at + random.random_range(1..17)).min(bytes.len());
        match random.random_range(0..9) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            2 => {
                let width = [2, 4, 8][random.random_range(0..3)];
                let number =
                    [0u64, 1, u64::MAX, 0x7fff_ffff, 0x7fff, 1 << 40, 0x7ff8_0000_0000_0000, 0x7fc0_0000][random.random_range(0..8)];
                let number = if random.random() { number.to_le_bytes() } else { number.swap_bytes().to_be_bytes() };
                let stop = (at + width).min(bytes.len());
                bytes[at..stop].copy_from_slice(&number[..stop - at]);
            }
            3 => bytes.truncate(at),
            4 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => drop(bytes.drain(at..end)),
            6 => {
                let word = WORDS[random.random_range(0..WORDS.len())];
                // In place of the word that is there.
                let stop = (at..bytes.len()).find(|&n| bytes[n].is_ascii_whitespace()).unwrap_or(end);
                bytes.splice(at..stop.max(at), word.iter().copied());
            }
            7 if !other.is_empty() => {
                let from = random.random_range(0..other.len());
                let piece = other[from..(from + random.random_range(1..200)).min(other.len())].to_vec();
                let stop = (at + piece.len()).min(bytes.len());
                bytes.splice(at..stop, piece);
            }
            _ => bytes[at..end].fill([0, b' ', b'\n', 0x7f, 0xff][random.random_range(0..5)]),
        }
    }
}

/// Every reader on one input. Errors must name the file and say what to do.
fn try_all(name: &str, bytes: &[u8], folder: &Path) {
    let sentence = |error: String, name: &str| {
        let is_line = error.contains(", line ");
        assert!(error.starts_with(name) && (is_line || error.contains("; ")), "{error}");
    };
    let scan = volume_from_bytes("x", bytes);
    if let Err(error) = &scan {
        sentence(error.to_string(), "x ");
    }
    if let Err(error) = labels_from_bytes("x", bytes) {
        sentence(error.to_string(), "x ");
    }
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("writes");
    let prefix = folder.display().to_string();
    kind_of(&path).expect("it is there");
    for error in [
        open_labels_with_table(&path).map(|_| ()).err(),
        open_volume_frame(&path, 1).map(|_| ()).err(),
        npy::read(&path).map(|_| ()).err(),
        label_files::read(&path).map(|_| ()).err(),
    ]
    .into_iter()
    .flatten()
    {
        sentence(error.to_string(), &prefix);
    }
    // What opens can be written and comes back.
    if let Ok(opened) = scan.as_ref().map(|scan| (&scan.volume, &scan.geometry))
        && opened.0.grid().len() < 1 << 16
    {
        let again = folder.join("again.nii");
        if medley_io::write_volume(&again, opened.0, opened.1).is_ok() {
            let back = medley_io::open_volume(&again).expect("what was written opens");
            assert!(back.volume.grid().is_same_as(opened.0.grid(), 1e-2));
        }
    }
}

#[test]
fn changed_files_open_or_are_refused_with_a_sentence() {
    let (seeds, scratch) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let corpus = corpus(seeds.path());
    for name in ["nrrd_big_endian_detached.raw", "m.zraw", "pair.img", "pair.hdr"] {
        if let Some((_, bytes)) = corpus.iter().find(|(known, _)| known == name) {
            std::fs::write(scratch.path().join(name), bytes).expect("writes");
        }
    }
    for (name, bytes) in files_of(&in_tests("corpus")).iter().chain(&corpus) {
        try_all(name, bytes, scratch.path());
    }
    let seconds: Option<u64> = std::env::var("MEDLEY_FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let seed = seconds.map_or(1, |_| SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64));
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let begin = Instant::now();
    let mut round = 0usize;
    while seconds.map_or(round < ROUNDS, |seconds| begin.elapsed().as_secs() < seconds) {
        let (name, original) = &corpus[random.random_range(0..corpus.len())];
        let other = &corpus[random.random_range(0..corpus.len())].1;
        let inner = if random.random_range(0..4) > 0 { unpacked(original).filter(|_| original.starts_with(&[0x1f, 0x8b])) } else { None };
        let is_inside = inner.is_some();
        let mut bytes = inner.unwrap_or_else(|| original.clone());
        change(&mut bytes, other, &mut random);
        if is_inside {
            bytes = packed(&bytes);
        }
        let start = Instant::now();
        let result = std::panic::catch_unwind(|| try_all(name, &bytes, scratch.path()));
        let is_slow = start.elapsed() > LONGEST;
        if result.is_err() || is_slow {
            let kept = std::env::temp_dir().join(format!("medley-fuzz-{seed}-{round}-{name}"));
            std::fs::write(&kept, &bytes).expect("writes");
            panic!("round {round} of seed {seed}: {} (slow: {is_slow})", kept.display());
        }
        round += 1;
    }
    println!("{round} files from seed {seed}");
}
