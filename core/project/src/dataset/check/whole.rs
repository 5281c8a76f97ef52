//! Cases compared with each other.

use std::collections::{BTreeMap, HashMap, HashSet};

use medley_volume::Quantity;

use super::one::Looked;
use super::{CaseFacts, Problem, ProblemKind, SetReport, Severity};
use crate::Role;
use crate::dataset::DataSet;
use crate::dataset::walk::some;

/// How many times the usual spacing is unusual. Slices of 1 and of 3 mm are common in one set.
const UNUSUAL: f64 = 4.0;

/// The report of a set whose cases were looked at, in the set's order.
pub(super) fn report(set: &DataSet, mut looked: Vec<Looked>) -> SetReport {
    let mut problems: Vec<Problem> = looked.iter_mut().flat_map(|looked| std::mem::take(&mut looked.problems)).collect();
    let mut labels = BTreeMap::new();
    looked.iter().filter_map(|looked| looked.facts.labels.as_ref()).flatten().for_each(|&value| *labels.entry(value).or_default() += 1);
    problems.extend(unused_labels(set, &looked, &labels));
    problems.extend(mixed_quantities(set, &looked));
    problems.extend(unusual_spacing(&looked));
    let copies = copies(&looked);
    duplicates(&looked, &copies, &mut problems);
    patients(&mut looked, &copies, &mut problems);
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let faulty: HashSet<&str> = problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .flat_map(|problem| &problem.cases)
        .map(String::as_str)
        .collect();
    let with_verdict = |looked: Looked| CaseFacts { is_usable: !faulty.contains(looked.facts.name.as_str()), ..looked.facts };
    let cases = looked.into_iter().map(with_verdict).collect();
    SetReport { name: set.name.clone(), cases, labels, problems }
}

fn names(looked: &[Looked], numbers: &[usize]) -> Vec<String> {
    numbers.iter().filter_map(|&number| looked.get(number)).map(|looked| looked.facts.name.clone()).collect()
}

fn unused_labels(set: &DataSet, looked: &[Looked], labels: &BTreeMap<u16, usize>) -> Option<Problem> {
    let named = set.label_table.labels().iter().filter(|label| !labels.contains_key(&label.value));
    let unused: Vec<String> = named.map(|label| format!("{} ({})", label.value, label.name)).collect();
    let has_masks = looked.iter().any(|looked| looked.facts.labels.is_some());
    (has_masks && !unused.is_empty()).then(|| Problem {
        kind: ProblemKind::UnusedLabels,
        severity: Severity::Warning,
        cases: Vec::new(),
        others: Vec::new(),
        what: format!(
            "The data set names {} labels that no mask holds: {}; nothing can be learned of them.",
            unused.len(),
            crate::dataset::json::plain(&some(&unused))
        ),
    })
}

/// CT among others, where the set does not say what it holds.
fn mixed_quantities(set: &DataSet, looked: &[Looked]) -> Option<Problem> {
    let of = |quantity| (0..looked.len()).filter(|&number| looked[number].facts.quantity == Some(quantity)).collect::<Vec<usize>>();
    let (ct, others) = (of(Quantity::Hounsfield), of(Quantity::Arbitrary));
    if set.quantity.is_some() || ct.is_empty() || others.is_empty() {
        return None;
    }
    let (few, what) = if ct.len() <= others.len() {
        (ct, "look like CT and the others do not")
    } else {
        (others, "do not look like CT and the others do")
    };
    let cases = names(looked, &few);
    let what = format!("{} of {} scans {what}: {}; check that they belong into one set.", few.len(), looked.len(), some(&cases));
    Some(Problem { kind: ProblemKind::MixedQuantities, severity: Severity::Warning, cases, others: Vec::new(), what })
}

/// Scans whose voxels are of another size than most. Axes are compared from the finest to the coarsest, however they lie.
fn unusual_spacing(looked: &[Looked]) -> Vec<Problem> {
    let spacings: Vec<(usize, [f64; 3])> = (0..looked.len())
        .filter_map(|number| {
            let mut spacing = looked[number].facts.spacing_mm?;
            spacing.sort_by(f64::total_cmp);
            Some((number, spacing))
        })
        .collect();
    if spacings.len() < 3 {
        return Vec::new();
    }
    let middle: [f64; 3] = std::array::from_fn(|axis| {
        let mut all: Vec<f64> = spacings.iter().map(|(_, spacing)| spacing[axis]).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    });
    let shown = |[x, y, z]: [f64; 3]| format!("{x:.2}×{y:.2}×{z:.2} mm");
    let is_unusual = |spacing: &[f64; 3]| spacing.iter().zip(middle).any(|(a, b)| a / b > UNUSUAL || b / a > UNUSUAL);
    let problem = |(number, spacing): &(usize, [f64; 3])| Problem {
        kind: ProblemKind::UnusualSpacing,
        severity: Severity::Warning,
        cases: names(looked, &[*number]),
        others: Vec::new(),
        what: format!(
            "The voxels of {} measure {}, but {} is usual in the data set; check the unit and that the scan belongs into it.",
            looked[*number].facts.name,
            shown(*spacing),
            shown(middle)
        ),
    };
    spacings.iter().filter(|(_, spacing)| is_unusual(spacing)).map(problem).collect()
}

/// Groups of cases with the same scan, each of at least two. Scans with one value everywhere tell nothing.
fn copies(looked: &[Looked]) -> Vec<Vec<usize>> {
    let mut by_content: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, looked) in looked.iter().enumerate().filter(|(_, looked)| !looked.is_blank) {
        if let Some(content) = &looked.facts.content {
            by_content.entry(content).or_default().push(number);
        }
    }
    let mut groups: Vec<Vec<usize>> = by_content.into_values().filter(|group| group.len() > 1).collect();
    groups.sort();
    groups
}

fn duplicates(looked: &[Looked], copies: &[Vec<usize>], problems: &mut Vec<Problem>) {
    let mut add = |severity, cases: &[usize], others: &[usize], what: &dyn Fn(String, String) -> String| {
        let (cases, others) = (names(looked, cases), names(looked, others));
        let what = what(some(&cases), some(&others));
        problems.push(Problem { kind: ProblemKind::Duplicate, severity, cases, others, what });
    };
    for group in copies {
        let of = |role| group.iter().copied().filter(|&number| looked[number].facts.role == role).collect::<Vec<usize>>();
        let (training, validation, unassigned) = (of(Role::Training), of(Role::Validation), of(Role::Unassigned));
        if !training.is_empty() && !validation.is_empty() {
            add(Severity::Error, &validation, &training, &|cases, others| {
                format!(
                    "{cases} for validation and {others} for training are the same scan: what is measured on it says nothing; keep one."
                )
            });
        }
        for same in [&training, &validation] {
            let (with, without): (Vec<usize>, Vec<usize>) = same.iter().partition(|&&number| looked[number].mask.is_some());
            let is_one_mask = with.windows(2).all(|pair| looked[pair[0]].mask == looked[pair[1]].mask);
            if !is_one_mask {
                add(Severity::Error, &with, &[], &|cases, _| {
                    format!("{cases} are the same scan with different masks; keep the right one.")
                });
            }
            let ranked: Vec<usize> = with.iter().copied().filter(|_| is_one_mask).chain(without).collect();
            let (kept, left) = if is_one_mask { ranked.split_at(ranked.len().min(1)) } else { (&with[..], &ranked[..]) };
            if !left.is_empty() && !kept.is_empty() {
                add(Severity::Error, left, kept, &|cases, others| format!("{cases} and {others} are the same scan; take all but one out."));
            }
        }
        if !unassigned.is_empty() {
            let rest: Vec<usize> = group.iter().copied().filter(|number| !unassigned.contains(number)).collect();
            add(Severity::Warning, &unassigned, &rest, &|cases, others| match others.is_empty() {
                true => format!("{cases} are the same scan."),
                false => format!("{cases} and {others} are the same scan."),
            });
        }
    }
}

/// Finds out which cases are of one patient, and says if one is learned from and measured on.
fn patients(looked: &mut [Looked], copies: &[Vec<usize>], problems: &mut Vec<Problem>) {
    let mut group_of: Vec<usize> = (0..looked.len()).collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, looked) in looked.iter().enumerate() {
        if let Some(patient) = &looked.facts.patient {
            by_name.entry(patient).or_default().push(number);
        }
    }
    for same in by_name.values().chain(copies) {
        same.iter().skip(1).for_each(|&other| join(&mut group_of, same[0], other));
    }
    let group_of: Vec<usize> = (0..looked.len()).map(|number| first(&group_of, number)).collect();
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    group_of.iter().enumerate().for_each(|(number, &group)| groups.entry(group).or_default().push(number));
    let copied: HashMap<usize, &Vec<usize>> = copies.iter().flat_map(|same| same.iter().map(move |&number| (number, same))).collect();
    for (number, (_, group)) in groups.iter().enumerate() {
        let mut known: Vec<String> = group.iter().filter_map(|&case| looked[case].facts.patient.clone()).collect();
        known.sort();
        known.dedup();
        if known.len() > 1 {
            let cases = names(looked, group);
            let what = format!(
                "{} have scans in common, but are said to be of different patients ({}); check who it is.",
                some(&cases),
                some(&known)
            );
            problems.push(Problem { kind: ProblemKind::TwoPatients, severity: Severity::Warning, cases, others: Vec::new(), what });
        }
        let is = |case: usize, role| looked[case].facts.role == role;
        let training: Vec<usize> = group.iter().copied().filter(|&case| is(case, Role::Training)).collect();
        // A scan that is itself in both has been told of already.
        let is_told = |case: usize| copied.get(&case).is_some_and(|same| same.iter().any(|&other| is(other, Role::Training)));
        let validation: Vec<usize> = group.iter().copied().filter(|&case| is(case, Role::Validation) && !is_told(case)).collect();
        if !training.is_empty() && !validation.is_empty() {
            let (cases, others) = (names(looked, &validation), names(looked, &training));
            let what = format!(
                "{} for validation and {} for training are of one patient: what is measured is too good; put them into one part.",
                some(&cases),
                some(&others)
            );
            problems.push(Problem { kind: ProblemKind::PatientInTwoSplits, severity: Severity::Error, cases, others, what });
        }
        for &case in group {
            looked[case].facts.patient_group = number;
            if let [patient] = &known[..] {
                looked[case].facts.patient = Some(patient.clone());
            }
        }
    }
}

/// The number that stands for a case's group.
fn first(group_of: &[usize], mut number: usize) -> usize {
    while group_of[number] != number {
        number = group_of[number];
    }
    number
}

fn join(group_of: &mut [usize], one: usize, other: usize) {
    let (one, other) = (first(group_of, one), first(group_of, other));
    group_of[one.max(other)] = one.min(other);
}
