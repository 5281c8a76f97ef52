//! What a comparison came to.

use serde::{Deserialize, Serialize};

use super::notes::{distinct, notes};
use super::speed::Reach;
use super::statistics::{Paired, deviation, holm, mean, mean_interval};
use super::{FinishedRun, Start};
use crate::card::{Card, CardArchitecture, CardCase, CardLabel, CardSettings, CardWeights, short};
use crate::{FineTuneSettings, LearnError};

/// Everything about a comparison, to be read by programs and people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The form of this report; 1.
    pub format: u32,
    /// What was compared on, in a few words.
    pub title: String,
    /// Program and version that made the report.
    pub program: String,
    /// Devices that the runs were done on.
    pub devices: Vec<String>,
    /// All seeds, in order.
    pub seeds: Vec<u64>,
    /// Settings of all runs; each had its own seed.
    pub settings: FineTuneSettings,
    /// The labels, background first.
    pub labels: Vec<CardLabel>,
    /// The cases that were learned from, as hashes.
    pub training: Vec<CardCase>,
    /// The frozen validation set, as hashes.
    pub validation: Vec<CardCase>,
    /// The starts, in the order they were given.
    pub starts: Vec<StartReport>,
    /// All runs, seed by seed.
    pub runs: Vec<RunReport>,
    /// All pairs of starts.
    pub comparisons: Vec<Comparison>,
    /// The answer, a sentence for each pair.
    pub verdict: Vec<String>,
    /// What a reader must know beside it.
    pub notes: Vec<String>,
}

/// What a start came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StartReport {
    /// Its name.
    pub name: String,
    /// Its weights.
    pub weights: CardWeights,
    /// The network.
    pub architecture: CardArchitecture,
    /// Dice after the last step.
    pub final_dice: Summary,
    /// Mean Dice over all measurements of the curve.
    pub mean_dice: Summary,
    /// Dice after the last step, label by label, mean over seeds.
    pub per_label: Vec<(String, f64)>,
    /// The mean curve.
    pub curve: Vec<BandPoint>,
    /// Mean seconds of a run.
    pub seconds: Option<f64>,
}

/// A number over all seeds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: Option<f64>,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// A point of a mean curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BandPoint {
    /// After this step.
    pub step: usize,
    /// Mean Dice over seeds.
    pub mean: f64,
    /// 95 % interval of the mean by Student's t.
    pub interval: Option<[f64; 2]>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The start's name.
    pub start: String,
    /// Its seed.
    pub seed: u64,
    /// `(step, Dice)` of each measurement on the validation set.
    pub curve: Vec<(usize, f64)>,
    /// Dice after the last step.
    pub final_dice: f64,
    /// Mean over the curve.
    pub mean_dice: f64,
    /// How long it took.
    pub seconds: Option<f64>,
    /// The run's card.
    pub card: String,
}

/// One start against another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The start in question.
    pub start: String,
    /// The other.
    pub reference: String,
    /// Differences of the Dice after the last step: what decides.
    pub final_dice: Paired,
    /// Differences of the mean Dice over the curve.
    pub mean_dice: Paired,
    /// How soon a Dice is reached.
    pub reach: Vec<Reach>,
}

/// The share of the reference's final Dice that is asked for first.
const REACHED: f64 = 0.9;

impl Report {
    /// Of finished runs. `title` says what was compared on; `reach` are Dice values to be reached, beside 90 % of what the reference ends
    /// with. A start from scratch is the reference of its pairs, else the start that was given first.
    ///
    /// # Errors
    /// [`LearnError::Setting`] if a run lacks a curve, its partner, or settings of a fine-tuning.
    pub fn new(title: &str, starts: &[Start], runs: &[FinishedRun], reach: &[f64]) -> Result<Self, LearnError> {
        let wrong = |what: &str| LearnError::Setting(format!("the comparison cannot be worked out: {what}"));
        let first = runs.first().ok_or_else(|| wrong("there is no run"))?;
        let CardSettings::FineTune(settings) = &first.card.settings else { return Err(wrong("a run is no fine-tuning")) };
        let mut seeds: Vec<u64> = Vec::new();
        runs.iter().for_each(|run| {
            if !seeds.contains(&run.seed) {
                seeds.push(run.seed)
            }
        });
        // By start, then by seed.
        let mut table: Vec<Vec<&FinishedRun>> = Vec::new();
        for start in 0..starts.len() {
            let of = |&seed: &u64| runs.iter().find(|run| run.start == start && run.seed == seed);
            table.push(seeds.iter().map(of).collect::<Option<_>>().ok_or_else(|| wrong("a run has no partner of the same seed"))?);
        }
        let mut curves: Vec<Vec<Vec<(usize, f64)>>> = Vec::new();
        for of_start in &table {
            let of_start: Vec<_> = of_start.iter().map(|run| curve(&run.card)).collect();
            let steps = |curve: &[(usize, f64)]| curve.iter().map(|(step, _)| *step).collect::<Vec<_>>();
            let first = curves.iter().flatten().chain(&of_start).next().map(|curve| steps(curve)).unwrap_or_default();
            if first.is_empty() || of_start.iter().any(|curve| steps(curve) != first) {
                return Err(wrong("its runs were not measured at the same steps"));
            }
            curves.push(of_start);
        }
        let finals: Vec<Vec<f64>> = curves.iter().map(|curves| curves.iter().map(|curve| last(curve)).collect()).collect();
        let means: Vec<Vec<f64>> = curves.iter().map(|curves| curves.iter().map(|curve| mean_of(curve)).collect()).collect();

        let mut comparisons = Vec::new();
        for (a, b) in pairs(&table) {
            let paired = |values: &[Vec<f64>]| {
                Paired::new(values[a].iter().zip(&values[b]).map(|(a, b)| short(a - b)).collect())
                    .ok_or_else(|| wrong("a Dice is no number"))
            };
            let ends = mean(&finals[b]);
            let shown = &starts[b].name;
            let asked = std::iter::once((short(REACHED * ends), format!("{:.0} % of the mean that {shown} ends with", REACHED * 100.0)))
                .chain(reach.iter().map(|&dice| (dice, "as asked for".to_owned())));
            let views: [Vec<&[(usize, f64)]>; 2] = [a, b].map(|start| curves[start].iter().map(Vec::as_slice).collect());
            comparisons.push(Comparison {
                start: starts[a].name.clone(),
                reference: shown.clone(),
                final_dice: paired(&finals)?,
                mean_dice: paired(&means)?,
                reach: asked.map(|(dice, what)| Reach::new(dice, what, &views[0], &views[1])).collect(),
            });
        }
        correct(&mut comparisons);
        let verdict = comparisons.iter().map(|comparison| comparison.verdict(comparisons.len())).collect();
        let mut run_reports = Vec::new();
        for (at, _) in seeds.iter().enumerate() {
            for (start, of_start) in table.iter().enumerate() {
                let run = of_start[at];
                run_reports.push(RunReport {
                    start: starts[start].name.clone(),
                    seed: run.seed,
                    curve: curves[start][at].clone(),
                    final_dice: finals[start][at],
                    mean_dice: short(means[start][at]),
                    seconds: run.card.made.map(|made| made.seconds),
                    card: run.file.display().to_string(),
                });
            }
        }
        let set = first.card.sets.first().ok_or_else(|| wrong("a run names no cases"))?;
        let start_reports =
            (0..starts.len()).map(|at| StartReport::new(&starts[at].name, &table[at], &curves[at], &finals[at], &means[at])).collect();
        Ok(Self {
            format: 1,
            title: title.to_owned(),
            program: Card::this_program(),
            devices: distinct(runs.iter().map(|run| run.card.device.clone())),
            settings: settings.clone(),
            labels: first.card.labels.clone(),
            training: set.training.clone(),
            validation: set.validation.clone(),
            starts: start_reports,
            runs: run_reports,
            verdict,
            notes: notes(runs, &seeds, set.training.len(), set.validation.len()),
            comparisons,
            seeds,
        })
    }

    /// The report as JSON for people and programs.
    ///
    /// # Errors
    /// [`LearnError::Setting`] if a number in it is not finite.
    pub fn json(&self) -> Result<String, LearnError> {
        serde_json::to_string_pretty(self).map_err(|error| LearnError::Setting(format!("the comparison cannot be written down: {error}")))
    }
}

impl StartReport {
    fn new(name: &str, runs: &[&FinishedRun], curves: &[Vec<(usize, f64)>], finals: &[f64], means: &[f64]) -> Self {
        let card = runs.first().map(|run| &run.card);
        let seconds: Option<Vec<f64>> = runs.iter().map(|run| run.card.made.map(|made| made.seconds)).collect();
        let points = curves.first().map_or(0, Vec::len);
        let band = |at: usize| {
            let values: Vec<f64> = curves.iter().map(|curve| curve[at].1).collect();
            let interval = mean_interval(&values).map(|ends| ends.map(short));
            BandPoint { step: curves[0][at].0, mean: short(mean(&values)), interval }
        };
        let labels = card.map(|card| card.dice.as_slice()).unwrap_or_default();
        let per_label = labels.iter().map(|label| {
            let of_runs = runs.iter().filter_map(|run| run.card.dice.iter().find(|other| other.value == label.value));
            (label.name.clone(), short(mean(&of_runs.map(|label| label.dice).collect::<Vec<_>>())))
        });
        Self {
            name: name.to_owned(),
            weights: card
                .map_or_else(|| CardWeights { from: String::new(), sha256: None, matched: 0, missing: 0 }, |card| card.weights.clone()),
            architecture: card.map_or_else(
                || crate::finetune::architecture(FineTuneSettings::default().encoder_config(), None),
                |card| card.architecture.clone(),
            ),
            final_dice: Summary::of(finals),
            mean_dice: Summary::of(means),
            per_label: per_label.collect(),
            curve: (0..points).map(band).collect(),
            seconds: seconds.map(|seconds| short(mean(&seconds))),
        }
    }
}

impl Summary {
    fn of(values: &[f64]) -> Self {
        Self {
            mean: short(mean(values)),
            deviation: deviation(values).map(short),
            least: short(values.iter().copied().fold(f64::INFINITY, f64::min)),
            most: short(values.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
        }
    }
}

/// `(step, Dice)` where it was measured.
fn curve(card: &Card) -> Vec<(usize, f64)> {
    card.curve.iter().filter_map(|point| point.dice.map(|dice| (point.step, dice))).collect()
}

fn last(curve: &[(usize, f64)]) -> f64 {
    curve.last().map_or(f64::NAN, |(_, dice)| *dice)
}

fn mean_of(curve: &[(usize, f64)]) -> f64 {
    mean(&curve.iter().map(|(_, dice)| *dice).collect::<Vec<_>>())
}

/// All pairs of starts, the one in question first: against scratch, else against the one that was given earlier.
fn pairs(table: &[Vec<&FinishedRun>]) -> Vec<(usize, usize)> {
    let is_scratch = |at: usize| table[at].first().is_some_and(|run| !run.card.weights.are_learnt());
    let mut pairs = Vec::new();
    for later in 0..table.len() {
        for earlier in 0..later {
            pairs.push(if is_scratch(later) && !is_scratch(earlier) { (earlier, later) } else { (later, earlier) });
        }
    }
    pairs
}

/// Holm's correction, measure by measure.
fn correct(comparisons: &mut [Comparison]) {
    type Of = fn(&mut Comparison) -> &mut Paired;
    for of in [(|comparison| &mut comparison.final_dice) as Of, |comparison| &mut comparison.mean_dice] {
        let p: Vec<f64> = comparisons.iter_mut().map(|comparison| of(comparison).p_exact).collect();
        for (comparison, p) in comparisons.iter_mut().zip(holm(&p)) {
            of(comparison).p_holm = p;
        }
    }
}
