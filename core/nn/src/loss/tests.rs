use burn::tensor::{Device, Int, Tensor, TensorData};

use super::*;
use crate::head::Level;

const SHAPE: [usize; 5] = [2, 3, 2, 2, 2];

/// Class 2 occurs nowhere; two voxels are ignored.
const CLASSES: [i32; 16] = [0, 1, 1, 0, -1, 0, 1, 0, 0, 0, 1, 1, 1, 0, -1, 1];

fn target(device: &Device) -> Tensor<4, Int> {
    Tensor::from_data(TensorData::new(CLASSES.to_vec(), [2, 2, 2, 2]), device)
}

/// The same, to be compared with by name.
fn host_target() -> Target {
    Target::new(CLASSES.to_vec(), [2, 2, 2, 2], Some(-1)).with_voxel([2.0, 1.0, 1.0])
}

/// Of a loss, with respect to each logit.
fn gradient(loss: &dyn Fn(Tensor<5>) -> Tensor<1>, logits: &[f32]) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let input = Tensor::<1>::from_floats(logits, &device).reshape(SHAPE).require_grad();
    let gradients = loss(input.clone()).backward();
    input.grad(&gradients).expect("a gradient").to_data().try_to_vec().expect("f32")
}

/// Probability of each class in voxel `at`, which is counted over both samples.
fn probabilities(logits: &[f32], at: usize) -> [f64; 3] {
    let powers: [f64; 3] = std::array::from_fn(|c| f64::from(logits[(at / 8 * 3 + c) * 8 + at % 8]).exp());
    powers.map(|power| power / powers.iter().sum::<f64>())
}

fn counted() -> impl Iterator<Item = (usize, usize)> {
    CLASSES.into_iter().enumerate().filter_map(|(at, class)| Some((at, usize::try_from(class).ok()?)))
}

fn logits() -> Vec<f32> {
    (0..48).map(|v| ((v * 29 % 17) as f32 - 8.0) / 6.0).collect()
}

fn value(loss: &dyn Fn(Tensor<5>) -> Tensor<1>, logits: &[f32], device: &Device) -> f64 {
    let logits = Tensor::<1>::from_floats(logits, device).reshape(SHAPE);
    f64::from(loss(logits).to_data().try_to_vec::<f32>().expect("f32")[0])
}

fn assert_gradient(loss: &dyn Fn(Tensor<5>) -> Tensor<1>) {
    let device = Device::flex().autodiff();
    let start = logits();
    let gradient = gradient(loss, &start);
    for at in 0..start.len() {
        let step = 0.01;
        let moved = |by: f32| {
            let mut logits = start.clone();
            logits[at] += by;
            value(loss, &logits, &device)
        };
        let slope = (moved(step) - moved(-step)) / f64::from(2.0 * step);
        assert!((slope - f64::from(gradient[at])).abs() < 2e-4, "logit {at}: {slope} against {}", gradient[at]);
    }
}

#[test]
fn gradients_are_the_slopes() {
    let device = Device::flex().autodiff();
    assert_gradient(&|x| cross_entropy(x, target(&device), Some(-1)));
    assert_gradient(&|x| soft_dice(x, target(&device), Some(-1)));
    assert_gradient(&|x| dice_and_cross_entropy(x, target(&device), Some(-1)));
    assert_gradient(&|x| focal(x, target(&device), Some(-1), 2.0, None));
    assert_gradient(&|x| focal(x, target(&device), Some(-1), 0.5, Some(&[0.25, 0.75, 1.0])));
    assert_gradient(&|x| tversky(x, target(&device), Some(-1), [0.3, 0.7]));
    assert_gradient(&|x| focal_tversky(x, target(&device), Some(-1), [0.3, 0.7], 4.0 / 3.0));
    assert_gradient(&|x| boundary(x, &host_target()));
    for kind in LossKind::ALL {
        assert_gradient(&|x| kind.of(x, &host_target()));
        assert_gradient(&|x| kind.of(x, &host_target().with_annotated(partly())));
    }
    assert_gradient(&|x| sigmoid_dice_and_cross_entropy(x, target(&device), Some(-1), &partly()));
}

#[test]
fn both_are_as_worked_out_voxel_by_voxel() {
    let device = Device::flex();
    let (logits, classes) = (logits(), target(&device).to_data().iter::<i64>().collect::<Vec<_>>());
    let (mut entropy, mut counted) = (0.0, 0.0);
    let (mut both, mut predicted, mut present) = (0.0, 0.0, 0.0);
    for (at, class) in classes.into_iter().enumerate().filter(|(_, class)| *class >= 0) {
        let logit = |c: usize| f64::from(logits[(at / 8 * 3 + c) * 8 + at % 8]);
        let sum: f64 = (0..3).map(|c| logit(c).exp()).sum();
        let probability = |c: usize| logit(c).exp() / sum;
        entropy -= probability(class as usize).ln();
        counted += 1.0;
        predicted += probability(1);
        if class == 1 {
            both += probability(1);
            present += 1.0;
        }
    }
    let dice = 1.0 - (2.0 * both + 1e-5) / (predicted + present + 1e-5);
    let found = |loss: &dyn Fn(Tensor<5>) -> Tensor<1>| value(loss, &logits, &device);
    assert!((found(&|x| cross_entropy(x, target(&device), Some(-1))) - entropy / counted).abs() < 1e-5);
    assert!((found(&|x| soft_dice(x, target(&device), Some(-1))) - dice).abs() < 1e-5);
    let sum = found(&|x| dice_and_cross_entropy(x, target(&device), Some(-1)));
    assert!((sum - dice - entropy / counted).abs() < 2e-5);
}

#[test]
fn nothing_to_learn_from_costs_nothing() {
    let device = Device::flex();
    let ignored = Tensor::<4, Int>::full([2, 2, 2, 2], -1, &device);
    assert_eq!(value(&|x| dice_and_cross_entropy(x, ignored.clone(), Some(-1)), &logits(), &device), 0.0);
    let background = Tensor::<4, Int>::zeros([2, 2, 2, 2], &device);
    assert_eq!(value(&|x| soft_dice(x, background.clone(), None), &logits(), &device), 0.0);
}

#[test]
fn a_class_can_be_the_one_ignored() {
    let device = Device::flex();
    let zeros = Tensor::<4, Int>::zeros([2, 2, 2, 2], &device);
    assert_eq!(value(&|x| cross_entropy(x, zeros.clone(), Some(0)), &logits(), &device), 0.0);
}

/// Of the first sample nothing but class 2 was looked for, of the second nothing but class 1.
fn partly() -> Annotated {
    Annotated::new(vec![vec![true, false, true], vec![true, true, false]])
}

fn found(loss: &dyn Fn(Tensor<5>) -> Tensor<1>) -> f64 {
    value(loss, &logits(), &Device::flex())
}

#[test]
fn focal_is_as_worked_out_voxel_by_voxel() {
    let (logits, device) = (logits(), Device::flex());
    let by_hand = |gamma: f64, alpha: [f64; 3]| {
        let losses = counted().map(|(at, class)| {
            let p = probabilities(&logits, at)[class];
            -alpha[class] * (1.0 - p).powf(gamma) * p.ln()
        });
        losses.sum::<f64>() / counted().count() as f64
    };
    let plain = found(&|x| focal(x, target(&device), Some(-1), 2.0, None));
    assert!((plain - by_hand(2.0, [1.0; 3])).abs() < 1e-5, "{plain}");
    let weighted = found(&|x| focal(x, target(&device), Some(-1), 0.5, Some(&[0.25, 0.75, 1.0])));
    assert!((weighted - by_hand(0.5, [0.25, 0.75, 1.0])).abs() < 1e-5, "{weighted}");
    let entropy = found(&|x| cross_entropy(x, target(&device), Some(-1)));
    assert!((found(&|x| focal(x, target(&device), Some(-1), 0.0, None)) - entropy).abs() < 1e-6);
    assert!(plain < entropy);
}

#[test]
fn tversky_is_as_worked_out_voxel_by_voxel_and_dice_in_the_middle() {
    let (logits, device) = (logits(), Device::flex());
    let (mut both, mut extra, mut missed) = (0.0, 0.0, 0.0);
    for (at, class) in counted() {
        let p = probabilities(&logits, at)[1];
        if class == 1 { (both, missed) = (both + p, missed + 1.0 - p) } else { extra += p }
    }
    let wrong = 1.0 - both / (both + 0.3 * extra + 0.7 * missed);
    assert!((found(&|x| tversky(x, target(&device), Some(-1), [0.3, 0.7])) - wrong).abs() < 1e-5);
    let focal = found(&|x| focal_tversky(x, target(&device), Some(-1), [0.3, 0.7], 4.0 / 3.0));
    assert!((focal - wrong.powf(0.75)).abs() < 1e-5);
    let dice = found(&|x| soft_dice(x, target(&device), Some(-1)));
    assert!((found(&|x| tversky(x, target(&device), Some(-1), [0.5, 0.5])) - dice).abs() < 1e-6);
}

/// A line of six voxels, 2 apart: the border lies between the third and the fourth.
#[test]
fn the_boundary_loss_is_the_distance_of_what_is_wrong() {
    let target = Target::new(vec![0, 0, 0, 1, 1, 1], [1, 1, 1, 6], None).with_voxel([1.0, 1.0, 2.0]);
    let loss = |found: [f32; 6]| {
        // Logits so far apart that probabilities are zero or one.
        let logits: Vec<f32> = found.map(|f| 60.0 - 120.0 * f).into_iter().chain(found.map(|f| 120.0 * f - 60.0)).collect();
        let logits = Tensor::<1>::from_floats(logits.as_slice(), &Device::flex()).reshape([1, 2, 1, 1, 6]);
        f64::from(boundary(logits, &target).to_data().try_to_vec::<f32>().expect("f32")[0])
    };
    let unit = 1.0 / (2.0f64 + 144.0).sqrt() / 6.0;
    assert_eq!(loss([0.0, 0.0, 0.0, 1.0, 1.0, 1.0]), 0.0);
    assert!((loss([0.0, 0.0, 1.0, 1.0, 1.0, 1.0]) - 2.0 * unit).abs() < 1e-6, "one too many beside the border");
    assert!((loss([1.0, 0.0, 0.0, 1.0, 1.0, 1.0]) - 6.0 * unit).abs() < 1e-6, "one too many far away");
    assert!((loss([0.0, 0.0, 0.0, 1.0, 1.0, 0.0]) - 6.0 * unit).abs() < 1e-6, "one missed deep inside");
    assert!((loss([0.0; 6]) - 12.0 * unit).abs() < 1e-6, "all missed");
}

#[test]
fn losses_by_name_are_sums_of_those_they_are_named_after() {
    let device = Device::flex();
    let [dice, entropy, focal, tversky, far] = [
        found(&|x| soft_dice(x, target(&device), Some(-1))),
        found(&|x| cross_entropy(x, target(&device), Some(-1))),
        found(&|x| focal(x, target(&device), Some(-1), 2.0, None)),
        found(&|x| tversky(x, target(&device), Some(-1), [0.3, 0.7])),
        found(&|x| boundary(x, &host_target())),
    ];
    for (kind, wanted) in [
        (LossKind::CrossEntropy, entropy),
        (LossKind::Dice, dice),
        (LossKind::DiceCe, dice + entropy),
        (LossKind::Focal, focal),
        (LossKind::DiceFocal, dice + focal),
        (LossKind::Tversky, tversky),
        (LossKind::FocalTversky, tversky.powf(0.75)),
        (LossKind::Boundary, dice + entropy + far),
    ] {
        let found = found(&|x| kind.of(x, &host_target()));
        assert!((found - wanted).abs() < 2e-6, "{kind}: {found} and not {wanted}");
        assert_eq!(kind.to_string().parse(), Ok(kind));
        assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.to_string());
    }
    assert!("mse".parse::<LossKind>().is_err_and(|text| text.contains("focal-tversky")));
}

/// Today's models must come out as yesterday's: to the last bit.
#[test]
fn the_default_is_dice_and_cross_entropy_to_the_last_bit() {
    let device = Device::flex();
    let default = LossKind::default();
    let old: &dyn Fn(Tensor<5>) -> Tensor<1> = &|x| dice_and_cross_entropy(x.clone(), target(&x.device()), Some(-1));
    let new: &dyn Fn(Tensor<5>) -> Tensor<1> = &|x| default.of_levels(vec![Level { logits: x, stride: 1 }], &host_target());
    assert_eq!(value(old, &logits(), &device).to_bits(), value(new, &logits(), &device).to_bits());
    let bits = |loss| gradient(loss, &logits()).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(old), bits(new));
}

#[test]
fn levels_count_one_a_half_and_a_quarter() {
    let device = Device::flex();
    let fine = Tensor::<1>::from_floats(logits().as_slice(), &device).reshape(SHAPE);
    let coarse = fine.clone().slice(burn::tensor::s![.., .., ..;2, ..;2, ..;2]);
    let read = |loss: Tensor<1>| f64::from(loss.to_data().try_to_vec::<f32>().expect("f32")[0]);
    let kind = LossKind::Boundary;
    let [a, b] = [read(kind.of(fine.clone(), &host_target())), read(kind.of(coarse.clone(), &host_target().every(2)))];
    let levels = [(fine, 1), (coarse.clone(), 2), (coarse, 2)].map(|(logits, stride)| Level { logits, stride });
    let all = read(kind.of_levels(levels.into(), &host_target()));
    assert!((all - (4.0 * a + 2.0 * b + b) / 7.0).abs() < 1e-6, "{all} from {a} and {b}");
}

#[test]
fn no_loss_finds_anything_wrong_where_nothing_is_known() {
    let ignored = Target::new(vec![-1; 16], [2, 2, 2, 2], Some(-1));
    let background = Target::new(vec![0; 16], [2, 2, 2, 2], None);
    for kind in LossKind::ALL {
        let of = |target: &Target| found(&|x| kind.of(x, target));
        assert_eq!(of(&ignored), 0.0, "{kind}");
        assert_eq!(of(&ignored.clone().with_annotated(partly())), 0.0, "{kind}");
        let costs_background = ![LossKind::Dice, LossKind::Tversky, LossKind::FocalTversky].contains(&kind);
        assert_eq!(of(&background) > 0.0, costs_background, "{kind}");
    }
    assert_eq!(found(&|x| boundary(x, &background)), 0.0);
    let device = Device::flex();
    let nowhere = Tensor::<4, Int>::full([2, 2, 2, 2], -1, &device);
    assert_eq!(found(&|x| sigmoid_dice_and_cross_entropy(x, nowhere.clone(), Some(-1), &partly())), 0.0);
}

/// Logits with some of background's probability in sample 0 moved to `class`, or back.
fn moved(class: usize, share: f64) -> Vec<f32> {
    let mut moved = logits();
    for at in 0..8 {
        let p = probabilities(&logits(), at);
        let by = if share > 0.0 { share * p[0] } else { share * p[class] };
        let log = |p: f64| p.ln() as f32;
        for (c, p) in p.into_iter().enumerate() {
            moved[c * 8 + at] = log(if c == 0 {
                p - by
            } else if c == class {
                p + by
            } else {
                p
            });
        }
    }
    moved
}

#[test]
fn background_and_a_class_never_looked_for_are_one_under_a_softmax() {
    let device = Device::flex();
    let target = || host_target().with_annotated(partly());
    for kind in LossKind::ALL {
        let loss: &dyn Fn(Tensor<5>) -> Tensor<1> = &|x| kind.of(x, &target());
        let before = value(loss, &logits(), &device);
        for share in [0.9, 0.3, -0.5, -0.99] {
            let after = value(loss, &moved(1, share), &device);
            assert!((after - before).abs() < 2e-6, "{kind}: {before} became {after}");
        }
    }
    // Where the class was looked for, it is not so.
    let kind = LossKind::CrossEntropy;
    let loss: &dyn Fn(Tensor<5>) -> Tensor<1> = &|x| kind.of(x, &target());
    assert!((value(loss, &moved(2, 0.9), &device) - value(loss, &logits(), &device)).abs() > 1e-2);
}

#[test]
fn a_class_never_looked_for_has_no_sigmoid_loss_and_no_gradient() {
    let device = Device::flex().autodiff();
    let loss: &dyn Fn(Tensor<5>) -> Tensor<1> = &|x| sigmoid_dice_and_cross_entropy(x, target(&device), Some(-1), &partly());
    let gradient = gradient(loss, &logits());
    let is_ignored = |sample: usize, at: usize| CLASSES[sample * 8 + at] == -1;
    let mut other = logits();
    for sample in 0..2 {
        for class in 0..3 {
            for at in 0..8 {
                let index = (sample * 3 + class) * 8 + at;
                // The first sample was searched for class 2, the second for class 1.
                if class == 2 - sample && !is_ignored(sample, at) {
                    assert_ne!(gradient[index], 0.0, "sample {sample}, class {class}, voxel {at}");
                } else {
                    assert_eq!(gradient[index], 0.0, "sample {sample}, class {class}, voxel {at}");
                    other[index] += 50.0;
                }
            }
        }
    }
    assert_eq!(value(loss, &other, &device).to_bits(), value(loss, &logits(), &device).to_bits());
}

#[test]
fn the_sigmoid_loss_is_as_worked_out_voxel_by_voxel() {
    let logits = logits();
    let (mut entropy, mut pairs) = (0.0, 0.0);
    let (mut both, mut predicted, mut present) = (0.0, 0.0, 0.0);
    for (at, truth) in counted() {
        let class = 2 - at / 8;
        let logit = f64::from(logits[(at / 8 * 3 + class) * 8 + at % 8]);
        let p = 1.0 / (1.0 + (-logit).exp());
        entropy -= if truth == class { p.ln() } else { (1.0 - p).ln() };
        pairs += 1.0;
        if class == 1 {
            predicted += p;
            if truth == 1 {
                (both, present) = (both + p, present + 1.0);
            }
        }
    }
    let wanted = entropy / pairs + 1.0 - 2.0 * both / (predicted + present);
    let device = Device::flex();
    let found = found(&|x| sigmoid_dice_and_cross_entropy(x, target(&device), Some(-1), &partly()));
    assert!((found - wanted).abs() < 1e-5, "{found} and not {wanted}");
}
