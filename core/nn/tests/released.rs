//! Checkpoints of full width as they were released: `MEDLEY_RELEASED` names the folder that `tests/peers/make_released_like.py`
//! wrote. Run with `--ignored`.

use std::path::PathBuf;
use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use medley_nn::EncoderConfig;
use medley_nn::weights::WeightsFile;
use safetensors::SafeTensors;

#[test]
#[ignore = "needs MEDLEY_RELEASED"]
fn checkpoints_of_full_width_compute_what_pytorch_computes() {
    let folder = PathBuf::from(std::env::var("MEDLEY_RELEASED").expect("MEDLEY_RELEASED names the folder of make_released_like.py"));
    let device = Device::flex();
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(".legacy.pth") else { continue };
        seen += 1;
        let began = Instant::now();
        let file = WeightsFile::open(&path).expect("a checkpoint");
        let opened = began.elapsed();
        let (encoder, coverage) = file.encoder(&device).expect("an encoder");
        println!("{name}: opened after {:.2} s, an encoder after {:.2} s", opened.as_secs_f64(), began.elapsed().as_secs_f64());
        let config = encoder.config();
        assert_eq!(name, format!("resnet_{}{}", config.depth, config.shortcut));
        assert_eq!(config, EncoderConfig { shortcut: config.shortcut, ..EncoderConfig::released(config.depth) });
        assert!(coverage.is_whole() && coverage.unused.is_empty());
        let bytes = std::fs::read(folder.join(format!("{name}.io.safetensors"))).expect("inputs and outputs");
        let stored = SafeTensors::deserialize(&bytes).expect("safetensors");
        let read = |key: &str| -> (Vec<f32>, Vec<usize>) {
            let view = stored.tensor(key).expect("a tensor");
            (view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(), view.shape().to_vec())
        };
        let (input, shape) = read("input");
        let began = Instant::now();
        let found = encoder.features(Tensor::from_data(TensorData::new(input, shape), &device));
        let stages = [
            ("conv1", found.conv1),
            ("maxpool", found.max_pool),
            ("layer1", found.layer1),
            ("layer2", found.layer2),
            ("layer3", found.layer3),
            ("layer4", found.layer4),
        ];
        for (stage, found) in stages {
            let (wanted, shape) = read(stage);
            assert_eq!(found.dims().to_vec(), shape, "{name} {stage}");
            let found: Vec<f32> = found.to_data().try_to_vec().expect("numbers");
            let mean = wanted.iter().map(|v| f64::from(*v)).sum::<f64>() / wanted.len() as f64;
            let sigma = (wanted.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / wanted.len() as f64).sqrt();
            let off = found.iter().zip(&wanted).map(|(a, b)| f64::from((a - b).abs()));
            // By total order, so that a number that is none counts as the largest.
            let worst = off.max_by(f64::total_cmp).expect("numbers") / sigma;
            println!("{name} {stage}: {worst:.1e} σ (σ {sigma:.2e})");
            // Rounding adds up with depth: bottlenecks stay within 3e-4, basic blocks within 1e-4.
            let tolerance = if config.depth.has_bottlenecks() { 3e-4 } else { 1e-4 };
            assert!(sigma > 0.0 && worst < tolerance, "{name} {stage}: {worst:.1e} σ");
        }
        println!("{name}: forward 1×1×64³ in {:.2} s", began.elapsed().as_secs_f64());
    }
    assert!(seen > 0, "no checkpoints in {}", folder.display());
}
