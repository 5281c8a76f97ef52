//! The answer in words.

use super::Comparison;
use super::statistics::{LEVEL, fewest_pairs};

impl Comparison {
    /// The answer in words, where so many pairs of starts were compared.
    pub(super) fn verdict(&self, comparisons: usize) -> String {
        let Self { start, reference, final_dice: paired, .. } = self;
        let all = paired.differences.len();
        let p = format!(
            "exact paired test over {all} seeds, p = {}{}",
            shown_p(paired.p_holm),
            if comparisons > 1 { format!(" after correction for {comparisons} comparisons") } else { String::new() }
        );
        let ends = |ends: [f64; 2]| format!("95 % interval {:+.3} to {:+.3}", ends[0], ends[1]);
        let interval = paired.interval.map_or_else(String::new, |interval| format!(", {}", ends(interval)));
        let difference = format!("{:+.3}{interval}", paired.mean);
        if paired.p_holm <= LEVEL {
            let word = if paired.mean > 0.0 { "an advantage of" } else { "a disadvantage of" };
            return format!("{word} {start} over {reference}: the final Dice differs by {difference} ({p})");
        }
        let mut verdict = format!(
            "no advantage seen of {start} over {reference}, nor the other way round: the final Dice differs by {difference} ({p}); {} of {all} \
             seeds are in favour of {start}, {} of {reference}",
            paired.above, paired.below
        );
        if paired.p_least * comparisons as f64 > LEVEL {
            verdict.push_str(&format!(
                "; {all} seeds cannot show an advantage by this test, whatever it is (its smallest p is {}): take at least {}",
                shown_p((paired.p_least * comparisons as f64).min(1.0)),
                fewest_pairs(comparisons)
            ));
        }
        verdict
    }
}

/// A p value as people read it.
pub(super) fn shown_p(p: f64) -> String {
    if p < 0.001 { "below 0.001".to_owned() } else { format!("{p:.3}") }
}
