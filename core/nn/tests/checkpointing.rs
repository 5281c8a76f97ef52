//! Training with checkpointed blocks against training that keeps everything: the same loss, gradients and running statistics.

#![expect(clippy::expect_used, reason = "a test that cannot read its numbers has failed")]

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Int, Tensor};
use medley_nn::loss::cross_entropy;
use medley_nn::{
    Checkpointing, Depth, EncoderConfig, HeadKind, NetworkConfig, NormMode, ParameterInfo, SegmentationNetwork, Shortcut, parameters,
};

const SIZE: [usize; 3] = [17, 24, 20];

/// Everything a step leaves behind: the loss, each parameter's gradient, and each parameter and running statistic.
#[derive(PartialEq)]
struct Step {
    loss: f32,
    gradients: Vec<Option<Vec<f32>>>,
    values: Vec<Vec<f32>>,
}

struct Read<'a> {
    gradients: &'a Gradients,
    found: (Vec<Option<Vec<f32>>>, Vec<Vec<f32>>),
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_to_vec().expect("f32")
}

impl ModuleVisitor for Read<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.0.push(param.val().grad(self.gradients).map(numbers));
        self.found.1.push(numbers(param.val()));
    }
}

fn step(network: &SegmentationNetwork, device: &Device, checkpointing: Checkpointing) -> Step {
    let [d, h, w] = SIZE;
    let pattern = |len: usize, modulus: usize| (0..len).map(move |at| (at * 7919 + at / 13) % modulus);
    let voxels: Vec<f32> = pattern(2 * d * h * w, 101).map(|v| (v as f32 - 50.0) / 30.0).collect();
    let classes: Vec<i64> = pattern(2 * d * h * w, 3).map(|v| v as i64).collect();
    let image = Tensor::<1>::from_floats(voxels.as_slice(), device).reshape([2, 1, d, h, w]);
    let target = Tensor::<1, Int>::from_ints(classes.as_slice(), device).reshape([2, d, h, w]);
    let (logits, way_back) = network.logits_at_input_checkpointed(image, checkpointing);
    assert_eq!(way_back.is_none(), checkpointing.is_off());
    let loss = cross_entropy(logits, target, None);
    let value = numbers(loss.clone())[0];
    let mut gradients = loss.backward();
    if let Some(way_back) = way_back {
        way_back.walk(&mut gradients);
    }
    let mut read = Read { gradients: &gradients, found: Default::default() };
    network.visit(&mut read);
    let (found, _) = read.found;
    // `valid` brings running statistics up to date.
    let mut read = Read { gradients: &gradients, found: Default::default() };
    network.valid().visit(&mut read);
    Step { loss: value, gradients: found, values: read.found.1 }
}

/// The same network twice, once for each way.
fn both(network: impl Fn() -> SegmentationNetwork, device: &Device) -> ([Step; 2], Vec<ParameterInfo>) {
    with(Checkpointing::Blocks, network, device)
}

/// The same network twice: everything kept, and as `checkpointing` says.
fn with(checkpointing: Checkpointing, network: impl Fn() -> SegmentationNetwork, device: &Device) -> ([Step; 2], Vec<ParameterInfo>) {
    let one = network();
    let names = parameters(&one);
    ([step(&one, device, Checkpointing::Off), step(&network(), device, checkpointing)], names)
}

/// The largest difference of a parameter's gradient, in units of its largest number, and whose it is.
fn largest_difference([kept, repeated]: &[Step; 2], names: &[ParameterInfo]) -> (f32, String) {
    let mut largest = (0.0, String::new());
    for ((info, a), b) in names.iter().zip(&kept.gradients).zip(&repeated.gradients) {
        assert_eq!(a.is_some(), b.is_some(), "{}", info.name);
        let (Some(a), Some(b)) = (a, b) else { continue };
        let scale = a.iter().fold(1e-6f32, |most, v| most.max(v.abs()));
        let difference = a.iter().zip(b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs())) / scale;
        if difference > largest.0 {
            largest = (difference, info.name.clone());
        }
    }
    largest
}

fn config(depth: Depth, shortcut: Shortcut, head: HeadKind) -> NetworkConfig {
    NetworkConfig { encoder: EncoderConfig::new(depth, shortcut, 4), head, classes: 3 }
}

#[test]
fn checkpointed_blocks_give_the_same_step() {
    let device = Device::flex().autodiff();
    for depth in [Depth::R10, Depth::R18, Depth::R50] {
        for shortcut in [Shortcut::A, Shortcut::B] {
            for mode in [NormMode::Batch, NormMode::Frozen] {
                for head in [HeadKind::Med3d, HeadKind::Skip] {
                    let what = format!("ResNet-{depth}-{shortcut}, {mode:?}, {head}");
                    let make = || config(depth, shortcut, head).init(&device, 3).with_encoder_norm(mode);
                    let (steps, names) = both(make, &device);
                    let (difference, whose) = largest_difference(&steps, &names);
                    let [kept, repeated] = steps;
                    assert!(kept.gradients.iter().flatten().flatten().any(|&v| v != 0.0), "{what}: no gradient");
                    assert!(kept.loss == repeated.loss && kept.values == repeated.values, "{what}: the way forward differs");
                    match head {
                        HeadKind::Med3d => assert!(kept.gradients == repeated.gradients, "{what}: {whose} differs by {difference}"),
                        // Where head, shortcut and convolution meet at one stage, three gradients are added in another order; batch
                        // statistics of the few voxels here make more of it in fifty layers than in ten.
                        _ => {
                            let allowed = if depth == Depth::R50 && mode == NormMode::Batch { 5e-4 } else { 5e-6 };
                            assert!(difference < allowed, "{what}: {whose} differs by {difference}");
                        }
                    }
                }
            }
        }
    }
}

/// What enters a block was rounded to 11 bits. Where that turns a rectifier over, a gradient passes or does not: of one number in two
/// thousand turned over in each of some layers, gradients differ by a few hundredths of their length.
#[test]
fn blocks_kept_in_sixteen_bits_give_nearly_the_same_step() {
    let device = Device::flex().autodiff();
    for (depth, shortcut, head) in [(Depth::R18, Shortcut::A, HeadKind::Med3d), (Depth::R50, Shortcut::B, HeadKind::Skip)] {
        let what = format!("ResNet-{depth}-{shortcut}, {head}");
        let make = || config(depth, shortcut, head).init(&device, 3).with_encoder_norm(NormMode::Frozen);
        let (steps, names) = with(Checkpointing::HalfBlocks, make, &device);
        let difference = distance(&steps, &names);
        let [kept, halved] = steps;
        assert!(kept.loss == halved.loss && kept.values == halved.values, "{what}: the way forward differs");
        println!("{what}: gradients differ by {difference}");
        assert!(difference > 1e-4 && difference < 5e-2, "{what}: gradients differ by {difference}");
    }
}

/// The length of the difference of all gradients, in lengths of all gradients.
fn distance([kept, other]: &[Step; 2], names: &[ParameterInfo]) -> f64 {
    let (mut difference, mut whole) = (0.0, 0.0);
    for ((info, a), b) in names.iter().zip(&kept.gradients).zip(&other.gradients) {
        assert_eq!(a.is_some(), b.is_some(), "{}", info.name);
        for (&a, &b) in a.iter().flatten().zip(b.iter().flatten()) {
            difference += (f64::from(a) - f64::from(b)).powi(2);
            whole += f64::from(a).powi(2);
        }
    }
    (difference / whole).sqrt()
}

/// Weights so large that what enters blocks is beyond what 16 bits can say.
#[test]
fn sixteen_bits_never_make_infinity() {
    let device = Device::flex().autodiff();
    let network = config(Depth::R18, Shortcut::B, HeadKind::Med3d).init(&device, 3).with_encoder_norm(NormMode::Frozen);
    let huge = network.map(&mut Stretch);
    let found = step(&huge, &device, Checkpointing::HalfBlocks);
    let all = step(&huge, &device, Checkpointing::Off);
    assert!(all.gradients.iter().flatten().flatten().all(|v| v.is_finite()), "the numbers are too large for 32 bits");
    assert!(found.gradients.iter().flatten().flatten().all(|v| v.is_finite()));
}

/// Makes every learnt number two and a half times larger: the last blocks get numbers around 10¹¹.
struct Stretch;

impl ModuleMapper for Stretch {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if param.val().is_require_grad() {
            param.map(|values| Tensor::from_inner(values.inner().mul_scalar(2.5)).require_grad())
        } else {
            param
        }
    }
}

/// Makes the first `count` parameters stay as they are.
struct Hold(usize);

impl ModuleMapper for Hold {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let is_held = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        if is_held { param.set_require_grad(false) } else { param }
    }
}

#[test]
fn what_does_not_learn_gets_no_gradient() {
    let device = Device::flex().autodiff();
    for held in [1, 5, 6, 18, usize::MAX] {
        let make = || {
            let mut network = config(Depth::R18, Shortcut::A, HeadKind::Skip).init(&device, 4);
            network.encoder = network.encoder.map(&mut Hold(held));
            network
        };
        let (steps, names) = both(make, &device);
        let (difference, whose) = largest_difference(&steps, &names);
        assert!(difference < 5e-6, "{held} held: {whose} differs by {difference}");
        let first = &steps[1].gradients[0];
        assert!(first.is_none(), "{held} held: {} has a gradient", names[0].name);
    }
}

#[test]
#[ignore = "needs a graphics adapter, and minutes on one made of software"]
fn checkpointed_blocks_give_the_same_step_on_a_graphics_adapter() {
    let device = Device::wgpu_options().init().expect("an adapter").autodiff();
    let ways = [
        (Checkpointing::Blocks, NormMode::Batch, HeadKind::Med3d, 1e-4),
        (Checkpointing::Blocks, NormMode::Frozen, HeadKind::Skip, 1e-4),
        (Checkpointing::HalfBlocks, NormMode::Frozen, HeadKind::Skip, 3e-2),
    ];
    for (checkpointing, mode, head, allowed) in ways {
        let make = || config(Depth::R10, Shortcut::B, head).init(&device, 3).with_encoder_norm(mode);
        let (steps, names) = with(checkpointing, make, &device);
        let (difference, whose) = largest_difference(&steps, &names);
        println!("{checkpointing}, {mode:?}, {head}: {whose} differs by {difference}");
        assert!(difference < allowed, "{mode:?}, {head}: {whose} differs by {difference}");
        let [kept, repeated] = steps;
        assert!((kept.loss - repeated.loss).abs() < 1e-5);
        for ((info, a), b) in names.iter().zip(&kept.values).zip(&repeated.values) {
            let difference = a.iter().zip(b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(difference < 1e-4, "{mode:?}, {head}: {} differs by {difference}", info.name);
        }
    }
}
