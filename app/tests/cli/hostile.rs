//! Every subcommand that opens files against files that are damaged or lie: exit code 1, one sentence that names the file, no
//! panic, and no memory taken for what a file merely claims.

use std::path::{Path, PathBuf};

use crate::support::{Run, lps_grid, medley, phantom, write_case};

/// Damaged images, each under its own name.
pub fn bad_images(folder: &Path) -> Vec<PathBuf> {
    let [good, _] = write_case(folder, "good", &phantom(lps_grid([12, 12, 12]), 0));
    let plain = folder.join("good.nii");
    assert_eq!(medley(["convert".as_ref(), good.as_os_str(), plain.as_os_str()]).code, Some(0));
    let (packed, plain) = (std::fs::read(good).expect("read"), std::fs::read(plain).expect("read"));
    let patched = |at: usize, bytes: &[u8]| {
        let mut file = plain.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let dims = |sides: [i16; 4]| patched(40, &sides.iter().flat_map(|side| side.to_le_bytes()).collect::<Vec<u8>>());
    let mut noise = 7u32;
    let random = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    });
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("bad_empty.nii", Vec::new()),
        ("bad_text.nii.gz", b"this is no image\n".repeat(40)),
        ("bad_header_only.nii", plain[..348].to_vec()),
        ("bad_half_header.nii", plain[..100].to_vec()),
        ("bad_truncated.nii", plain[..plain.len() / 2].to_vec()),
        ("bad_truncated.nii.gz", packed[..packed.len() / 2].to_vec()),
        ("bad_gzip_of_nothing.nii.gz", packed[..12].to_vec()),
        ("bad_magic.nii", patched(344, b"xyz\0")),
        ("bad_huge.nii", dims([3, 20_000, 20_000, 20_000])),
        ("bad_negative.nii", dims([3, 12, -12, 12])),
        ("bad_no_dimensions.nii", dims([0, 0, 0, 0])),
        ("bad_type.nii", patched(70, &[0x39, 0x30])),
        ("bad_affine.nii", patched(280, &f32::NAN.to_le_bytes().repeat(12))),
        ("bad_random.nii", random.take(4000).collect()),
    ];
    let mut paths = vec![folder.join("bad_missing.nii")];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("written");
        paths.push(folder.join(name));
    }
    paths
}

/// Damaged files of weights.
fn bad_weights(folder: &Path) -> Vec<PathBuf> {
    let starter = include_bytes!("../../../assets/starter/resnet10_w16_starter.safetensors");
    let lying = |length: u64, header: &str| [&length.to_le_bytes()[..], header.as_bytes()].concat();
    let outside = r#"{"conv1.weight":{"dtype":"F32","shape":[16,1,7,7,7],"data_offsets":[0,99999999999]}}"#;
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("bad_empty.pth", Vec::new()),
        ("bad_text.pth", b"weights, honestly\n".repeat(10)),
        ("bad_zip.pth", b"PK\x03\x04 and then nothing of a zip".to_vec()),
        ("bad_pickle.pth", vec![0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e, 0x80, 2, 0x7d]),
        ("bad_truncated.safetensors", starter[..starter.len() / 2].to_vec()),
        ("bad_header_length.safetensors", lying(u64::MAX, "{}")),
        ("bad_json.safetensors", lying(9, "{\"conv1\":")),
        ("bad_offsets.safetensors", lying(outside.len() as u64, outside)),
        ("bad_nothing.safetensors", lying(2, "{}")),
    ];
    let mut paths = vec![folder.join("bad_missing.safetensors")];
    for (name, bytes) in files {
        std::fs::write(folder.join(name), bytes).expect("written");
        paths.push(folder.join(name));
    }
    paths
}

/// Like `medley`, with at most 1.5 GB of address space where the system can limit it: what a file claims must not be reserved.
fn medley_in_little_memory(arguments: &[&std::ffi::OsStr]) -> Run {
    if !cfg!(target_os = "linux") {
        return medley(arguments);
    }
    let script = r#"ulimit -v 1500000; exec "$0" "$@""#;
    let mut command = std::process::Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_medley")]).args(arguments);
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn damaged_images_are_refused_by_info_convert_and_evaluate() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out.nii.gz");
    for bad in bad_images(folder.path()) {
        let (good, mask) = (folder.path().join("good.nii.gz"), folder.path().join("good_mask.nii.gz"));
        let [good, mask, file, out] = [&good, &mask, &bad, &out].map(|path| path.as_os_str());
        let runs: [&[&std::ffi::OsStr]; 6] = [
            &["info".as_ref(), file],
            &["info".as_ref(), file, "--json".as_ref()],
            &["convert".as_ref(), file, out],
            &["convert".as_ref(), good, out, "--like".as_ref(), file],
            &["evaluate".as_ref(), file, mask],
            &["evaluate".as_ref(), mask, file],
        ];
        for arguments in runs {
            medley_in_little_memory(arguments).assert_refused(&name(&bad));
        }
    }
    assert!(!out.exists(), "nothing is written where something could not be read");
}

#[test]
fn damaged_weights_are_refused_by_whatever_takes_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let [image, mask] = write_case(folder.path(), "good", &phantom(lps_grid([16, 16, 16]), 0));
    let dataset = crate::training::write_dataset(folder.path(), "tiny", &[(&image, &mask)], &[]);
    let out = folder.path().join("out");
    for bad in bad_weights(folder.path()) {
        let [file, image, dataset, out] = [&bad, &image, &dataset, &out].map(|path| path.as_os_str());
        let runs: [&[&std::ffi::OsStr]; 5] = [
            &["weights".as_ref(), "inspect".as_ref(), file],
            &["info".as_ref(), file],
            &["predict".as_ref(), file, image, "-o".as_ref(), out],
            &["finetune".as_ref(), dataset, "-o".as_ref(), out, "--weights".as_ref(), file, "--device".as_ref(), "cpu".as_ref()],
            &["pretrain".as_ref(), dataset, "-o".as_ref(), out, "--weights".as_ref(), file, "--device".as_ref(), "cpu".as_ref()],
        ];
        for arguments in runs {
            medley(arguments).assert_refused(&name(&bad));
        }
    }
    assert!(!out.join("model.safetensors").exists());
}

#[test]
fn data_sets_that_cannot_be_used_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let [image, mask] = write_case(folder.path(), "good", &phantom(lps_grid([16, 16, 16]), 0));
    let [other, _] = write_case(folder.path(), "other", &phantom(lps_grid([12, 16, 16]), 0));
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let damaged_study = folder.path().join("bad_study");
    std::fs::create_dir(&damaged_study).expect("made");
    std::fs::write(damaged_study.join("study.sqlite"), b"SQLite format 3\0 and then nothing of it").expect("written");
    let gone = folder.path().join("gone.nii.gz");
    let sets = [
        (folder.path().join("bad_missing.json"), "bad_missing.json"),
        (write("bad_text.json", "cases: all of them"), "bad_text.json"),
        (write("bad_list.json", "[1, 2, 3]"), "bad_list.json"),
        (write("bad_bare.json", "{}"), "bad_bare.json"),
        (write("bad_deep.json", &"[".repeat(100_000)), "bad_deep.json"),
        (damaged_study, "bad_study"),
        (crate::training::write_dataset(folder.path(), "points_nowhere", &[(&gone, &mask)], &[]), "gone.nii.gz"),
        (crate::training::write_dataset(folder.path(), "mismatched", &[(&other, &mask)], &[]), "other"),
        (crate::training::write_dataset(folder.path(), "no_mask", &[(&image, &image)], &[]), "good.nii.gz"),
    ];
    let out = folder.path().join("out");
    for (set, named) in sets {
        for command in ["finetune", "pretrain"] {
            let arguments = [command.as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str()];
            medley(arguments.into_iter().chain(["--device", "cpu", "--weights", "scratch", "--steps", "1"].map(AsRef::as_ref)))
                .assert_refused(named);
        }
    }
    assert!(!out.join("model.safetensors").exists() && !out.join("encoder.safetensors").exists());
}

#[test]
fn folders_and_files_of_other_kinds_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let dicom = folder.path().join("slice.dcm");
    let mut bytes = vec![0u8; 128];
    bytes.extend(b"DICM\x02\x00\x00\x00UL\x04\x00\x00\x00\x00\x00");
    std::fs::write(&dicom, bytes).expect("written");
    medley(["info".as_ref(), folder.path().as_os_str()]).assert_refused(&name(folder.path()));
    let run = medley(["info".as_ref(), dicom.as_os_str()]);
    run.assert_refused("slice.dcm");
    assert!(run.err.contains("DICOM"), "{run:?}");
    let [image, _] = write_case(folder.path(), "good", &phantom(lps_grid([8, 8, 8]), 0));
    medley(["weights".as_ref(), "inspect".as_ref(), image.as_os_str()]).assert_refused("good.nii.gz");
}
