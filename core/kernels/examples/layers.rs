#![allow(unsafe_code, clippy::all, clippy::print_stdout, missing_docs)]
use medley_kernels::*;
#[repr(C)]
struct Ts {
    s: i64,
    n: i64,
}
unsafe extern "C" {
    fn clock_gettime(id: i32, t: *mut Ts) -> i32;
}
fn cpu() -> f64 {
    let mut t = Ts { s: 0, n: 0 };
    #[allow(unsafe_code)]
    unsafe {
        clock_gettime(2, &mut t);
    }
    t.s as f64 + t.n as f64 * 1e-9
}
fn best(mut f: impl FnMut()) -> f64 {
    f();
    (0..15)
        .map(|_| {
            let t = cpu();
            f();
            (cpu() - t) / 2.0
        })
        .fold(f64::MAX, f64::min)
        * 1e3
}
fn main() {
    rayon::ThreadPoolBuilder::new().num_threads(2).build_global().unwrap();
    println!("{}", instructions());
    let only: Vec<String> = std::env::args().skip(1).collect();
    for (ci, co, s, k, st, dil, pad, name) in [
        (1, 64, 64, 7, 2, 1, 3, "conv1"),
        (64, 64, 16, 3, 1, 1, 1, "l1"),
        (64, 128, 16, 3, 2, 1, 1, "l2.0"),
        (128, 128, 8, 3, 1, 1, 1, "l2"),
        (128, 256, 8, 3, 1, 2, 2, "l3.0"),
        (256, 256, 8, 3, 1, 2, 2, "l3"),
        (256, 512, 8, 3, 1, 4, 4, "l4.0"),
        (512, 512, 8, 3, 1, 4, 4, "l4"),
        (16, 16, 16, 3, 1, 1, 1, "w16l1"),
        (128, 128, 8, 3, 1, 4, 4, "w16l4"),
        (64, 64, 24, 3, 1, 1, 1, "96l1"),
        (512, 512, 12, 3, 1, 4, 4, "96l4"),
        (256, 64, 16, 1, 1, 1, 0, "b1x1"),
        (64, 256, 16, 1, 1, 1, 0, "b64-256"),
        (1024, 256, 8, 1, 1, 1, 0, "b1024"),
        (512, 2048, 8, 1, 1, 1, 0, "b2048"),
        (64, 64, 16, 1, 1, 1, 0, "b64"),
        (1, 16, 64, 7, 2, 1, 3, "w16c1"),
    ] {
        if !only.is_empty() && !only.iter().any(|o| o == name) {
            continue;
        }
        let g = Geometry {
            batch: 1,
            in_channels: ci,
            out_channels: co,
            input: [s; 3],
            kernel: [k; 3],
            stride: [st; 3],
            padding: [pad; 3],
            dilation: [dil; 3],
        };
        let x: Vec<f32> = (0..g.input_len()).map(|v| (v % 17) as f32 - 8.0).collect();
        let w: Vec<f32> = (0..g.weight_len()).map(|v| (v % 13) as f32 - 6.0).collect();
        let mut y = vec![0.0; g.output_len()];
        let mut gx = vec![0.0; g.input_len()];
        let mut gw = vec![0.0; g.weight_len()];
        let f = best(|| forward(&g, &x, &w, None, &mut y));
        let b = if ci > 1 { best(|| input_gradient(&g, &w, &y, &mut gx)) } else { 0.0 };
        let c = best(|| weight_gradient(&g, &x, &y, &mut gw));
        let gf = 2.0 * g.useful_multiplications() as f64 / 1e6;
        println!(
            "{name:8} fwd {f:7.2} ({:4.0} GF/s useful)  gx {b:7.2} ({:4.0})  gw {c:7.2} ({:4.0})  all {:7.2}",
            gf / f,
            if b > 0.0 { gf / b } else { 0.0 },
            gf / c,
            f + b + c
        );
    }
}
