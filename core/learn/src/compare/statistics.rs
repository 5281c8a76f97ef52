//! What paired differences say, and what they do not. Pure functions.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::distribution::{noncentrality, student, student_quantile};

/// Pairs up to which all changes of signs are gone through.
const MOST_EXACT: usize = 20;
/// Changes of signs that are drawn where there are more.
const DRAWS: u64 = 100_000;
/// The error of the first kind by which advantages are called such.
pub const LEVEL: f64 = 0.05;

/// How two things differ that were measured in pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// One less the other, pair by pair.
    pub differences: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// 95 % interval of the mean by Student's t; none for a single pair.
    pub interval: Option<[f64; 2]>,
    /// Two-sided p of the t test.
    pub p_t: Option<f64>,
    /// Two-sided p of the sign-flip test: the share of all changes of signs that move the mean at least so far from zero.
    pub p_exact: f64,
    /// The smallest p which that test can give for so many pairs: 2 of 2ⁿ.
    pub p_least: f64,
    /// `p_exact` after Holm's correction for all comparisons of the same measure.
    pub p_holm: f64,
    /// Cohen's d of paired differences: mean / standard deviation.
    pub effect: Option<f64>,
    /// Its 95 % interval, by the noncentral t.
    pub effect_interval: Option<[f64; 2]>,
    /// Pairs in which the difference is above zero.
    pub above: usize,
    /// Pairs in which it is below zero.
    pub below: usize,
}

impl Paired {
    /// Of differences; none if there is none or one is not finite.
    #[must_use]
    pub fn new(differences: Vec<f64>) -> Option<Self> {
        if differences.is_empty() || differences.iter().any(|d| !d.is_finite()) {
            return None;
        }
        let n = differences.len();
        let mean = mean(&differences);
        let deviation = deviation(&differences);
        let spread = deviation.filter(|&deviation| deviation > 0.0);
        let root = (n as f64).sqrt();
        let t = spread.map(|deviation| mean / (deviation / root));
        let p_exact = sign_flip(&differences);
        Some(Self {
            mean,
            interval: mean_interval(&differences),
            p_t: match (t, deviation) {
                (Some(t), _) => Some((2.0 * student(-t.abs(), n - 1, 0.0)).min(1.0)),
                (None, Some(_)) => Some(if mean == 0.0 { 1.0 } else { 0.0 }),
                (None, None) => None,
            },
            p_exact,
            p_least: least_p(n),
            p_holm: p_exact,
            effect: spread.map(|deviation| mean / deviation),
            // Below the lower bound so large a t comes up in 2.5 % of cases, above the upper bound one so small.
            effect_interval: t.map(|t| [0.975, 0.025].map(|share| noncentrality(t, n - 1, share) / root)),
            above: differences.iter().filter(|&&d| d > 0.0).count(),
            below: differences.iter().filter(|&&d| d < 0.0).count(),
            differences,
        })
    }
}

/// The mean.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The standard deviation of a sample; none for a single value.
pub(super) fn deviation(values: &[f64]) -> Option<f64> {
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (values.len() > 1).then(|| (squares / (values.len() - 1) as f64).sqrt())
}

/// The 95 % interval of the mean by Student's t; none for a single value.
#[must_use]
pub fn mean_interval(values: &[f64]) -> Option<[f64; 2]> {
    let half = deviation(values)? / (values.len() as f64).sqrt() * student_quantile(1.0 - LEVEL / 2.0, values.len() - 1);
    let mean = mean(values);
    Some([mean - half, mean + half])
}

/// Two-sided p of the paired sign-flip test on the mean (Fisher, The Design of Experiments, 1935): if both ways were alike, each
/// difference could as well have had the other sign.
///
/// All 2ⁿ changes of signs are gone through up to 20 pairs; beyond, 100,000 are drawn, always the same, and the one that was seen counts.
#[must_use]
pub fn sign_flip(differences: &[f64]) -> f64 {
    let seen = differences.iter().sum::<f64>().abs();
    // Sums in another order differ in the last digits.
    let least = seen - 1e-12 * differences.iter().map(|d| d.abs()).sum::<f64>();
    let flipped = |signs: u64| -> f64 {
        let signed = differences.iter().enumerate().map(|(at, d)| if signs >> (at % 64) & 1 == 1 { -d } else { *d });
        signed.sum::<f64>().abs()
    };
    if differences.len() <= MOST_EXACT {
        // Turning all signs changes nothing: half of them is enough.
        let all = 1u64 << differences.len().saturating_sub(1);
        return (0..all).filter(|&signs| flipped(signs) >= least).count() as f64 / all as f64;
    }
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut drawn = || {
        let signed = differences.iter().map(|d| if random.random_bool(0.5) { -d } else { *d });
        signed.sum::<f64>().abs()
    };
    (1 + (0..DRAWS).filter(|_| drawn() >= least).count()) as f64 / (1 + DRAWS) as f64
}

/// The smallest p which [`sign_flip`] can give for so many pairs.
#[must_use]
pub fn least_p(pairs: usize) -> f64 {
    if pairs <= MOST_EXACT { 2.0 / (1u64 << pairs.max(1)) as f64 } else { 1.0 / (1 + DRAWS) as f64 }
}

/// How many pairs there must be at least for [`sign_flip`], corrected for so many comparisons, to be able to reach [`LEVEL`].
#[must_use]
pub fn fewest_pairs(comparisons: usize) -> usize {
    (1..MOST_EXACT).find(|&pairs| least_p(pairs) * comparisons.max(1) as f64 <= LEVEL).unwrap_or(MOST_EXACT)
}

/// Holm's step-down correction: p values as they count among so many, in the order they came.
///
/// Holm, A simple sequentially rejective multiple test procedure (1979).
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let (mut corrected, mut highest) = (vec![1.0; p.len()], 0.0f64);
    for (rank, &at) in order.iter().enumerate() {
        highest = highest.max((p[at] * (p.len() - rank) as f64).min(1.0));
        corrected[at] = highest;
    }
    corrected
}

/// The middle one; the mean of both middle ones of an even number.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some(if low == high { *low } else { 0.5 * (low + high) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's own data: hours of sleep gained by ten people with one drug less those with another (Biometrika 1908).
    const SLEEP: [f64; 10] = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];

    #[test]
    fn students_sleep_data_give_students_result() {
        let paired = Paired::new(SLEEP.to_vec()).expect("differences");
        assert!((paired.mean - 1.58).abs() < 1e-12);
        let [low, high] = paired.interval.expect("ten pairs");
        // R: t.test(extra ~ group, paired = TRUE): t = 4.0621, df = 9, p = 0.002833, 0.7001142 to 2.4598858.
        assert!((low - 0.700_114_2).abs() < 1e-6 && (high - 2.459_885_8).abs() < 1e-6, "{low} {high}");
        assert!(paired.p_t.is_some_and(|p| (p - 0.002_833).abs() < 1e-6), "{:?}", paired.p_t);
        // One difference is zero: its sign changes nothing; all others are above: 2 · 2 of 2^10.
        assert_eq!(paired.p_exact, 4.0 / 1024.0);
        assert_eq!((paired.above, paired.below, paired.p_least), (9, 0, 2.0 / 1024.0));
        assert!(paired.effect.is_some_and(|d| (d - 4.062_128 / 10f64.sqrt()).abs() < 1e-6));
        let [low, high] = paired.effect_interval.expect("spread");
        assert!(low > 0.3 && low < 1.284_56 && high > 1.284_56 && high < 2.3, "{low} {high}");
    }

    #[test]
    fn five_pairs_cannot_show_what_six_can() {
        assert_eq!(sign_flip(&[0.1, 0.2, 0.15, 0.3, 0.12]), 0.0625);
        assert_eq!(sign_flip(&[0.1, 0.2, 0.15, 0.3, 0.12, 0.2]), 0.03125);
        assert_eq!((fewest_pairs(1), fewest_pairs(3)), (6, 7));
    }

    #[test]
    fn differences_that_cancel_out_say_nothing() {
        assert_eq!(sign_flip(&[0.3, -0.3]), 1.0);
        let paired = Paired::new(vec![0.0; 5]).expect("differences");
        assert_eq!((paired.p_exact, paired.p_t, paired.effect), (1.0, Some(1.0), None));
        assert_eq!(Paired::new(Vec::new()), None);
        assert_eq!(Paired::new(vec![f64::NAN]), None);
        assert_eq!(Paired::new(vec![0.2]).and_then(|paired| paired.interval), None);
    }

    /// The share of all changes of signs, counted in the plainest way, and the drawn ones of more pairs.
    #[test]
    fn the_test_is_the_share_of_all_changes_of_signs() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for n in [3, 6, 9] {
            let differences: Vec<f64> = (0..n).map(|_| random.random_range(-0.2..0.4)).collect();
            let mut sums = vec![0.0];
            for d in &differences {
                sums = sums.iter().flat_map(|sum| [sum + d, sum - d]).collect();
            }
            let seen = differences.iter().sum::<f64>().abs() - 1e-9;
            let share = sums.iter().filter(|sum| sum.abs() >= seen).count() as f64 / sums.len() as f64;
            assert_eq!(sign_flip(&differences), share);
        }
        let many: Vec<f64> = (0..25).map(|at| if at % 5 < 3 { 0.1 } else { -0.1 }).collect();
        // 15 of 25 alike: P(|2X − 25| ≥ 5) = 0.4244 for a fair coin.
        assert!((sign_flip(&many) - 0.4244).abs() < 0.01, "{}", sign_flip(&many));
    }

    /// If there is no difference, p ≤ 0.05 comes up in at most 5 % of comparisons, and in nearly as many.
    #[test]
    fn chance_is_called_an_advantage_as_seldom_as_promised() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let trials = 4000;
        let called = (0..trials)
            .filter(|_| {
                let differences: Vec<f64> = (0..8).map(|_| random.random_range(-1.0..1.0)).collect();
                sign_flip(&differences) <= LEVEL
            })
            .count();
        assert!((0.035..=0.058).contains(&(called as f64 / f64::from(trials))), "{called}");
    }

    #[test]
    fn holms_correction_is_his() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        let wanted = [0.03, 0.06, 0.06, 0.02];
        assert!(corrected.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{corrected:?}");
        assert_eq!(holm(&[0.5, 0.9]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[1.0, f64::INFINITY]), median(&[])), (Some(2.0), Some(f64::INFINITY), None));
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }
}
