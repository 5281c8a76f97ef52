//! Fine-tuning, proposing, and what becomes of a proposal.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use medley_annotate::Proposal;
use medley_learn::card::Card;
use medley_learn::{DataOptions, FineTuneSpec, JobEvent, JobSpec, PredictSpec};
use medley_project::ModelRecord;
use medley_runs::NewRun;

use super::{MEAN_DICE, Proposing, Workbench};
use crate::clock::now_ms;
use crate::run_log::{FINE_TUNE, RunLog};
use crate::state::clerk::Request;
use crate::state::notices::Severity;
use crate::state::training::{Phase, TrainingRun};
use crate::texts;

impl Workbench {
    /// Why fine-tuning cannot start now; `None` if it can.
    #[must_use]
    pub fn fine_tune_obstacle(&self) -> Option<&'static str> {
        if self.study.is_none() {
            return Some(texts::commands::OPEN_A_STUDY);
        }
        if let Some(why) = self.read_only_obstacle() {
            return Some(why);
        }
        if self.training.as_ref().is_some_and(TrainingRun::is_active) {
            return Some(texts::training::IS_RUNNING);
        }
        self.task_obstacle()
    }

    /// Starts fine-tuning on the corrected cases, or on those that have a class.
    pub fn fine_tune(&mut self) {
        if self.fine_tune_obstacle().is_some() {
            return;
        }
        self.snapshot();
        let Some(study) = &self.study else { return };
        let model_id = next_model_id(&study.models);
        if let Some(job) = self.task_job(study.folder.join("models").join(&model_id)) {
            self.training = Some(TrainingRun::new(model_id, self.choices.steps));
            self.take_down(&job);
            self.worker.submit(job);
            return;
        }
        let settings = self.choices.settings();
        let spec = FineTuneSpec {
            cases: self.clerk.cases_to_learn_from(),
            labels: study.labels.labels().iter().map(|label| (label.value, label.name.clone())).collect(),
            weights: self.choices.weights.source(),
            settings,
            device: self.choices.device,
            data: DataOptions::default(),
            output: study.folder.join("models").join(&model_id),
        };
        self.training = Some(TrainingRun::new(model_id, self.choices.steps));
        let job = JobSpec::FineTune(spec);
        self.take_down(&job);
        self.worker.submit(job);
    }

    /// Gives a training a row in the table of trainings.
    fn take_down(&mut self, job: &JobSpec) {
        let (settings, output) = match job {
            JobSpec::FineTune(spec) => (serde_json::to_string(&spec.settings), &spec.output),
            JobSpec::Classify(spec) => (serde_json::to_string(&spec.settings), &spec.output),
            JobSpec::Detect(spec) => (serde_json::to_string(&spec.settings), &spec.output),
            JobSpec::Pretrain(_) | JobSpec::Predict(_) => return,
        };
        let study = self.study.as_ref().map(|study| study.folder.as_path());
        let new = NewRun {
            kind: FINE_TUNE.to_owned(),
            task: self.choices.task.to_string(),
            settings: settings.unwrap_or_default(),
            data: study.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            device: String::new(),
            steps: self.choices.steps,
            output: output.clone(),
            weights: self.choices.weights.name(),
            program: Card::this_program(),
        };
        self.run_log = Some(RunLog::begin(self.runs_table.clone(), new, false));
    }

    /// Holds the running job or lets it go on.
    pub fn toggle_pause(&mut self) {
        let Some(run) = self.training.as_mut().filter(|run| run.is_active()) else { return };
        let Some(control) = self.worker.control() else { return };
        if run.phase == Phase::Paused {
            control.resume();
            run.phase = Phase::Running;
        } else {
            control.pause();
            run.phase = Phase::Paused;
        }
    }

    /// Ends the running job.
    pub fn stop_training(&mut self) {
        if let Some(run) = self.training.as_mut().filter(|run| run.is_active()) {
            run.phase = Phase::Stopping;
            if let Some(control) = self.worker.control() {
                control.stop();
            }
        }
    }

    /// Ends the running job and forgets it: the window closes.
    pub fn abandon_training(&mut self) {
        self.stop_training();
        self.training = None;
    }

    /// The model that proposes: the chosen one, else the newest.
    #[must_use]
    pub fn model(&self) -> Option<&ModelRecord> {
        let models = &self.study.as_ref()?.models;
        let chosen = self.chosen_model.as_ref().and_then(|id| models.iter().find(|model| model.id == *id));
        chosen.or_else(|| models.last())
    }

    /// Why nothing can be proposed now; `None` if it can.
    #[must_use]
    pub fn propose_obstacle(&self) -> Option<&'static str> {
        if self.case.is_none() {
            return Some(texts::commands::OPEN_A_SCAN);
        }
        if self.proposing.is_some() {
            return Some(texts::proposal::IS_COMPUTED);
        }
        if self.training.as_ref().is_some_and(TrainingRun::is_active) {
            return Some(texts::proposal::WAIT_FOR_TRAINING);
        }
        if self.model().is_none() {
            return Some(texts::proposal::NO_MODEL);
        }
        None
    }

    /// Lets the model segment the open scan.
    pub fn propose(&mut self) {
        if self.propose_obstacle().is_some() {
            return;
        }
        self.finding = None;
        let (Some(case), Some(model)) = (&self.case, self.model()) else { return };
        let spec = PredictSpec {
            model: model.file.clone(),
            image: Arc::clone(&case.volume),
            device: self.choices.device,
            id: case.id.0.to_string(),
        };
        self.proposing = Some(Proposing { case: case.id, model: model.id.clone(), since: Instant::now() });
        self.worker.submit(JobSpec::Predict(spec));
    }

    /// Takes the proposal away; the mask stays as it is.
    pub fn reject_proposal(&mut self) {
        if let Some(case) = &mut self.case {
            case.proposal = None;
        }
        self.show_proposal();
    }

    pub(super) fn show_proposal(&self) {
        let (Some(case), Some((_, queue))) = (&self.case, &self.gpu) else { return };
        if let Some(textures) = &case.textures {
            textures.write_proposal(queue, case.proposal.as_ref().map(|(proposal, _)| &*proposal.labels));
        }
    }

    pub(super) fn take_job_event(&mut self, event: JobEvent) {
        match &event {
            JobEvent::Predicted(prediction) => {
                let Some(asked) = self.proposing.take() else { return };
                // The case may be parked by now: the proposal waits in its tab.
                let proposal = Proposal { labels: Arc::new(prediction.labels.clone()), model: asked.model };
                self.with_case(asked.case, |workbench| workbench.lay_proposal(proposal));
            }
            JobEvent::Found(found) => self.take_finding(found),
            JobEvent::Failed(sentence) if self.proposing.take().is_some() => self.notices.push(Severity::Error, sentence.clone()),
            _ => self.take_training_event(&event),
        }
    }

    /// Lays a suggestion over the mask, once the two are compared.
    pub fn lay_proposal(&mut self, proposal: Proposal) {
        self.compare_proposal(proposal);
    }

    fn take_training_event(&mut self, event: &JobEvent) {
        let Some(run) = &mut self.training else { return };
        if !run.is_active() {
            return;
        }
        run.take(event);
        if let Some(log) = &self.run_log {
            log.take(event);
        }
        if event.is_last() {
            self.run_log = None;
        }
        if let JobEvent::TaskTrained(outcome) = event {
            let id = run.model_id.clone();
            self.take_task_model(id, outcome);
            return;
        }
        match event {
            JobEvent::FineTuned(outcome) => {
                let record = ModelRecord {
                    id: run.model_id.clone(),
                    name: texts::training::model_name(&run.model_id),
                    file: outcome.model.clone(),
                    card_json: serde_json::to_string(&outcome.card).unwrap_or_default(),
                    created_ms: now_ms(),
                    metrics: outcome.mean_dice.map(|dice| (MEAN_DICE.to_owned(), dice)).into_iter().collect(),
                };
                self.chosen_model = None;
                self.clerk.ask(Request::AddModel(record));
                self.notices.push(Severity::Done, texts::training::MODEL_IS_READY);
            }
            JobEvent::Failed(sentence) => self.notices.push(Severity::Error, sentence.clone()),
            _ => {}
        }
    }
}

/// The next free number with three digits.
fn next_model_id(models: &[ModelRecord]) -> String {
    let taken = models.iter().filter_map(|model| model.id.parse::<u32>().ok()).max().unwrap_or(0);
    format!("{:03}", taken + 1)
}
