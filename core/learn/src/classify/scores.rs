//! How well scans are classified.

use crate::card::short;
use crate::task::{ClassScore, ClassScores};

/// Area under the ROC curve: the chance that a scan that has the class is held for more likely to have it than one that has it
/// not, equal ones counting half (Mann and Whitney's statistic, ties by mid-ranks). `None` unless there are both.
///
/// `scored`: for each scan how likely it is held to be, and what is true.
#[must_use]
pub fn area_under_roc(scored: &[(f64, bool)]) -> Option<f64> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = sorted.iter().filter(|(_, is_true)| *is_true).count();
    let negatives = sorted.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut ranks, mut first) = (0.0, 0);
    while let Some(&(score, _)) = sorted.get(first) {
        let equal = sorted[first..].iter().take_while(|(other, _)| *other == score).count();
        let middle = first as f64 + (equal + 1) as f64 / 2.0;
        ranks += middle * sorted[first..first + equal].iter().filter(|(_, is_true)| *is_true).count() as f64;
        first += equal;
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((ranks - p * (p + 1.0) / 2.0) / (p * n))
}

/// Scores of scans, each with a probability per class and the true answers.
///
/// # Panics
/// If a scan does not have a number per class.
#[must_use]
pub fn class_scores(names: &[String], scans: &[(Vec<f64>, Vec<Option<bool>>)], is_one_of: bool) -> ClassScores {
    let known = |class: usize| -> Vec<(f64, bool)> {
        scans.iter().filter_map(|(probability, answers)| answers[class].map(|answer| (probability[class], answer))).collect()
    };
    let per_class = names.iter().enumerate().map(|(class, name)| {
        let known = known(class);
        let positives = known.iter().filter(|(_, is_true)| *is_true).count();
        ClassScore { name: name.clone(), auc: area_under_roc(&known).map(short), positives, negatives: known.len() - positives }
    });
    let per_class: Vec<ClassScore> = per_class.collect();
    let aucs: Vec<f64> = per_class.iter().filter_map(|class| class.auc).collect();
    let mean_auc = (!aucs.is_empty()).then(|| short(aucs.iter().sum::<f64>() / aucs.len() as f64));
    let mut confusion = Vec::new();
    let (mut right, mut counted) = (0usize, 0usize);
    if is_one_of {
        confusion = vec![vec![0; names.len()]; names.len()];
        for (probability, answers) in scans {
            let guess = (0..names.len()).fold(0, |best, class| if probability[class] > probability[best] { class } else { best });
            if let Some(truth) = answers.iter().position(|answer| *answer == Some(true)) {
                confusion[truth][guess] += 1;
                (right, counted) = (right + usize::from(truth == guess), counted + 1);
            }
        }
    } else {
        for (probability, is_true) in (0..names.len()).flat_map(known) {
            (right, counted) = (right + usize::from((probability >= 0.5) == is_true), counted + 1);
        }
    }
    let accuracy = short(right as f64 / counted.max(1) as f64);
    ClassScores { accuracy, mean_auc, per_class, confusion }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_the_share_of_pairs_in_the_right_order() {
        assert_eq!(area_under_roc(&[(0.1, false), (0.4, true), (0.35, false), (0.8, true)]), Some(1.0));
        assert_eq!(area_under_roc(&[(0.1, false), (0.4, false), (0.35, true), (0.8, true)]), Some(0.75));
        // A tie counts half.
        assert_eq!(area_under_roc(&[(0.5, false), (0.5, true), (0.2, false)]), Some(0.75));
        assert_eq!(area_under_roc(&[(0.5, true)]), None);
        let scored: Vec<(f64, bool)> = (0..60).map(|v| (f64::from(v * 37 % 11), v % 3 == 0)).collect();
        let pairs = || scored.iter().filter(|s| s.1).flat_map(|p| scored.iter().filter(|s| !s.1).map(move |n| (p.0, n.0)));
        let by_pairs: f64 = pairs()
            .map(|(p, n)| {
                if p > n {
                    1.0
                } else if p == n {
                    0.5
                } else {
                    0.0
                }
            })
            .sum();
        let area = area_under_roc(&scored).expect("both");
        assert!((area - by_pairs / pairs().count() as f64).abs() < 1e-12);
        let turned: Vec<(f64, bool)> = scored.iter().map(|&(score, is_true)| (-score, is_true)).collect();
        assert!((area_under_roc(&turned).expect("both") - (1.0 - area)).abs() < 1e-12);
    }

    #[test]
    fn confusion_has_the_truth_in_rows() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let scan = |probability: [f64; 3], truth: usize| (probability.to_vec(), (0..3).map(|class| Some(class == truth)).collect());
        let scans = [scan([0.7, 0.2, 0.1], 0), scan([0.2, 0.5, 0.3], 0), scan([0.1, 0.8, 0.1], 1), scan([0.6, 0.2, 0.2], 1)];
        let scores = class_scores(&names, &scans, true);
        assert_eq!(scores.confusion, [[1, 1, 0], [1, 1, 0], [0, 0, 0]]);
        assert_eq!(scores.accuracy, 0.5);
        assert_eq!(scores.per_class[2].auc, None);
        assert_eq!((scores.per_class[1].positives, scores.per_class[1].negatives), (2, 2));
    }

    #[test]
    fn unknown_answers_count_nowhere() {
        let names = ["a", "b"].map(str::to_owned);
        let scans =
            [(vec![0.9, 0.9], vec![Some(true), None]), (vec![0.2, 0.1], vec![Some(false), Some(true)]), (vec![0.4, 0.2], vec![None, None])];
        let scores = class_scores(&names, &scans, false);
        assert_eq!((scores.accuracy, scores.mean_auc), (0.666667, Some(1.0)));
        assert_eq!((scores.per_class[1].positives, scores.per_class[1].negatives), (1, 0));
        assert!(scores.confusion.is_empty());
    }
}
