use burn::tensor::{Device, Tensor, Int, TensorData};
use burn::module::Module;
use medley_nn::*;
use std::time::Instant;
fn med(mut v: Vec<f64>) -> f64 { v.sort_by(f64::total_cmp); v[v.len()/2] }
fn time(mut f: impl FnMut()) -> f64 { f(); med((0..7).map(|_| { let t = Instant::now(); f(); t.elapsed().as_secs_f64() }).collect()) }
#[test] #[ignore]
fn speed() {
    let plain = Device::flex(); let ad = Device::flex().autodiff();
    for bw in [16, 64] {
        let encoder = EncoderConfig { depth: Depth::R10, shortcut: Shortcut::B, base_width: bw, in_channels: 1 };
        let vals: Vec<f32> = (0..64*64*64).map(|v| ((v * 31 % 97) as f32 - 48.0) / 48.0).collect();
        let x = |d: &Device| Tensor::<1>::from_floats(vals.as_slice(), d).reshape([1,1,64,64,64]);
        let e = encoder.init(&ad, 0); let ev = e.valid();
        let sync = |t: Tensor<1>| { t.into_data(); };
        println!("w{bw} encoder fwd {:.3} step {:.3}", time(|| sync(ev.forward(x(&plain)).sum())), time(|| { let g = e.forward(x(&ad)).sum().backward(); drop(g); }));
        let ef = encoder.init(&ad, 0).with_norm_mode(NormMode::Frozen);
        println!("w{bw} encoder frozen step {:.3}", time(|| { let g = ef.forward(x(&ad)).sum().backward(); drop(g); }));
        for classes in [2, 6] {
        for head in [HeadKind::Med3d, HeadKind::Skip] {
            let n = NetworkConfig { encoder, head, classes }.init(&ad, 0); let nv = n.valid();
            let out = n.forward(x(&ad)).dims();
            let target = Tensor::<4, Int>::from_data(TensorData::new((0..out[2]*out[3]*out[4]).map(|v| (v % classes) as i64).collect::<Vec<_>>(), [1, out[2], out[3], out[4]]), &ad);
            println!("w{bw} {head} c{classes} fwd {:.3} step+loss {:.3}", time(|| sync(nv.forward(x(&plain)).sum())), time(|| { let g = loss::dice_and_cross_entropy(n.forward(x(&ad)), target.clone(), None).backward(); drop(g); }));
        } }
        let stem = Tensor::<5>::random([1, bw, 32, 32, 32], burn::tensor::Distribution::Default, &ad);
        println!("w{bw} pool fwd+bwd {:.4}", time(|| { let g = max_pool3d(stem.clone().require_grad(), 3, 2, 1).sum().backward(); drop(g); }));
        let l = Tensor::<5>::random([1, 6, 64, 64, 64], burn::tensor::Distribution::Default, &ad);
        let t = Tensor::<4, Int>::zeros([1, 64, 64, 64], &ad);
        println!("loss alone c6 64^3 {:.4}", time(|| { let g = loss::dice_and_cross_entropy(l.clone().require_grad(), t.clone(), None).backward(); drop(g); }));
    }
}
