use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use medley_learn::{CaseSource, TrainingCase};
use medley_project::dataset::{DataSet, DataSetCase};
use medley_project::{ProjectError, Role, Study};

use super::Failure;
use super::set_options::SetOptions;

/// The cases of a data set that have a mask to believe, read when they are asked for.
pub struct DataSetCases {
    set: DataSet,
    /// Where it is opened again, to see whether it changed.
    reopened: Option<Reopened>,
    /// Labels that nobody looked for, by the name of the case.
    never_annotated: BTreeMap<String, Vec<u16>>,
}

impl DataSetCases {
    /// The cases of `set`, which came from `path`.
    ///
    /// # Errors
    /// If there is none to learn from.
    pub fn new(set: DataSet, path: &Path) -> Result<Self, Failure> {
        let cases = Self { set, reopened: None, never_annotated: BTreeMap::new() };
        if cases.of(Role::Training).count() > 0 {
            return Ok(cases);
        }
        let shown = path.display();
        Err(Failure::new(match cases.set.study() {
            Some(_) => format!("the study {shown} has no corrected training case: correct a mask and mark its case as corrected first"),
            None => format!("the data set {shown} has no training case with a mask"),
        }))
    }

    /// The same cases, of which some say that labels were never looked for in them: by the name of the case.
    #[must_use]
    pub fn with_never_annotated(self, never_annotated: BTreeMap<String, Vec<u16>>) -> Self {
        Self { never_annotated, ..self }
    }

    /// The same cases, which are looked at again from time to time.
    #[must_use]
    pub fn reopened(self, path: PathBuf, options: SetOptions) -> Self {
        let state = State::of(&self.set);
        let reopened = Some(Reopened { path, options, state, generation: 0, looked: Instant::now(), took: Duration::ZERO });
        Self { reopened, ..self }
    }

    /// How many cases there are to learn from.
    #[must_use]
    pub fn training_len(&self) -> usize {
        self.of(Role::Training).count()
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &DataSetCase> {
        self.set.cases.iter().filter(move |case| case.role == role && case.is_corrected && case.label.is_some())
    }

    fn load(&self, role: Role) -> Result<Vec<TrainingCase>, String> {
        let load = |case: &DataSetCase| -> Result<Option<TrainingCase>, String> {
            let loaded = self.set.load(case).map_err(|error| error.to_string())?;
            let never_annotated = self.never_annotated.get(&case.name).cloned().unwrap_or_default();
            let with_mask =
                |truth| TrainingCase { name: case.name.clone(), image: Arc::new(loaded.volume), truth: Arc::new(truth), never_annotated };
            Ok(loaded.labels.map(with_mask))
        };
        self.of(role).map(load).filter_map(Result::transpose).collect()
    }
}

impl CaseSource for DataSetCases {
    fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.load(Role::Training)
    }

    fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.load(Role::Validation)
    }

    fn generation(&mut self, _step: usize) -> u64 {
        let Some(reopened) = &mut self.reopened else { return 0 };
        // Looking takes at most a twentieth of the time.
        if reopened.looked.elapsed() < reopened.took * 19 {
            return reopened.generation;
        }
        let begin = Instant::now();
        match reopened.options.open(&reopened.path) {
            Ok(set) => {
                let state = State::of(&set);
                if state != reopened.state {
                    (self.set, reopened.state) = (set, state);
                    reopened.generation += 1;
                }
            }
            Err(failure) => log::warn!("new cases are not seen for now: {}", failure.sentence()),
        }
        (reopened.looked, reopened.took) = (Instant::now(), begin.elapsed());
        reopened.generation
    }
}

/// A data set that may change.
struct Reopened {
    path: PathBuf,
    options: SetOptions,
    state: State,
    generation: u64,
    looked: Instant,
    took: Duration,
}

/// What of a data set shows that its cases to learn from are others.
#[derive(Debug, PartialEq)]
struct State(Vec<(String, Option<SystemTime>, u64)>);

impl State {
    fn of(set: &DataSet) -> Self {
        let cases = set.cases.iter().filter(|case| case.role == Role::Training && case.is_corrected);
        let of = |case: &DataSetCase| {
            let about = case.label.as_ref().and_then(|mask| std::fs::metadata(mask).ok());
            let changed = about.as_ref().and_then(|about| about.modified().ok());
            (case.name.clone(), changed, about.map_or(0, |about| about.len()))
        };
        Self(cases.map(of).collect())
    }
}

/// The same cases for several trainings, one after the other.
#[derive(Clone)]
pub struct SharedCases(Arc<Mutex<DataSetCases>>);

impl SharedCases {
    /// Of cases.
    #[must_use]
    pub fn new(cases: DataSetCases) -> Self {
        Self(Arc::new(Mutex::new(cases)))
    }
}

impl CaseSource for SharedCases {
    fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).training()
    }

    fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).validation()
    }

    fn generation(&mut self, step: usize) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).generation(step)
    }
}

/// The corrected cases of an open study that have a role.
///
/// # Errors
/// If one cannot be loaded.
pub fn study_cases(study: &Study, role: Role) -> Result<Vec<TrainingCase>, ProjectError> {
    let cases = study.cases()?.into_iter().filter(|case| case.role == role && case.is_corrected);
    let load = |case: medley_project::CaseInfo| {
        let open = study.load_case(case.id)?;
        Ok(TrainingCase { name: case.name, image: Arc::new(open.volume), truth: Arc::new(open.mask), never_annotated: Vec::new() })
    };
    cases.map(load).collect()
}

/// What a case is for, in one word.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Training => "training",
        Role::Validation => "validation",
        Role::Unassigned => "unassigned",
    }
}
