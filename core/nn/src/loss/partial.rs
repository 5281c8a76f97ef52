use burn::tensor::activation::{sigmoid, softplus};
use burn::tensor::{Int, Tensor};

use super::Annotated;
use super::one_hot::one_hot;
use super::overlap::Overlap;

/// The logarithm of no probability at all: its exponential is zero, and zero times it is zero.
const NEVER: f64 = -1e4;

/// Log-probabilities and targets with the classes that were not annotated merged into background.
///
/// # Shapes
/// - log-probabilities, wanted, and what is returned: `[N, classes, D, H, W]`
/// - annotated: `[N, classes, 1, 1, 1]`, one or zero, background's always one
pub(super) fn merged(log_probabilities: Tensor<5>, wanted: Tensor<5>, annotated: &Tensor<5>) -> (Tensor<5>, Tensor<5>) {
    let [_, classes, ..] = wanted.dims();
    if classes < 2 {
        return (log_probabilities, wanted);
    }
    let foreground = |x: Tensor<5>| x.narrow(1, 1, classes - 1);
    let background = |x: Tensor<5>| x.narrow(1, 0, 1);
    let hidden = foreground(annotated.clone()).neg().add_scalar(1.0);
    let annotated = foreground(annotated.clone());
    let never = |mask: Tensor<5>| mask.neg().add_scalar(1.0).mul_scalar(NEVER);
    let only = |x: Tensor<5>, mask: &Tensor<5>| x * mask.clone() + never(mask.clone());

    // log Σ exp over background and what may hide in it, from the largest of them.
    let others = only(foreground(log_probabilities.clone()), &hidden);
    let all = Tensor::cat(vec![background(log_probabilities.clone()), others], 1);
    let largest = all.clone().max_dim(1).detach();
    let merged = (all - largest.clone()).exp().sum_dim(1).log() + largest;
    let log_probabilities = Tensor::cat(vec![merged, only(foreground(log_probabilities), &annotated)], 1);

    let found = foreground(wanted.clone());
    let wanted = Tensor::cat(vec![background(wanted) + (found.clone() * hidden).sum_dim(1), found * annotated], 1);
    (log_probabilities, wanted)
}

/// Binary cross entropy and soft Dice for every class on its own, over the classes that were annotated: each channel above
/// background is a sigmoid, so that classes of different data sets may overlap. Zero where nothing was annotated.
///
/// A class that was not annotated in a sample has exactly no loss and no gradient there, and so has background's channel, which
/// sigmoids do not need. Cross entropy is the mean over voxels and over annotated pairs of sample and class, Dice the mean over the
/// classes that are present in the whole batch.
///
/// # Shapes
/// - logits: `[N, classes, D, H, W]`
/// - target: `[N, D, H, W]`, class indices; `ignore` voxels do not count
/// - output: `[1]`
///
/// Ulrich et al., MultiTalent (2023), eq. 2.
pub fn sigmoid_dice_and_cross_entropy(logits: Tensor<5>, target: Tensor<4, Int>, ignore: Option<i64>, annotated: &Annotated) -> Tensor<1> {
    let [_, classes, ..] = logits.dims();
    let device = logits.device();
    if classes < 2 {
        return Tensor::zeros([1], &device);
    }
    let foreground = |x: Tensor<5>| x.narrow(1, 1, classes - 1);
    let wanted = one_hot(target, classes, ignore);
    let counts = wanted.clone().sum_dim(1);
    let (logits, wanted) = (foreground(logits), foreground(wanted));
    let weights = counts * foreground(annotated.factors(classes, &device));
    let wanted = wanted * weights.clone();
    let counted = weights.clone().sum().clamp_min(1.0);
    // −t·ln σ(x) − (1 − t)·ln(1 − σ(x)) = softplus(x) − t·x
    let entropy = softplus(logits.clone(), 1.0) * weights.clone() - logits.clone() * wanted.clone();
    let entropy = entropy.sum_dims(&[2, 3, 4]).sum() / counted;

    entropy + Overlap::new(sigmoid(logits), wanted, weights).wrong_by_dice()
}
