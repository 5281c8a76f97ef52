use rayon::prelude::*;

use super::{FileArray, Order, zoom};

/// From a network's logits to a mask of the scan's shape, as the reference tests: softmax, stretched linearly, the largest wins
/// (the lower class where two are equal).
///
/// `logits` has one array per class.
#[must_use]
pub fn mask_of(logits: &[FileArray], shape: [usize; 3]) -> FileArray {
    let mut best = vec![f32::NEG_INFINITY; shape.iter().product()];
    let mut classes = vec![0.0; best.len()];
    for (class, probability) in softmax(logits).iter().enumerate() {
        let stretched = zoom(probability, shape, Order::Linear).values;
        best.par_iter_mut().zip(classes.par_iter_mut()).zip(stretched).for_each(|((best, chosen), value)| {
            if value > *best {
                (*best, *chosen) = (value, class as f32);
            }
        });
    }
    FileArray { shape, values: classes }
}

/// Probabilities per class.
pub(super) fn softmax(logits: &[FileArray]) -> Vec<FileArray> {
    let Some(first) = logits.first() else { return Vec::new() };
    let mut probabilities = logits.to_vec();
    for at in 0..first.values.len() {
        let largest = logits.iter().map(|class| class.values[at]).fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = logits.iter().map(|class| (class.values[at] - largest).exp()).sum();
        probabilities.iter_mut().for_each(|class| class.values[at] = (class.values[at] - largest).exp() / sum);
    }
    probabilities
}

/// Dice of each class `0 … classes − 1`, background included; −1 where neither array has the class.
#[must_use]
pub fn dice_per_class(mask: &FileArray, labels: &FileArray, classes: usize) -> Vec<f64> {
    let dice = |class: usize| {
        let is = |value: &f32| *value == class as f32;
        let both = mask.values.iter().zip(&labels.values).filter(|(a, b)| is(a) && is(b)).count();
        let sum = mask.values.iter().filter(|v| is(v)).count() + labels.values.iter().filter(|v| is(v)).count();
        if sum == 0 { -1.0 } else { 2.0 * both as f64 / sum as f64 }
    };
    (0..classes).map(dice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f32]) -> FileArray {
        FileArray { shape: [1, 1, values.len()], values: values.to_vec() }
    }

    #[test]
    fn the_likeliest_class_wins_between_logits_too() {
        let mask = mask_of(&[line(&[2.0, -2.0]), line(&[-2.0, 2.0])], [1, 1, 5]);
        // In the middle both are one half: the lower class.
        assert_eq!(mask.values, [0.0, 0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn dice_counts_every_class_and_marks_absent_ones() {
        let dice = dice_per_class(&line(&[0.0, 1.0, 1.0, 2.0]), &line(&[0.0, 1.0, 0.0, 0.0]), 4);
        assert_eq!(dice, [0.5, 2.0 / 3.0, 0.0, -1.0]);
    }
}
