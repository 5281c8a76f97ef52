//! How soon a Dice is reached: the paper's “times faster”.

use serde::{Deserialize, Serialize};

use super::statistics::{Paired, mean_interval, median};

/// Steps until a Dice was measured for the first time, from two starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// The Dice.
    pub dice: f64,
    /// Where it comes from, in words.
    pub what: String,
    /// Steps of the start in question, seed by seed; none where it was never reached.
    pub steps: Vec<Option<usize>>,
    /// Steps of the other.
    pub reference_steps: Vec<Option<usize>>,
    /// The middle of how many times sooner it is reached, seed by seed; where one of both never reaches it, counted as never. None where
    /// that leaves it open.
    pub median_times_faster: Option<f64>,
    /// The geometric mean of how many times sooner; only where all runs of both reach it.
    pub times_faster: Option<f64>,
    /// Its 95 % interval, by Student's t on logarithms.
    pub interval: Option<[f64; 2]>,
    /// The paired test on logarithms of the ratios; only where all runs of both reach it.
    pub test: Option<Paired>,
}

impl Reach {
    /// From curves `(step, Dice)`, those of one seed at the same place in both lists.
    #[must_use]
    pub fn new(dice: f64, what: String, curves: &[&[(usize, f64)]], reference: &[&[(usize, f64)]]) -> Self {
        let first = |curve: &&[(usize, f64)]| curve.iter().find(|(_, measured)| *measured >= dice).map(|(step, _)| *step);
        let (steps, reference_steps): (Vec<_>, Vec<_>) = (curves.iter().map(first).collect(), reference.iter().map(first).collect());
        let ratios: Vec<Option<f64>> = steps
            .iter()
            .zip(&reference_steps)
            .map(|pair| match pair {
                (Some(steps), Some(reference)) => Some(*reference as f64 / *steps as f64),
                (Some(_), None) => Some(f64::INFINITY),
                (None, Some(_)) => Some(0.0),
                (None, None) => None,
            })
            .collect();
        let logs: Option<Vec<f64>> = ratios.iter().map(|ratio| ratio.map(f64::ln).filter(|log| log.is_finite())).collect();
        let known: Option<Vec<f64>> = ratios.iter().copied().collect();
        let test = logs.clone().and_then(Paired::new);
        Self {
            dice,
            what,
            steps,
            reference_steps,
            median_times_faster: known.and_then(|known| median(&known)).filter(|middle| middle.is_finite() && *middle > 0.0),
            times_faster: test.as_ref().map(|test| test.mean.exp()),
            interval: logs.as_deref().and_then(mean_interval).map(|ends| ends.map(f64::exp)),
            test,
        }
    }

    /// Runs of both that reach it.
    pub(super) fn reached(&self) -> [usize; 2] {
        [&self.steps, &self.reference_steps].map(|steps| steps.iter().flatten().count())
    }

    /// In words.
    pub(super) fn sentence(&self, name: &str, reference: &str) -> String {
        let (dice, what, all) = (self.dice, &self.what, self.steps.len());
        let at = format!("Dice {dice:.3} ({what})");
        let [reached, reference_reached] = self.reached();
        let (Some(times), Some([low, high])) = (self.times_faster, self.interval) else {
            let middle = match self.median_times_faster {
                Some(middle) => format!("; in the middle of the seeds {middle:.2} times as soon"),
                None => String::new(),
            };
            return format!(
                "{at} is reached by {reached} of {all} runs of {name} and {reference_reached} of {all} of {reference}, so there is no mean \
                 speed{middle}"
            );
        };
        let conclusion = match (low > 1.0, high < 1.0) {
            (true, _) => format!("{name} is faster"),
            (_, true) => format!("{name} is slower"),
            _ => "it holds 1, no difference in speed seen".to_owned(),
        };
        format!("{at}: {reference} needs {times:.2} times the steps of {name} (95 % interval {low:.2} to {high:.2}: {conclusion})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: [(usize, f64); 3] = [(10, 0.5), (20, 0.7), (40, 0.6)];
    const LATE: [(usize, f64); 3] = [(10, 0.1), (20, 0.4), (40, 0.5)];
    const NEVER: [(usize, f64); 1] = [(40, 0.2)];

    #[test]
    fn the_first_measurement_that_reaches_it_counts() {
        let reach = Reach::new(0.5, "given".to_owned(), &[&SOON, &SOON], &[&LATE, &SOON]);
        assert_eq!((&reach.steps, &reach.reference_steps), (&vec![Some(10), Some(10)], &vec![Some(40), Some(10)]));
        assert!(reach.times_faster.is_some_and(|times| (times - 2.0).abs() < 1e-12), "{reach:?}");
        assert_eq!(reach.median_times_faster, Some(2.5));
        assert!(reach.interval.is_some_and(|[low, high]| low < 1.0 && high > 4.0));
    }

    #[test]
    fn runs_that_never_reach_it_leave_no_mean_and_perhaps_a_middle() {
        let reach = Reach::new(0.5, "given".to_owned(), &[&SOON, &SOON, &NEVER], &[&LATE, &NEVER, &LATE]);
        assert_eq!((reach.times_faster, reach.median_times_faster), (None, Some(4.0)));
        assert!(reach.sentence("a", "b").contains("2 of 3 runs of a and 2 of 3 of b"), "{}", reach.sentence("a", "b"));
        let open = Reach::new(0.5, "given".to_owned(), &[&NEVER, &SOON], &[&NEVER, &LATE]);
        assert_eq!(open.median_times_faster, None);
    }
}
