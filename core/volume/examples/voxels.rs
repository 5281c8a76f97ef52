//! Seconds of each operation on a phantom, best of three: `cargo run -p medley-volume --example voxels -- 512x512x500 [NAME …]`.
#![allow(clippy::print_stdout, missing_docs)]

use std::time::Instant;

use medley_volume::measure::{Operation, Phantom};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let shape: Vec<usize> = arguments.first().map_or("256x256x256", |s| s).split('x').map(str::parse).collect::<Result<_, _>>()?;
    let phantom = Phantom::new(<[usize; 3]>::try_from(shape.as_slice())?)?;
    let set = phantom.inside.iter().filter(|is_inside| **is_inside).count();
    println!("{}; {:.1} % inside", phantom.labels.grid(), 100.0 * set as f64 / phantom.inside.len() as f64);
    let wanted = |name: &str| arguments.len() < 2 || arguments[1..].iter().any(|wanted| name.contains(wanted.as_str()));
    for operation in Operation::ALL.into_iter().filter(|operation| wanted(operation.name())) {
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let start = Instant::now();
            let outcome = operation.run(&phantom)?;
            best = best.min(start.elapsed().as_secs_f64());
            drop(outcome);
        }
        println!("{:24} {best:8.3} s", operation.name());
    }
    Ok(())
}
