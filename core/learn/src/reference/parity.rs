//! Against what the reference's own code computes: `MEDLEY_SHARED` names the folder that holds `parity/`.

use safetensors::{Dtype, SafeTensors};

use super::mask::softmax;
use super::*;

struct Stored(Vec<u8>);

impl Stored {
    fn open() -> Self {
        let folder = std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/");
        Self(std::fs::read(std::path::Path::new(&folder).join("parity/preprocess.safetensors")).expect("the arrays"))
    }

    fn numbers(&self, name: &str) -> (Vec<f64>, Vec<usize>) {
        let tensors = SafeTensors::deserialize(&self.0).expect("safetensors");
        let view = tensors.tensor(name).unwrap_or_else(|_| panic!("no {name}"));
        let bytes = view.data();
        let values = match view.dtype() {
            Dtype::U8 => bytes.iter().map(|b| f64::from(*b)).collect(),
            Dtype::I16 => bytes.as_chunks::<2>().0.iter().map(|b| f64::from(i16::from_le_bytes(*b))).collect(),
            Dtype::I32 => bytes.as_chunks::<4>().0.iter().map(|b| f64::from(i32::from_le_bytes(*b))).collect(),
            Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            Dtype::F64 => bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            other => panic!("{other:?}"),
        };
        (values, view.shape().to_vec())
    }

    fn array(&self, name: &str) -> FileArray {
        let (values, shape) = self.numbers(name);
        FileArray { shape: shape.try_into().expect("three axes"), values: values.into_iter().map(|v| v as f32).collect() }
    }

    fn classes(&self, name: &str) -> Vec<FileArray> {
        let (values, shape) = self.numbers(name);
        let [_, d, h, w] = shape[..] else { panic!("{shape:?}") };
        let values: Vec<f32> = values.into_iter().map(|v| v as f32).collect();
        values.chunks(d * h * w).map(|values| FileArray { shape: [d, h, w], values: values.to_vec() }).collect()
    }

    fn triple(&self, name: &str) -> [usize; 3] {
        self.numbers(name).0.into_iter().map(|v| v as usize).collect::<Vec<_>>().try_into().expect("three numbers")
    }
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| if (a - b).is_nan() { f32::INFINITY } else { (a - b).abs() }).fold(0.0, f32::max)
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn margins_sizes_and_intensities_are_the_references() {
    let stored = Stored::open();
    for scan in ["ct", "mr"] {
        let named = |name: &str| stored.array(&format!("{scan}.{name}"));
        let (volume, label) = (named("volume"), named("label"));
        let (dropped, dropped_label) = drop_margin(&volume, &label).expect("dropped");
        assert_eq!(dropped, named("dropped_volume"));
        assert_eq!(dropped_label, named("dropped_label"));
        let size = named("train.resized_volume").shape;
        assert_eq!(zoom(&dropped_label, size, Order::Nearest), named("train.resized_label"));
        for (phase, from) in [("train", &dropped), ("test", &volume)] {
            let resized = zoom(from, size, Order::Nearest);
            assert_eq!(resized, named(&format!("{phase}.resized_volume")));
            let found = normalise(&resized).expect("normalised");
            let wanted = stored.numbers(&format!("{scan}.{phase}.mean_std")).0;
            assert!((found.mean / wanted[0] - 1.0).abs() < 1e-6 && (found.std / wanted[1] - 1.0).abs() < 1e-6, "{wanted:?}");
            let worst = largest_difference(&found.scan.values, &named(&format!("{phase}.zscore_before_noise")).values);
            assert!(worst < 2e-6, "{scan} {phase}: {worst}");
            let zeros = named(&format!("{phase}.zero_mask")).values;
            assert!(found.is_zero.iter().zip(&zeros).all(|(is_zero, wanted)| f32::from(u8::from(*is_zero)) == *wanted));
            println!("{scan} {phase}: resized equal, z-score within {worst:.1e}, {} voxels of noise", zeros.iter().sum::<f32>());
        }
    }
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn masks_and_their_scores_are_the_references() {
    let stored = Stored::open();
    for scan in ["ct", "mr"] {
        let logits = stored.classes(&format!("{scan}.logits"));
        let label = stored.array(&format!("{scan}.label"));
        let probabilities = softmax(&logits);
        for (found, wanted) in probabilities.iter().zip(stored.classes(&format!("{scan}.softmax"))) {
            assert!(largest_difference(&found.values, &wanted.values) < 1e-6);
        }
        if scan == "ct" {
            for (found, wanted) in probabilities.iter().zip(stored.classes("ct.softmax_resized")) {
                let worst = largest_difference(&zoom(found, label.shape, Order::Linear).values, &wanted.values);
                assert!(worst < 1e-6, "{worst}");
                println!("ct: probabilities stretched within {worst:.1e}");
            }
        }
        let mask = mask_of(&logits, label.shape);
        assert_eq!(mask, stored.array(&format!("{scan}.mask")));
        let dice = dice_per_class(&mask, &label, 4);
        for (found, wanted) in dice.iter().zip(stored.numbers(&format!("{scan}.dice")).0) {
            assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        }
        println!("{scan}: mask equal, Dice {dice:?}");
    }
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn crops_and_lines_are_the_references() {
    let stored = Stored::open();
    for number in 0..9 {
        let named = |name: &str| stored.triple(&format!("crop{number}.{name}"));
        let uniforms = stored.numbers(&format!("crop{number}.uniforms")).0.try_into().expect("six numbers");
        let found = crop_box(named("shape"), named("label_min"), named("label_max"), uniforms);
        let wanted: Vec<usize> = stored.numbers(&format!("crop{number}.box")).0.into_iter().map(|v| v as usize).collect();
        assert_eq!(found.concat(), wanted, "crop {number}");
    }
    let line = |from: usize, to: usize, order: Order| {
        let ramp = FileArray { shape: [1, 1, from], values: (1..=from).map(|v| v as f32).collect() };
        zoom(&ramp, [1, 1, to], order).values
    };
    for (from, to) in [(1, 4), (32, 448), (33, 56), (3, 1), (5, 3), (64, 28)] {
        for (number, order) in [(0, Order::Nearest), (1, Order::Linear)] {
            let wanted = stored.numbers(&format!("ramp.{from}_to_{to}.order{number}")).0;
            let wanted: Vec<f32> = wanted.into_iter().map(|v| v as f32).collect();
            assert_eq!(line(from, to, order), wanted, "{from} to {to}, order {number}");
        }
    }
    let lost = stored.numbers("last_plane_zero.sizes_in_out").0;
    let lost: std::collections::BTreeSet<(usize, usize)> = lost.chunks(2).map(|pair| (pair[0] as usize, pair[1] as usize)).collect();
    assert_eq!(lost.len(), 300);
    // The outputs that the list was made for.
    let outputs: std::collections::BTreeSet<usize> = lost.iter().map(|(_, to)| *to).collect();
    for from in 2..=640 {
        for &to in &outputs {
            let is_lost = line(from, to, Order::Nearest).last() == Some(&0.0);
            assert_eq!(is_lost, lost.contains(&(from, to)), "{from} to {to}");
        }
    }
}
