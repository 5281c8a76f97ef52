//! Opens what a path means as a scan, and says how long it took: `cargo run -p medley-io --example open_series -- FOLDER`.
#![allow(clippy::print_stdout, reason = "a program for the command line")]

use std::path::PathBuf;
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = PathBuf::from(std::env::args().nth(1).ok_or("give a folder")?);
    let begun = Instant::now();
    let found = medley_io::dicom::scan(&path)?;
    let scanned = begun.elapsed();
    println!("{} series, {} files skipped", found.series.len(), found.skipped.len());
    for series in &found.series {
        println!("  {} {:?}", series.title(), series.notices);
    }
    drop(found);
    let begun = Instant::now();
    let opened = medley_io::open_volume(&path)?;
    println!("{} {:?}", opened.volume.grid(), opened.notices);
    println!("scanned in {:.3} s, opened in {:.3} s", scanned.as_secs_f64(), begun.elapsed().as_secs_f64());
    Ok(())
}
