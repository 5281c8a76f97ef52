//! Fine-tuning for classes and boxes, and what such models say.

use std::collections::BTreeSet;
use std::path::PathBuf;

use medley_learn::classify::Answers;
use medley_learn::task::TaskScores;
use medley_learn::{ClassifySettings, ClassifySpec, DetectSettings, DetectSpec, Finding, Found, JobSpec, TaskOutcome};
use medley_nn::weights::Task;
use medley_project::{CaseId, CaseInfo, ModelRecord, Role};

use super::Workbench;
use crate::clock::now_ms;
use crate::state::clerk::Request;
use crate::state::notices::Severity;
use crate::texts::training as texts;

/// What a model says of the open scan.
#[derive(Debug, Clone)]
pub struct ShownFinding {
    /// The model.
    pub model: String,
    /// What it says.
    pub finding: Finding,
}

impl Workbench {
    /// Gives a whole scan a class; an empty one takes it away.
    pub fn set_class(&mut self, case: CaseId, class: &str) {
        let class = Some(class.trim().to_owned()).filter(|class| !class.is_empty());
        // Shown at once; the clerk's answer has the same.
        if let Some(known) = self.study.as_mut().and_then(|study| study.cases.iter_mut().find(|known| known.id == case)) {
            known.class.clone_from(&class);
        }
        self.clerk.ask(Request::SetClass(case, class));
    }

    /// The classes that cases have, in alphabetical order.
    #[must_use]
    pub fn known_classes(&self) -> Vec<String> {
        let cases = self.study.iter().flat_map(|study| &study.cases);
        let classes: BTreeSet<String> = cases.filter_map(|case| case.class.clone()).collect();
        classes.into_iter().collect()
    }

    /// The classes of the cases that are used.
    fn used_classes(&self) -> Vec<String> {
        let is_used = |case: &&CaseInfo| case.role != Role::Unassigned;
        let cases = self.study.iter().flat_map(|study| &study.cases).filter(is_used);
        let classes: BTreeSet<String> = cases.filter_map(|case| case.class.clone()).collect();
        classes.into_iter().collect()
    }

    /// What the chosen task lacks; `None` if nothing.
    pub(super) fn task_obstacle(&self) -> Option<&'static str> {
        let study = self.study.as_ref()?;
        let trains = |case: &&CaseInfo| case.role == Role::Training;
        if self.choices.task == Task::Classify {
            let classes = self.used_classes();
            if classes.len() < 2 {
                return Some(texts::TWO_CLASSES);
            }
            let is_learned = |class: &String| study.cases.iter().filter(trains).any(|case| case.class.as_ref() == Some(class));
            return (!classes.iter().all(is_learned)).then_some(texts::CLASS_WITHOUT_TRAINING);
        }
        if !study.cases.iter().filter(trains).any(|case| case.is_corrected) {
            return Some(texts::NONE_CORRECTED);
        }
        study.labels.labels().is_empty().then_some(texts::NO_LABEL)
    }

    /// The job of a task that draws no masks; `None` for one that does.
    pub(super) fn task_job(&self, output: PathBuf) -> Option<JobSpec> {
        let study = self.study.as_ref()?;
        let weights = self.choices.weights.source();
        let device = self.choices.device;
        let adjusted = |usual| self.choices.settings_of_any_task(usual);
        match self.choices.task {
            Task::Segment => None,
            Task::Classify => {
                let classes = self.used_classes();
                let usual = ClassifySettings::default();
                let settings = ClassifySettings { training: adjusted(usual.training.clone()), answers: Answers::OneOf, ..usual };
                let cases = self.clerk.classified_cases(classes.clone());
                Some(JobSpec::Classify(ClassifySpec { cases, classes, weights, settings, device, output }))
            }
            Task::Detect => {
                let is_chosen = |value: u16| self.choices.objects.is_none_or(|chosen| chosen == value);
                let labels = study.labels.labels().iter().filter(|label| is_chosen(label.value));
                let labels = labels.map(|label| (label.value, label.name.clone())).collect();
                let usual = DetectSettings::default();
                let settings = DetectSettings { training: adjusted(usual.training.clone()), ..usual };
                let cases = self.clerk.cases_to_learn_from();
                Some(JobSpec::Detect(DetectSpec { cases, labels, weights, settings, device, output }))
            }
        }
    }

    /// Keeps a model for classes or boxes.
    pub(super) fn take_task_model(&mut self, id: String, outcome: &TaskOutcome) {
        let does = outcome.card.task.does();
        let measured = outcome.card.scores.as_ref().map(|scores: &TaskScores| (scores.measure().to_owned(), scores.score()));
        let record = ModelRecord {
            name: texts::task_model_name(&id, does),
            id,
            file: outcome.model.clone(),
            card_json: serde_json::to_string(&outcome.card).unwrap_or_default(),
            created_ms: now_ms(),
            metrics: measured.into_iter().collect(),
        };
        self.chosen_model = None;
        self.clerk.ask(Request::AddModel(record));
        self.notices.push(Severity::Done, texts::task_model_is_ready(does));
    }

    /// Keeps what a model says with its scan, if that is still open.
    pub(super) fn take_finding(&mut self, found: &Found) {
        let Some(asked) = self.proposing.take() else { return };
        let shown = ShownFinding { model: asked.model, finding: found.finding.clone() };
        self.with_case(asked.case, |workbench| workbench.finding = Some(shown));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use medley_learn::DeviceChoice;

    use super::*;
    use crate::sample::{FIRST, SECOND, VALIDATION, unpack_study};
    use crate::state::training::{Phase, WeightsChoice};
    use crate::state::workbench::OpenFirst;

    /// A window's state without a window, on the sample study.
    fn workbench(folder: &std::path::Path) -> Workbench {
        drop(unpack_study(folder).expect("unpacked"));
        let mut workbench = Workbench::new(None, &OpenFirst::Path(folder.to_owned()), waker()).expect("threads");
        wait(&mut workbench, |workbench| workbench.case.is_some());
        workbench.choices.device = DeviceChoice::Cpu;
        workbench.choices.weights = WeightsChoice::Starter;
        workbench.choices.steps = 2;
        workbench
    }

    /// Wakes this thread when there is something new, as it would wake a window.
    fn waker() -> Arc<dyn Fn() + Send + Sync> {
        let thread = std::thread::current();
        Arc::new(move || thread.unpark())
    }

    fn wait(workbench: &mut Workbench, is_there: impl Fn(&Workbench) -> bool) {
        let begin = Instant::now();
        while !is_there(workbench) {
            workbench.poll();
            std::thread::park_timeout(Duration::from_millis(100));
            let told: Vec<String> = workbench.notices.shown().iter().map(|notice| notice.text.clone()).collect();
            assert!(begin.elapsed() < Duration::from_secs(300), "it does not come: {told:?}");
        }
    }

    fn train(workbench: &mut Workbench) {
        assert_eq!(workbench.fine_tune_obstacle(), None);
        let models = workbench.study.as_ref().map_or(0, |study| study.models.len());
        workbench.fine_tune();
        wait(workbench, |workbench| !workbench.training.as_ref().is_some_and(crate::state::training::TrainingRun::is_active));
        assert_eq!(workbench.training.as_ref().map(|run| run.phase.clone()), Some(Phase::Finished));
        wait(workbench, |workbench| workbench.study.as_ref().is_some_and(|study| study.models.len() > models));
    }

    fn ask(workbench: &mut Workbench) -> Finding {
        workbench.propose();
        wait(workbench, |workbench| workbench.finding.is_some());
        workbench.finding.clone().expect("a finding").finding
    }

    #[test]
    fn scans_given_a_class_are_learned_and_the_model_says_what_the_open_one_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut workbench = workbench(&folder.path().join("study"));
        workbench.choices.task = Task::Classify;
        assert!(workbench.fine_tune_obstacle().is_some_and(|obstacle| obstacle.contains("class")));
        let cases = workbench.study.as_ref().expect("a study").cases.clone();
        let id = |name: &str| cases.iter().find(|case| case.name == name).expect("a case").id;
        workbench.set_class(id(FIRST.name), "pelvis");
        workbench.set_class(id(VALIDATION.name), "abdomen");
        assert!(workbench.fine_tune_obstacle().is_some_and(|obstacle| obstacle.contains("trains")));
        workbench.set_class(id(SECOND.name), " abdomen ");
        assert_eq!(workbench.known_classes(), ["abdomen", "pelvis"]);
        train(&mut workbench);
        let run = workbench.training.as_ref().expect("a run");
        assert_eq!((run.measure, run.scores.len()), ("accuracy", 1));
        let Finding::Classes(classes) = ask(&mut workbench) else { panic!("boxes") };
        assert_eq!(classes.iter().map(|class| class.class.as_str()).collect::<Vec<_>>(), ["abdomen", "pelvis"]);
        workbench.load_case(id(SECOND.name));
        wait(&mut workbench, |workbench| workbench.case.as_ref().is_some_and(|case| case.name == SECOND.name));
        assert!(workbench.finding.is_none(), "another scan's finding is still shown");
    }

    #[test]
    fn pieces_of_a_label_are_learned_as_boxes() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut workbench = workbench(&folder.path().join("study"));
        workbench.choices.task = Task::Detect;
        workbench.choices.objects = Some(2);
        train(&mut workbench);
        let model = workbench.model().expect("a model").clone();
        assert!(model.name.contains("finds boxes") && model.metrics.contains_key("mAP"), "{model:?}");
        let Finding::Boxes(boxes) = ask(&mut workbench) else { panic!("classes") };
        assert!(boxes.iter().all(|found| found.class == "liver"));
    }
}
