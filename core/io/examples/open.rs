//! How long opening takes: `open FILE…` prints, for each file, the seconds to its voxels, the seconds of guessing what they mean, the
//! bytes of voxels and the most memory the process held so far.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for measuring")]

use std::path::Path;
use std::time::Instant;

fn main() {
    for path in std::env::args().skip(1) {
        let start = Instant::now();
        match medley_io::open_volume(Path::new(&path)) {
            Ok(opened) => {
                let seconds = start.elapsed().as_secs_f64();
                let start = Instant::now();
                let quantity = medley_io::guess_quantity(&opened.volume);
                let guessing = start.elapsed().as_secs_f64();
                let bytes = opened.volume.voxels().byte_len();
                let peak = peak_bytes().map_or_else(|| "unknown".to_owned(), |peak| format!("{:.2}", peak as f64 / bytes as f64));
                println!("{path}: {seconds:.3} s, of which guessing {guessing:.3} s ({quantity:?}); {bytes} bytes, peak {peak} × voxels");
            }
            Err(error) => eprintln!("{error}"),
        }
    }
}

/// The largest resident size of this process so far, where the system tells (Linux).
fn peak_bytes() -> Option<u64> {
    let about = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
