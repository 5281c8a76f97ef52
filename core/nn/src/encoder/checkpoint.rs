//! Training with less memory: the forward pass keeps what enters each block and computes the rest again on the way back
//! (Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016, with a block as the unit).

use std::fmt;
use std::str::FromStr;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{DType, FloatDType, Gradients, Tensor};
use serde::{Deserialize, Serialize};

use super::{Block, Encoder, Features};

/// What an encoder keeps between the forward pass and the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Checkpointing {
    /// Everything that the gradients need.
    #[default]
    Off,
    /// What enters each block. The blocks are computed a second time on the way back, one by one: about a quarter more time, the
    /// same gradients.
    Blocks,
    /// The same with 16-bit numbers (IEEE binary16) on devices that have them; the 32-bit numbers elsewhere. What enters a block is
    /// rounded to 11 significant bits before the block is computed again, so here and there a rectifier turns over: gradients differ by
    /// about two hundredths of their length, far less than from patch to patch.
    #[serde(rename = "blocks-16bit")]
    HalfBlocks,
}

impl Checkpointing {
    /// Whether everything is kept.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }
}

impl FromStr for Checkpointing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "blocks" => Ok(Self::Blocks),
            "blocks-16bit" => Ok(Self::HalfBlocks),
            _ => Err(format!("“{text}” is not a way of checkpointing: use off, blocks or blocks-16bit")),
        }
    }
}

impl fmt::Display for Checkpointing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Blocks => "blocks",
            Self::HalfBlocks => "blocks-16bit",
        })
    }
}

/// The part of the way back that the loss's own `backward` does not walk: through the encoder.
#[must_use = "without it the encoder gets no gradients"]
pub struct WayBack {
    /// With normalisations that have seen this batch already.
    encoder: Encoder,
    input: Tensor<5>,
    entries: Vec<Entry>,
    is_halved: bool,
    /// What the head was given.
    features: Features,
}

/// What enters a block.
struct Entry {
    values: Tensor<5>,
    /// Whether something before the block learns.
    is_wanted: bool,
}

impl Encoder {
    /// [`Self::features`] for training. If blocks are checkpointed, the features are where the loss's gradients end: after its
    /// `backward`, [`WayBack::walk`] goes on from there. The input gets no gradient then.
    ///
    /// # Shapes
    /// - as [`Self::features`]
    pub fn features_checkpointed(&self, input: Tensor<5>, checkpointing: Checkpointing) -> (Features, Option<WayBack>) {
        match checkpointing {
            Checkpointing::Off => (self.features(input), None),
            Checkpointing::Blocks | Checkpointing::HalfBlocks => {
                let is_halved = checkpointing == Checkpointing::HalfBlocks && has_half(&input);
                let (features, way_back) = self.features_by_blocks(input.inner(), is_halved);
                (features, Some(way_back))
            }
        }
    }

    fn features_by_blocks(&self, input: Tensor<5>, is_halved: bool) -> (Features, WayBack) {
        // Parameters are made when they are first read. Read before the clones, they are the same ones in all of them.
        let mut has_learner = learns(&self.conv1) | learns(&self.bn1);
        let learning = self.stages().map(|blocks| blocks.iter().map(learns).collect::<Vec<bool>>());
        // On the autodiff device, so that normalisations know that they train; but nothing asks for a gradient, so nothing is kept.
        let computing = self.clone().no_grad();
        let [conv1, stem, max_pool] = computing.stem(Tensor::from_inner(input.clone())).map(Tensor::inner);
        let mut through = max_pool.clone();
        let [conv1, stem, max_pool] = [conv1, stem, max_pool].map(|values| leaf(values, has_learner));
        let mut entries = Vec::new();
        let [layer1, layer2, layer3, layer4] = std::array::from_fn(|stage| {
            for (at, (block, is_learning)) in computing.stages()[stage].iter().zip(&learning[stage]).enumerate() {
                let output = block.forward(Tensor::from_inner(through.clone())).inner();
                // What enters a stage is also given to the head: halved, it would be kept twice until the way back begins.
                let values = std::mem::replace(&mut through, output);
                let values = if is_halved && at > 0 { halved(values) } else { values };
                entries.push(Entry { values, is_wanted: has_learner });
                has_learner |= is_learning;
            }
            leaf(through.clone(), has_learner)
        });
        let features = Features { conv1, stem, max_pool, layer1, layer2, layer3, layer4 };
        (features.clone(), WayBack { encoder: self.clone().repeating(), input, entries, is_halved, features })
    }
}

impl WayBack {
    /// Adds the gradients of the encoder's parameters to those of the loss.
    pub fn walk(self, gradients: &mut Gradients) {
        let Self { encoder, input, mut entries, is_halved, features } = self;
        let Features { conv1, stem, max_pool, layer1, layer2, layer3, layer4 } = features;
        // Taken out first: what the head was given and does not keep itself is free from here on.
        let [conv1, stem, max_pool, layers @ ..] =
            [conv1, stem, max_pool, layer1, layer2, layer3, layer4].map(|feature| feature.grad_remove(gradients));
        if is_halved {
            entries.iter_mut().for_each(|entry| entry.values = halved(entry.values.clone()));
        }
        let mut upstream = None;
        for (blocks, of_head) in encoder.stages().into_iter().zip(layers).rev() {
            upstream = plus(upstream, of_head);
            for block in blocks.iter().rev() {
                let entry = entries.pop();
                upstream = upstream.zip(entry).and_then(|(gradient, entry)| back(block, entry, gradient, gradients));
            }
        }
        let of_outputs = [conv1, stem, plus(upstream, max_pool)];
        if of_outputs.iter().all(Option::is_none) {
            return;
        }
        let wanted = encoder.stem(Tensor::from_inner(input)).into_iter().zip(of_outputs);
        let seeded = wanted.filter_map(|(output, gradient)| Some(seeded(output, gradient?))).reduce(|a, b| a + b);
        if let Some(mut found) = seeded.filter(Tensor::is_tracked).map(|sum| sum.backward()) {
            hand_over(&encoder.conv1, &mut found, gradients);
            hand_over(&encoder.bn1, &mut found, gradients);
        }
    }
}

/// Computes a block again and walks back through it; returns the gradient of its input.
fn back(block: &Block, entry: Entry, upstream: Tensor<5>, gradients: &mut Gradients) -> Option<Tensor<5>> {
    let input = leaf(entry.values.cast(FloatDType::F32), entry.is_wanted);
    let sum = seeded(block.forward(input.clone()), upstream);
    if !sum.is_tracked() {
        return None;
    }
    let mut found = sum.backward();
    hand_over(block, &mut found, gradients);
    input.grad_remove(&mut found)
}

/// Whether a device computes in 16-bit floating point.
fn has_half(tensor: &Tensor<5>) -> bool {
    tensor.device().supports_dtype(FloatDType::F16)
}

/// With 16 bits a number. Larger ones than those can say become the largest: infinity would spoil the whole step.
fn halved(values: Tensor<5>) -> Tensor<5> {
    if values.dtype() == DType::F16 {
        return values;
    }
    let largest = f32::from(half::f16::MAX);
    values.clamp(-largest, largest).cast(FloatDType::F16)
}

/// A number whose gradient along `output` is `upstream`, to the bit.
fn seeded(output: Tensor<5>, upstream: Tensor<5>) -> Tensor<1> {
    (output * Tensor::from_inner(upstream)).sum()
}

fn leaf(values: Tensor<5>, is_wanted: bool) -> Tensor<5> {
    Tensor::from_inner(values).set_require_grad(is_wanted)
}

fn plus(a: Option<Tensor<5>>, b: Option<Tensor<5>>) -> Option<Tensor<5>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

fn learns<M: Module>(module: &M) -> bool {
    struct Look(bool);
    impl ModuleVisitor for Look {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 |= param.val().is_require_grad();
        }
    }
    let mut look = Look(false);
    module.visit(&mut look);
    look.0
}

/// Moves the gradients of a module's parameters.
fn hand_over(module: &impl Module, from: &mut Gradients, to: &mut Gradients) {
    struct HandOver<'a>(&'a mut Gradients, &'a mut Gradients);
    impl ModuleVisitor for HandOver<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let parameter = param.val();
            if let Some(gradient) = parameter.grad_remove(self.0) {
                parameter.grad_replace(self.1, gradient);
            }
        }
    }
    module.visit(&mut HandOver(from, to));
}
