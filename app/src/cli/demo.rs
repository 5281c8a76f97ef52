use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use medley_annotate::{Author, Edit, Proposal, Tool};
use medley_learn::{
    Control, DataOptions, FineTuneOutcome, FineTuneSettings, FineTuneSpec, JobEvent, Keep, Predictor, WeightsSource, finetune,
};
use medley_project::{CaseId, ModelRecord, Role, Study};
use medley_volume::{LabelMap, metrics};
use serde::Serialize;

use super::cases::study_cases;
use super::options::DeviceOption;
use super::output::score;
use super::progress::Progress;
use super::{Answer, Failure, Table};
use crate::clock::now_ms;
use crate::sample::{self, ORGANS, SECOND, VALIDATION};
use crate::state::workbench::MEAN_DICE;

/// Shows the whole loop on the bundled sample study
///
/// One corrected case, a fine-tuning, a proposal on another person; then a second corrected case, a fine-tuning that goes on
/// from the first, and a better proposal. Without --headless the window opens on the sample study, where the same is done by hand.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do it here and now, without a window
    #[arg(long)]
    headless: bool,
    /// Keep the study and its models in this folder, which must be empty or missing
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps of each fine-tuning
    #[arg(long, default_value_t = STEPS)]
    steps: usize,
    #[command(flatten)]
    device: DeviceOption,
}

impl Arguments {
    /// Whether the demonstration is to be done by hand.
    #[must_use]
    pub fn wants_window(&self) -> bool {
        !self.headless
    }
}

/// Steps of each fine-tuning: enough for the difference to show, few enough for a laptop without a GPU.
const STEPS: usize = 250;

/// Settings of both fine-tunings. The weights after the last step are kept, not those that score best on the validation case.
fn settings(arguments: &Arguments) -> FineTuneSettings {
    let Arguments { steps, seed, .. } = *arguments;
    let small =
        FineTuneSettings { batch: 1, patch: Some([16, 96, 96]), learning_rate: 1e-2, weight_decay: 1e-3, ..FineTuneSettings::default() };
    FineTuneSettings { steps, seed, keep: Keep::Last, validate_every: 0, ..small }
}

#[derive(Serialize)]
struct Report {
    dice_before: f64,
    dice_after: f64,
    seconds: f64,
    device: String,
    seed: u64,
    per_label: BTreeMap<&'static str, Change>,
    steps_per_round: usize,
    validation_case: &'static str,
    rounds: Vec<Round>,
    correction: Correction,
    #[serde(skip_serializing_if = "Option::is_none")]
    study: Option<String>,
}

#[derive(Serialize)]
struct Change {
    before: f64,
    after: f64,
}

#[derive(Serialize)]
struct Round {
    learned_from: Vec<String>,
    seconds: f64,
    model_sha256: String,
}

/// What became of the second case between the rounds.
#[derive(Serialize)]
struct Correction {
    case: &'static str,
    /// Voxels in which the accepted proposal was wrong.
    voxels_corrected: usize,
}

/// `medley demo --headless`.
///
/// # Errors
/// If the study cannot be unpacked or a fine-tuning fails.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let temporary = tempfile::tempdir()?;
    let folder = arguments.output.clone().unwrap_or_else(|| temporary.path().join("study"));
    let begin = Instant::now();
    let mut demo = Demo { study: sample::unpack_study(&folder)?, arguments };
    let second = demo.case_named(SECOND.name)?;
    let validation = demo.case_named(VALIDATION.name)?;
    let starter = WeightsSource::Bytes { name: sample::STARTER_NAME.to_owned(), bytes: sample::starter_encoder().into() };

    let (first_model, first_round) = demo.fine_tune(1, starter)?;
    let before = demo.dice_of_proposal(&first_model, validation)?;
    let correction = demo.correct(&first_model, second)?;
    let (second_model, second_round) = demo.fine_tune(2, WeightsSource::File(first_model.model.clone()))?;
    let after = demo.dice_of_proposal(&second_model, validation)?;

    let dice = |scores: &BTreeMap<u16, f64>, value: u16| scores.get(&value).copied().unwrap_or(0.0);
    let mean = |scores: &BTreeMap<u16, f64>| ORGANS.iter().map(|&(value, _)| dice(scores, value)).sum::<f64>() / ORGANS.len() as f64;
    let change = |value| Change { before: dice(&before, value), after: dice(&after, value) };
    let report = Report {
        dice_before: mean(&before),
        dice_after: mean(&after),
        seconds: begin.elapsed().as_secs_f64(),
        device: second_model.card.device.clone(),
        seed: arguments.seed,
        per_label: ORGANS.iter().map(|&(value, name)| (name, change(value))).collect(),
        steps_per_round: arguments.steps,
        validation_case: VALIDATION.name,
        rounds: vec![first_round, second_round],
        correction,
        study: arguments.output.as_ref().map(|folder| folder.display().to_string()),
    };
    let text = text(&report);
    Answer::new(&report, text)
}

struct Demo<'a> {
    study: Study,
    arguments: &'a Arguments,
}

impl Demo<'_> {
    fn case_named(&self, name: &str) -> Result<CaseId, Failure> {
        let found = self.study.cases()?.into_iter().find(|case| case.name == name);
        found.map(|case| case.id).ok_or_else(|| Failure::new(format!("the sample study lacks the case “{name}”")))
    }

    /// Learns from the cases that are corrected by now.
    fn fine_tune(&self, number: usize, weights: WeightsSource) -> Result<(FineTuneOutcome, Round), Failure> {
        let training = study_cases(&self.study, Role::Training)?;
        let learned_from = training.iter().map(|case| case.name.clone()).collect();
        let spec = FineTuneSpec {
            cases: Box::new((training, study_cases(&self.study, Role::Validation)?)),
            labels: ORGANS.iter().map(|&(value, name)| (value, name.to_owned())).collect(),
            weights,
            settings: settings(self.arguments),
            device: self.arguments.device.device,
            data: DataOptions::default(),
            output: self.study.folder().join("models").join(format!("round-{number}")),
        };
        let mut progress = Progress::new(&format!("round {number}"));
        let outcome = finetune::run(spec, &Control::new(), &mut |event| progress.show(&event))?;
        self.study.add_model(&ModelRecord {
            id: outcome.model_id.clone(),
            name: format!("Round {number}"),
            file: outcome.model.clone(),
            card_json: outcome.card.json()?,
            created_ms: now_ms(),
            metrics: outcome.mean_dice.map(|dice| (MEAN_DICE.to_owned(), dice)).into_iter().collect(),
        })?;
        let round = Round { learned_from, seconds: outcome.seconds, model_sha256: outcome.model_id.clone() };
        Ok((outcome, round))
    }

    fn propose(&self, model: &Path, volume: &medley_volume::Volume) -> Result<Proposal, Failure> {
        let predictor = Predictor::open(model, self.arguments.device.device)?;
        let mut progress = Progress::new("proposal");
        let labels = predictor.predict(volume, &Control::new(), &mut |done, windows| progress.show(&JobEvent::Window { done, windows }))?;
        Ok(Proposal { labels: Arc::new(labels), model: predictor.id().to_owned() })
    }

    /// Dice of a model's proposal against the mask of a case that it did not learn from.
    fn dice_of_proposal(&self, model: &FineTuneOutcome, case: CaseId) -> Result<BTreeMap<u16, f64>, Failure> {
        let open = self.study.load_case(case)?;
        let proposal = self.propose(&model.model, &open.volume)?;
        Ok(metrics::dice_per_label(&proposal.labels, &open.mask)?)
    }

    /// Accepts the model's proposal on a case, corrects it, and lets the case join the training set. The reference mask stands in
    /// for the person who corrects; both changes go through the study's journal like any other.
    fn correct(&mut self, model: &FineTuneOutcome, case: CaseId) -> Result<Correction, Failure> {
        let mut open = self.study.load_case(case)?;
        let proposal = self.propose(&model.model, &open.volume)?;
        let accepted = proposal.accept(&open.mask, now_ms())?;
        self.put(case, &mut open.mask, accepted)?;
        let reference = SECOND.reference()?.labels;
        let corrected = Edit::between(&open.mask, &reference, Author::Person, Tool::Script, now_ms())?;
        let voxels_corrected = self.put(case, &mut open.mask, corrected)?;
        self.study.save_mask(case, &open.mask)?;
        self.study.set_corrected(case, true)?;
        Ok(Correction { case: SECOND.name, voxels_corrected })
    }

    fn put(&mut self, case: CaseId, mask: &mut LabelMap, edit: Option<Edit>) -> Result<usize, Failure> {
        let Some(edit) = edit else { return Ok(0) };
        edit.apply(mask)?;
        self.study.journal_edit(case, &edit)?;
        Ok(edit.changed)
    }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for (number, round) in report.rounds.iter().enumerate() {
        text.push_str(&format!("round {}: learned from {} ({:.0} s)\n", number + 1, round.learned_from.join(" and "), round.seconds));
    }
    let Correction { case, voxels_corrected } = &report.correction;
    text.push_str(&format!("between them: {case} was proposed, {voxels_corrected} voxels of it corrected\n"));
    text.push_str(&format!("Dice of the proposals on {}, which neither round learned from:\n", report.validation_case));
    let mut table = Table::new(["label", "round 1", "round 2"]);
    for (name, change) in ORGANS.iter().filter_map(|(_, name)| report.per_label.get_key_value(name)) {
        table.row([(*name).to_owned(), score(Some(change.before)), score(Some(change.after))]);
    }
    table.row(["mean".to_owned(), score(Some(report.dice_before)), score(Some(report.dice_after))]);
    text.push_str(&table.to_string());
    text.push_str(&format!("{:.0} s on {}, seed {}\n", report.seconds, report.device, report.seed));
    if let Some(study) = &report.study {
        text.push_str(&format!("the study is in {study}\n"));
    }
    text
}
