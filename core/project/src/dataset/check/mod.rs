//! Does a data set fit together? Every case is opened once, and what does not fit is reported.
//!
//! `one.rs` looks at a case by itself, `whole.rs` compares cases with each other.

mod one;
mod whole;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use medley_volume::Quantity;
use serde::Serialize;

use self::one::{Looked, Looker};
use super::{DataSet, DataSetCase};
use crate::{ProjectError, Role};

/// Each holds one scan at a time, so this bounds the memory too.
const MOST_THREADS: usize = 8;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The cases can be used; somebody should look at them.
    Warning,
    /// The cases cannot be used as they are.
    Error,
}

/// What does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// A file is not there, or is no file.
    MissingFile,
    /// A file cannot be read as a scan or a mask.
    UnreadableFile,
    /// Something the reader of a file had to say.
    Reading,
    /// The scan's own file is named as its mask.
    MaskIsScan,
    /// The mask does not lie on the scan's grid.
    OtherGrid,
    /// The mask holds values that are no labels.
    NotLabels,
    /// The mask holds labels that the data set does not name.
    UnnamedLabels,
    /// The data set names labels that no mask holds.
    UnusedLabels,
    /// The mask holds background only.
    EmptyMask,
    /// Two cases have the same scan.
    Duplicate,
    /// A patient is learned from and measured on.
    PatientInTwoSplits,
    /// The same scan is said to be of two patients.
    TwoPatients,
    /// CT among other scans, or the other way round.
    MixedQuantities,
    /// Voxels of another size than the other scans'.
    UnusualSpacing,
    /// Voxels that are no numbers, or infinite.
    NonFinite,
    /// The scan has one value everywhere.
    Blank,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// How bad it is for `cases`.
    pub severity: Severity,
    /// Names of the cases it is a problem of; empty if it is one of the whole set.
    pub cases: Vec<String>,
    /// Names of cases that are involved and can be used nevertheless, such as the first of two with the same scan.
    pub others: Vec<String>,
    /// A sentence: what, where, what to do.
    pub what: String,
}

/// What was found out about a case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseFacts {
    /// Its name.
    pub name: String,
    /// What it is used for.
    pub role: Role,
    /// Whether no error speaks against using it.
    pub is_usable: bool,
    /// Voxels along `i`, `j`, `k`; `None` if the scan could not be read.
    pub shape: Option<[usize; 3]>,
    /// Millimetres between voxels.
    pub spacing_mm: Option<[f64; 3]>,
    /// What the scan's values look like, whatever the list says.
    pub quantity: Option<Quantity>,
    /// Labels its mask holds, background aside; `None` if it has no mask that can be read.
    pub labels: Option<Vec<u16>>,
    /// SHA-256 of the scan's shape and values (as 32-bit floats), in hexadecimal: the same however the scan is stored.
    pub content: Option<String>,
    /// Whose scan it is: the case's own, or that of a case with the same scan.
    pub patient: Option<String>,
    /// Cases with one number are known to be of one patient.
    pub patient_group: usize,
}

/// What was found out about a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SetReport {
    /// The set's name.
    pub name: String,
    /// What was found out about its cases, in the set's order.
    pub cases: Vec<CaseFacts>,
    /// How many masks hold each label, background aside.
    pub labels: BTreeMap<u16, usize>,
    /// What does not fit: errors first.
    pub problems: Vec<Problem>,
}

impl SetReport {
    /// The names of the cases without errors, in the set's order.
    #[must_use]
    pub fn usable(&self) -> Vec<&str> {
        self.cases.iter().filter(|case| case.is_usable).map(|case| case.name.as_str()).collect()
    }

    /// The errors.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error)
    }

    /// The warnings.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Warning)
    }

    /// Names of cases by patient: those in one list belong into one role. A case of which nothing is known is alone.
    #[must_use]
    pub fn patients(&self) -> Vec<Vec<&str>> {
        let mut groups: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
        self.cases.iter().for_each(|case| groups.entry(case.patient_group).or_default().push(&case.name));
        groups.into_values().collect()
    }
}

impl DataSet {
    /// Opens every case and reports what does not fit. `progress` is told, on this thread, how many cases are done of how many;
    /// checking stops when it returns `false`.
    ///
    /// Files are read by several threads, each of which holds one scan or mask at a time. A study's cases are opened as
    /// [`DataSet::load`] does, one after the other.
    ///
    /// # Errors
    /// Only if it was stopped: whatever is wrong with a case is in the report.
    pub fn check(&self, progress: &dyn Fn(usize, usize) -> bool) -> Result<SetReport, ProjectError> {
        let all = self.cases.len();
        let stopped = || ProjectError::CheckStopped(self.name.clone());
        if !progress(0, all) {
            return Err(stopped());
        }
        let named = self.label_table.labels().iter().map(|label| label.value).collect();
        let stop = AtomicBool::new(false);
        let looker = Looker { named, quantity: self.quantity, stop: &stop };
        let mut looked: Vec<Option<Looked>> = Vec::new();
        looked.resize_with(all, || None);
        if self.study.is_some() {
            for (number, case) in self.cases.iter().enumerate() {
                looked[number] = Some(looker.at_loaded(case, self.load(case)));
                if !progress(number + 1, all) {
                    return Err(stopped());
                }
            }
        } else {
            let mut done = 0;
            in_parallel(&self.cases, &looker, |number, found| {
                looked[number] = Some(found);
                done += 1;
                if !progress(done, all) {
                    stop.store(true, Ordering::Relaxed);
                }
            });
            if stop.load(Ordering::Relaxed) {
                return Err(stopped());
            }
        }
        Ok(whole::report(self, looked.into_iter().flatten().collect()))
    }

    /// The cases that a report found no errors in.
    #[must_use]
    pub fn usable(&self, report: &SetReport) -> Vec<&DataSetCase> {
        let usable: HashSet<&str> = report.usable().into_iter().collect();
        self.cases.iter().filter(|case| usable.contains(case.name.as_str())).collect()
    }

    /// Takes over what a check has found out: cases with errors leave the list, with a notice; cases with the same scan have one
    /// patient; labels without names are numbered. Nothing changes on the disk.
    pub fn adopt(&mut self, report: &SetReport) {
        let facts: BTreeMap<&str, &CaseFacts> = report.cases.iter().map(|facts| (facts.name.as_str(), facts)).collect();
        let mut of_group: BTreeMap<usize, Vec<&CaseFacts>> = BTreeMap::new();
        report.cases.iter().for_each(|facts| of_group.entry(facts.patient_group).or_default().push(facts));
        let before = self.cases.len();
        self.cases.retain(|case| facts.get(case.name.as_str()).is_none_or(|facts| facts.is_usable));
        for case in self.cases.iter_mut().filter(|case| case.patient.is_none()) {
            let Some(facts) = facts.get(case.name.as_str()) else { continue };
            let group = of_group.get(&facts.patient_group).map_or(&[][..], Vec::as_slice);
            case.patient = match (&facts.patient, group) {
                (Some(patient), _) => Some(patient.clone()),
                (None, [first, _, ..]) => Some(format!("patient of {}", first.name)),
                (None, _) => None,
            };
        }
        if self.label_table.labels().is_empty() {
            self.label_table.add_unknown(report.labels.keys().copied());
        }
        let left_out = before - self.cases.len();
        if left_out > 0 {
            self.notices.push(format!("{left_out} of {before} cases cannot be used and were left out; check the data set to see why."));
        }
    }
}

/// Looks at all cases and calls `take` on this thread with each number and what was found. Threads of our own, because a thread
/// of rayon's that waits for a part of its work takes up another case meanwhile, and then holds two scans.
fn in_parallel(cases: &[DataSetCase], looker: &Looker, mut take: impl FnMut(usize, Looked)) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS).min(cases.len());
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while !looker.stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(number) else { break };
                    if sender.send((number, looker.at_files(case))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        receiver.into_iter().for_each(|(number, found)| take(number, found));
    });
}
