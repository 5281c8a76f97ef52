use std::io::{BufReader, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Bytes with runs, repetitions near and far, and noise of few and of many values.
fn material(random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    let wanted = [0, 1, 300, 5000, 70_000, 400_000][random.random_range(0..6)];
    while bytes.len() < wanted {
        let length = random.random_range(1..2000);
        match random.random_range(0..4) {
            0 => bytes.resize(bytes.len() + length, random.random()),
            1 => bytes.extend((0..length).map(|_| random.random_range(0..4u8))),
            2 => bytes.extend((0..length).map(|_| random.random::<u8>())),
            _ if !bytes.is_empty() => {
                let from = random.random_range(bytes.len().saturating_sub(40_000)..bytes.len());
                let piece = bytes[from..(from + length).min(bytes.len())].to_vec();
                bytes.extend(piece);
            }
            _ => {}
        }
    }
    bytes
}

fn packed(bytes: &[u8], level: u32) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::new(level));
    packed.write_all(bytes).expect("packs");
    packed.finish().expect("packs")
}

fn ours(bytes: &[u8], capacity: usize) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    Gunzip::new(BufReader::with_capacity(capacity, bytes)).read_to_end(&mut plain)?;
    Ok(plain)
}

#[test]
fn what_was_packed_comes_back_at_every_level_and_from_any_buffer() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for round in 0..120 {
        let plain = material(&mut random);
        let mut bytes = packed(&plain, round % 10);
        let capacity = [1, 7, 8, 9, 100, 1 << 17][random.random_range(0..6)];
        assert!(ours(&bytes, capacity).expect("unpacks") == plain, "{round}");
        bytes.extend(packed(&plain, 9));
        bytes.extend(b"\0\0 and more");
        assert!(ours(&bytes, capacity).expect("unpacks") == [plain.clone(), plain].concat(), "{round}");
    }
}

#[test]
fn damage_is_found_wherever_another_program_finds_it() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let mut agreed = 0;
    for round in 0..6000 {
        let plain: Vec<u8> = material(&mut random).into_iter().take(3000).collect();
        let mut bytes = packed(&plain, [0, 1, 6, 9][round % 4]);
        for _ in 0..random.random_range(1..3) {
            let at = random.random_range(0..bytes.len());
            if random.random_range(0..5) == 0 { bytes.truncate(at.max(1)) } else { bytes[at] ^= 1 << random.random_range(0..8) }
        }
        let mut theirs = Vec::new();
        let is_theirs_good = flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut theirs).is_ok();
        match ours(&bytes, 64) {
            Ok(found) => assert!(is_theirs_good && found == theirs, "{round}"),
            // The reserved bits of a header and its own checksum are seen differently.
            Err(_) => assert!(!is_theirs_good || bytes[3] != 0, "{round}"),
        }
        agreed += usize::from(is_theirs_good);
    }
    assert!(agreed > 10 && agreed < 3000, "{agreed}");
}

#[test]
fn a_file_cut_short_gives_what_it_has_and_then_an_error() {
    let plain: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
    let bytes = packed(&plain, 6);
    for length in (0..bytes.len()).step_by(bytes.len() / 50) {
        let mut reader = Gunzip::new(&bytes[..length]);
        let mut found = Vec::new();
        let error = reader.read_to_end(&mut found).expect_err("it is cut");
        assert!(matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData), "{error}");
        assert!(plain.starts_with(&found));
    }
}

#[test]
fn a_header_may_have_a_name_a_comment_and_more() {
    let plain = b"voxels";
    let bytes = packed(plain, 6);
    let mut long = bytes[..10].to_vec();
    long[3] = 4 | 8 | 16 | 2;
    long.extend(b"\x03\0abcname.nii\0a comment\0\x12\x34");
    long.extend(&bytes[10..]);
    assert_eq!(ours(&long, 5).expect("unpacks"), plain);
}
