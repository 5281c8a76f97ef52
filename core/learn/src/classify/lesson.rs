//! Inputs, loss and measurement of a classification.

use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use medley_nn::head::Dropout;
use medley_nn::loss::{class_cross_entropy, partial_binary_cross_entropy};
use medley_nn::{ClassificationNetwork, Encoder, WayBack};
use medley_volume::Volume;
use medley_volume::resample::CanonicalArray;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::scores::class_scores;
use super::{Answers, ClassifiedCase, ClassifySettings};
use crate::card::{CardCase, CardSet, image_sha256, short};
use crate::device::OpenDevice;
use crate::lesson::Lesson;
use crate::predict::cut;
use crate::prepare::prepare;
use crate::recipe::IntensityScheme;
use crate::sample::{for_each_voxel, linear};
use crate::task::{Measurement, TaskScores};
use crate::{Control, LearnError, Recipe};

/// A scan made ready, and what is true of it.
struct Ready {
    image: CanonicalArray,
    answers: Vec<Option<bool>>,
}

/// What a step learns from: which cases, their voxels, and which features are left out.
pub(super) struct ClassInput {
    chosen: Vec<usize>,
    values: Vec<f32>,
    dropout: Dropout,
}

/// A classification in the making.
pub(super) struct ClassLesson<'a> {
    training: Vec<Ready>,
    validation: Vec<Ready>,
    names: &'a [String],
    settings: &'a ClassifySettings,
    recipe: Recipe,
    /// How much each class counts; one on average over the cases.
    weights: Option<Vec<f32>>,
}

impl<'a> ClassLesson<'a> {
    /// Prepares all cases and lets go of the scans they came from.
    pub(super) fn new(
        training: Vec<ClassifiedCase>,
        validation: Vec<ClassifiedCase>,
        names: &'a [String],
        settings: &'a ClassifySettings,
        control: &Control,
    ) -> Result<(Self, Recipe, CardSet), LearnError> {
        let set = card_set(&training, &validation)?;
        let scans: Vec<&Volume> = training.iter().map(|case| &*case.image).collect();
        let mut recipe = Recipe::plan_whole(&scans, settings.training.limits)?;
        recipe.spacing_mm = settings.training.spacing_mm.unwrap_or(recipe.spacing_mm);
        recipe.patch = settings.training.patch.unwrap_or(recipe.patch);
        let weights = (settings.balance && settings.answers == Answers::OneOf).then(|| class_weights(&training, names.len()));
        let ready = |cases: Vec<ClassifiedCase>| -> Result<Vec<Ready>, LearnError> {
            let one = |case: ClassifiedCase| {
                control.check()?;
                Ok(Ready { image: prepare(&case.image, &recipe)?.image, answers: case.answers })
            };
            cases.into_iter().map(one).collect()
        };
        let (training, validation) = (ready(training)?, ready(validation)?);
        Ok((Self { training, validation, names, settings, recipe: recipe.clone(), weights }, recipe, set))
    }

    /// SHA-256 of what is true of all cases, in their order.
    pub(super) fn answers_sha256(&self) -> String {
        let answer = |answer: &Option<bool>| match answer {
            None => b'?',
            Some(true) => b'1',
            Some(false) => b'0',
        };
        let cases = self.training.iter().chain(&self.validation);
        let text: Vec<u8> = cases.flat_map(|case| case.answers.iter().map(answer).chain([b'/'])).collect();
        Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Which cases a step takes: all of them in turn, in an order of its own for each round.
    fn chosen(&self, step: usize) -> Vec<usize> {
        let (count, batch) = (self.training.len(), self.settings.training.batch);
        let order = |round: usize| {
            let mut order: Vec<usize> = (0..count).collect();
            order.shuffle(&mut self.draws(2 * round as u64));
            order
        };
        (step * batch..(step + 1) * batch).map(|at| order(at / count)[at % count]).collect()
    }

    fn draws(&self, stream: u64) -> ChaCha8Rng {
        let mut draws = ChaCha8Rng::seed_from_u64(self.settings.training.seed);
        draws.set_stream(stream);
        draws
    }

    /// A scan as an input, changed at random.
    fn changed(&self, image: &CanonicalArray, draws: &mut ChaCha8Rng) -> Vec<f32> {
        let Recipe { patch, spacing_mm, intensity } = &self.recipe;
        let augmentation = self.settings.training.augmentation;
        let warp = augmentation.warp(draws, *spacing_mm);
        let center = std::array::from_fn(|axis| {
            let reach = self.settings.shift * patch[2 - axis] as f64;
            let shift = if reach > 0.0 { draws.random_range(-reach..=reach) } else { 0.0 };
            (image.shape[axis] as f64 - 1.0) / 2.0 + shift
        });
        let mut values = Vec::with_capacity(patch.iter().product());
        let displacement = augmentation.displacement(draws, *patch, *spacing_mm);
        for_each_voxel(*patch, center, &warp, displacement.as_ref(), |at| values.push(linear(&image.values, image.shape, at)));
        let hu_per_unit = match intensity {
            IntensityScheme::Hounsfield { std, .. } => Some(*std),
            IntensityScheme::PerScan => None,
        };
        augmentation.intensities(draws, &mut values, *patch, &[], hu_per_unit);
        values
    }

    fn target(&self, chosen: &[usize], device: &Device) -> Tensor<2> {
        let number = |answer: &Option<bool>| answer.map_or(-1.0, |answer| f32::from(u8::from(answer)));
        let answers: Vec<f32> = chosen.iter().flat_map(|&at| self.training[at].answers.iter().map(number)).collect();
        Tensor::from_data(TensorData::new(answers, [chosen.len(), self.names.len()]), device)
    }

    fn classes(&self, chosen: &[usize], device: &Device) -> Tensor<1, Int> {
        let class =
            |at: &usize| self.training[*at].answers.iter().position(|answer| *answer == Some(true)).map_or(-1, |class| class as i64);
        Tensor::from_data(TensorData::new(chosen.iter().map(class).collect::<Vec<i64>>(), [chosen.len()]), device)
    }
}

/// Inverse to how often a class is, and such that the cases together count as many as they are.
fn class_weights(cases: &[ClassifiedCase], classes: usize) -> Vec<f32> {
    let count = |class: usize| cases.iter().filter(|case| case.class() == Some(class)).count();
    (0..classes).map(|class| cases.len() as f32 / (classes * count(class).max(1)) as f32).collect()
}

/// Hashes of all scans; there is no mask to hash.
fn card_set(training: &[ClassifiedCase], validation: &[ClassifiedCase]) -> Result<CardSet, LearnError> {
    let hash = |case: &ClassifiedCase| CardCase {
        never_annotated: Vec::new(),
        shape: case.image.grid().shape(),
        image_sha256: image_sha256(&case.image),
        labels_sha256: String::new(),
        from_step: 0,
        until_step: None,
    };
    let hashes = |cases: &[ClassifiedCase]| -> Vec<CardCase> { cases.par_iter().map(hash).collect() };
    let (training_hashes, validation_hashes) = (hashes(training), hashes(validation));
    for (case, hashes) in validation.iter().zip(&validation_hashes) {
        if let Some(at) = training_hashes.iter().position(|other| other.image_sha256 == hashes.image_sha256) {
            let (a, b) = (&case.name, &training[at].name);
            return Err(LearnError::Setting(format!(
                "the validation case “{a}” is the same scan as the training case “{b}”: leave one of them out"
            )));
        }
    }
    Ok(CardSet { name: String::new(), labels: Vec::new(), recipe: None, training: training_hashes, validation: validation_hashes })
}

/// The middle of a scan as an input.
pub(super) fn middle(image: &CanonicalArray, patch: [usize; 3]) -> Vec<f32> {
    let start = |axis: usize| (image.shape[2 - axis] as isize - patch[axis] as isize).div_euclid(2);
    cut(image, patch, [start(0), start(1), start(2)])
}

/// How likely each class is for one input.
pub(super) fn probabilities(
    network: &ClassificationNetwork,
    input: Vec<f32>,
    [d, h, w]: [usize; 3],
    answers: Answers,
    device: &OpenDevice,
) -> Result<Vec<f64>, LearnError> {
    let failed = |reason: String| LearnError::Compute { device: device.name.clone(), reason };
    let logits = network.forward(Tensor::from_data(TensorData::new(input, [1, 1, d, h, w]), &device.device), None);
    let probabilities = match answers {
        Answers::OneOf => softmax(logits, 1),
        Answers::AnyOf => sigmoid(logits),
    };
    let data = probabilities.try_into_data().map_err(|error| failed(error.to_string()))?;
    Ok(data.iter::<f32>().map(|p| short(f64::from(p))).collect())
}

impl Lesson for ClassLesson<'_> {
    type Network = ClassificationNetwork;
    type Measured = Measurement;
    type Input = ClassInput;

    fn encoder(network: &Self::Network) -> &Encoder {
        &network.encoder
    }

    fn with_encoder(mut network: Self::Network, change: impl FnOnce(Encoder) -> Encoder) -> Self::Network {
        network.encoder = change(network.encoder);
        network
    }

    fn cases(&self) -> usize {
        self.training.len()
    }

    fn input(&self, step: usize) -> ClassInput {
        let chosen = self.chosen(step);
        let mut draws = self.draws(2 * step as u64 + 1);
        let values = chosen.iter().flat_map(|&at| self.changed(&self.training[at].image, &mut draws)).collect();
        let dropout = Dropout { share: self.settings.dropout, seed: draws.random() };
        ClassInput { chosen, values, dropout }
    }

    fn loss(&self, network: &Self::Network, input: ClassInput, _step: usize, device: &Device) -> (Tensor<1>, Option<WayBack>) {
        let ClassInput { chosen, values, dropout } = input;
        let [d, h, w] = self.recipe.patch;
        let input = Tensor::<5>::from_data(TensorData::new(values, [chosen.len(), 1, d, h, w]), device);
        let logits = network.forward(input, Some(dropout));
        let wrong = match self.settings.answers {
            Answers::OneOf => {
                let weights = self.weights.as_ref().map(|weights| Tensor::from_floats(weights.as_slice(), device));
                class_cross_entropy(logits, self.classes(&chosen, device), weights)
            }
            Answers::AnyOf => partial_binary_cross_entropy(logits, self.target(&chosen, device)),
        };
        (wrong, None)
    }

    fn measure(&self, network: &Self::Network, device: &OpenDevice, control: &Control) -> Result<Option<Measurement>, LearnError> {
        if self.validation.is_empty() {
            return Ok(None);
        }
        let (mut scans, mut likelihood) = (Vec::new(), 0.0);
        for case in &self.validation {
            control.check()?;
            let patch = self.recipe.patch;
            let probability = probabilities(network, middle(&case.image, patch), patch, self.settings.answers, device)?;
            for (p, answer) in probability.iter().zip(&case.answers) {
                likelihood += match (answer, self.settings.answers) {
                    (Some(true), _) => p.max(1e-6).ln(),
                    (Some(false), Answers::AnyOf) => (1.0 - p).max(1e-6).ln(),
                    _ => 0.0,
                };
            }
            scans.push((probability, case.answers.clone()));
        }
        let scores = class_scores(self.names, &scans, self.settings.answers == Answers::OneOf);
        // A few scans give few different areas under the curve, and none says whether the likeliest class is right.
        Ok(Some(Measurement { scores: TaskScores::Classify(scores), rank: (likelihood, 0.0), ranked_by: "lowest cross entropy".into() }))
    }
}
