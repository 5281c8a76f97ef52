//! Weight files that are not part of this repository, good and bad: `MEDLEY_SHARED` names the folder that holds `parity/`. Run with
//! `--ignored`. What the networks in them compute is in `reference/`.

#![expect(clippy::expect_used, reason = "a test that cannot read its files has failed")]

use std::path::PathBuf;

use burn::tensor::Device;
use medley_nn::weights::{WeightsFile, inspect};

fn parity() -> PathBuf {
    PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/")).join("parity")
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn every_bad_file_is_refused_in_one_sentence_that_names_it() {
    let mut files: Vec<_> = std::fs::read_dir(parity().join("bad")).expect("bad files").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    assert_eq!(files.len(), 49);
    for path in files {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let started = std::time::Instant::now();
        let words = WeightsFile::open(&path).and_then(|file| file.encoder(&Device::flex())).expect_err(&name).to_string();
        println!("{:4} ms  {}", started.elapsed().as_millis(), words.replace(&path.display().to_string(), &name));
        assert!(words.contains(&name) && !words.contains('\n'), "{words}");
        assert!(started.elapsed().as_secs() < 2, "{name}");
        let bytes = std::fs::read(&path).expect("a file");
        assert!(WeightsFile::from_bytes(&name, &bytes).and_then(|file| file.encoder(&Device::flex())).is_err());
        // Well-formed files are described; the rest is refused here too.
        if let Ok(found) = inspect(&path) {
            assert!(!found.coverage.is_whole() || !found.unusable.is_empty(), "{name}");
        }
    }
    assert!(!std::path::Path::new("PWNED").exists());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("no peak memory known here"));
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn every_good_file_is_inspected_right() {
    for (file, depth, shortcut, width, matched) in [
        ("r10b_w6.legacy.pth", "10", "B", 6, 60),
        ("r10b_w6.zip.pth", "10", "B", 6, 60),
        ("r10b_w6.no_counters.legacy.pth", "10", "B", 6, 60),
        ("r10b_w6.fp16.zip.pth", "10", "B", 6, 60),
        ("r10b_w6.with_head.zip.pth", "10", "B", 6, 72),
        ("r10b_w6.training.legacy.pth.tar", "10", "B", 6, 72),
        ("r18a_w6.legacy.pth", "18", "A", 6, 85),
        ("r18a_w6.zip.pth", "18", "A", 6, 85),
        ("r34a_w4.legacy.pth", "34", "A", 4, 165),
        ("r34a_w4.zip.pth", "34", "A", 4, 165),
        ("r50b_w4.legacy.pth", "50", "B", 4, 265),
        ("r50b_w4.zip.pth", "50", "B", 4, 265),
    ] {
        let found = inspect(&parity().join(file)).expect(file);
        let about = found.architecture;
        assert_eq!(
            (about.depth.to_string().as_str(), about.shortcut.to_string().as_str(), about.base_width),
            (depth, shortcut, width),
            "{file}"
        );
        assert!(found.coverage.is_whole() && found.unusable.is_empty(), "{file}: {:?}", found.coverage);
        println!(
            "{file}: {about}, {} matched, {} unused, prefix “{}”, {:?}",
            found.coverage.matched,
            found.coverage.unused.len(),
            found.prefix,
            found.notices
        );
        assert_eq!(found.coverage.matched, matched, "{file}");
    }
}
