//! A case by itself.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use medley_io::IoError;
use medley_volume::{Grid, LabelMap, LabelVoxels, Quantity, Volume, with_voxels};
use sha2::{Digest, Sha256};

use super::{CaseFacts, Problem, ProblemKind, Severity};
use crate::ProjectError;
use crate::dataset::{DataSetCase, LoadedCase};
use crate::files::hex;

/// What the set says of all cases.
pub(super) struct Looker<'a> {
    pub named: BTreeSet<u16>,
    pub quantity: Option<Quantity>,
    pub stop: &'a AtomicBool,
}

/// What was seen in a case.
pub(super) struct Looked {
    pub facts: CaseFacts,
    pub problems: Vec<Problem>,
    /// SHA-256 of the mask's labels.
    pub mask: Option<[u8; 32]>,
    pub is_blank: bool,
}

impl Looked {
    fn new(case: &DataSetCase) -> Self {
        let facts = CaseFacts {
            name: case.name.clone(),
            role: case.role,
            is_usable: true,
            shape: None,
            spacing_mm: None,
            quantity: None,
            labels: None,
            content: None,
            patient: case.patient.clone(),
            patient_group: 0,
        };
        Self { facts, problems: Vec::new(), mask: None, is_blank: false }
    }

    fn add(&mut self, kind: ProblemKind, severity: Severity, what: String) {
        let cases = vec![self.facts.name.clone()];
        self.problems.push(Problem { kind, severity, cases, others: Vec::new(), what });
    }

    fn error(&mut self, kind: ProblemKind, what: String) {
        self.add(kind, Severity::Error, what);
    }

    fn warn(&mut self, kind: ProblemKind, what: String) {
        self.add(kind, Severity::Warning, what);
    }

    /// Says if a file is not there; whether it is.
    fn require(&mut self, path: &Path) -> bool {
        let is_there = path.is_file();
        if !is_there {
            self.error(
                ProblemKind::MissingFile,
                format!("{} is not there, or is no file; put it there or take the case out.", path.display()),
            );
        }
        is_there
    }

    fn unreadable(&mut self, error: &IoError) {
        let kind = if matches!(error, IoError::NotLabels { .. }) { ProblemKind::NotLabels } else { ProblemKind::UnreadableFile };
        self.error(kind, format!("{error}."));
    }

    fn notices(&mut self, notices: Vec<String>) {
        notices.into_iter().for_each(|notice| self.warn(ProblemKind::Reading, notice));
    }
}

impl Looker<'_> {
    /// Looks at the files of a case. Scan and mask are never in memory together.
    pub fn at_files(&self, case: &DataSetCase) -> Looked {
        let mut looked = Looked::new(case);
        // A folder may hold DICOM files.
        let is_there = case.image.is_dir() || looked.require(&case.image);
        let watch = |_: f64| if self.stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let grid = is_there.then(|| medley_io::open_volume_watched(&case.image, &watch)).and_then(|opened| match opened {
            Ok(opened) => {
                looked.notices(opened.notices);
                self.at_scan(&mut looked, &opened.volume, &case.image);
                Some(*opened.volume.grid())
            }
            Err(error) => {
                looked.unreadable(&error);
                None
            }
        });
        let Some(path) = &case.label else { return looked };
        let is_scan = *path == case.image || path.canonicalize().is_ok_and(|mask| case.image.canonicalize().is_ok_and(|scan| scan == mask));
        if is_scan && is_there {
            let what = format!("{} is named as a scan and as its own mask; name the right file.", path.display());
            looked.error(ProblemKind::MaskIsScan, what);
        } else if looked.require(path) {
            match medley_io::open_labels(path) {
                Ok(opened) => {
                    looked.notices(opened.notices);
                    self.at_mask(&mut looked, &opened.labels, grid.as_ref(), path);
                }
                Err(error) => looked.unreadable(&error),
            }
        }
        looked
    }

    /// Looks at a case that was loaded.
    pub fn at_loaded(&self, case: &DataSetCase, loaded: Result<LoadedCase, ProjectError>) -> Looked {
        let mut looked = Looked::new(case);
        match loaded {
            Ok(loaded) => {
                looked.notices(loaded.notices);
                self.at_scan(&mut looked, &loaded.volume, &case.image);
                if let Some(labels) = &loaded.labels {
                    let path = case.label.as_deref().unwrap_or(&case.image);
                    self.at_mask(&mut looked, labels, Some(loaded.volume.grid()), path);
                }
            }
            Err(error) => {
                let kind = match &error {
                    ProjectError::MissingImage { .. } => ProblemKind::MissingFile,
                    ProjectError::MaskGrid { .. } | ProjectError::ImageReplaced { .. } => ProblemKind::OtherGrid,
                    _ => ProblemKind::UnreadableFile,
                };
                looked.error(kind, format!("{error}."));
            }
        }
        looked
    }

    fn at_scan(&self, looked: &mut Looked, volume: &Volume, path: &Path) {
        let shown = path.display();
        let summary = volume.summary();
        looked.facts.shape = Some(volume.grid().shape());
        looked.facts.spacing_mm = Some(volume.grid().spacing());
        looked.facts.quantity = Some(volume.quantity());
        looked.facts.content = Some(hex(&content(volume)));
        let broken = volume.grid().len() - summary.finite;
        looked.is_blank = summary.min == summary.max;
        match (summary.finite, broken) {
            (0, _) => looked.error(ProblemKind::NonFinite, format!("{shown} holds no number at all; export the scan again.")),
            (_, 0) => {}
            _ => looked.warn(
                ProblemKind::NonFinite,
                format!("{shown} has {broken} voxels that are no finite numbers; they are read as the scan's smallest value."),
            ),
        }
        if looked.is_blank && summary.finite > 0 {
            looked.warn(ProblemKind::Blank, format!("{shown} has the same value everywhere; look at the scan."));
        }
        let what = match (self.quantity, volume.quantity()) {
            (Some(Quantity::Hounsfield), _) if summary.min >= 0.0 && !looked.is_blank => {
                "is said to be CT, but holds no value below 0: the rescaling to Hounsfield units may be lost; export it again"
            }
            (Some(Quantity::Arbitrary), Quantity::Hounsfield) => "is not said to be CT, but looks like it; check the list's modality",
            _ => return,
        };
        looked.warn(ProblemKind::MixedQuantities, format!("{shown} {what}."));
    }

    fn at_mask(&self, looked: &mut Looked, labels: &LabelMap, grid: Option<&Grid>, path: &Path) {
        let shown = path.display();
        let held: Vec<u16> = labels.counts().into_keys().filter(|&value| value != 0).collect();
        looked.mask = Some(mask_content(labels));
        if let Some(grid) = grid
            && let Some(how) = difference(grid, labels.grid())
        {
            let what = format!("The mask {shown} does not lie on the scan's grid: {how}; resample it onto the scan first.");
            looked.error(ProblemKind::OtherGrid, what);
        }
        if held.is_empty() {
            looked.warn(ProblemKind::EmptyMask, format!("The mask {shown} is empty; check that nothing is to be found in its scan."));
        }
        let unnamed: Vec<String> = held.iter().filter(|value| !self.named.contains(value)).map(u16::to_string).collect();
        if !self.named.is_empty() && !unnamed.is_empty() {
            let values = crate::dataset::walk::some(&unnamed);
            let what = format!("The mask {shown} holds labels the data set does not name: {values}; name them, or correct the mask.");
            looked.warn(ProblemKind::UnnamedLabels, what);
        }
        looked.facts.labels = Some(held);
    }
}

/// How a mask's grid differs from its scan's; `None` if it does not. What is told first is what explains the rest.
fn difference(scan: &Grid, mask: &Grid) -> Option<String> {
    if scan.is_same_as(mask, 1e-3) {
        return None;
    }
    let times = |[i, j, k]: [usize; 3]| format!("{i}×{j}×{k}");
    let (of_scan, of_mask) = (scan.shape(), mask.shape());
    if of_scan != of_mask {
        // In vectors: rustc 1.95 lets a closure that sorts its own copy of an array sort the caller's too.
        let sorted = |shape: [usize; 3]| {
            let mut shape = shape.to_vec();
            shape.sort_unstable();
            shape
        };
        let hint = if sorted(of_scan) == sorted(of_mask) { ", as if its axes were in another order" } else { "" };
        return Some(format!("it has {} voxels and the scan {}{hint}", times(of_mask), times(of_scan)));
    }
    let (wanted, found) = (scan.axes().codes(), mask.axes().codes());
    if wanted != found {
        return Some(format!("its axes run {found} and the scan's {wanted}"));
    }
    let (wanted, found) = (scan.spacing(), mask.spacing());
    if wanted.iter().zip(found).any(|(a, b)| (a - b).abs() > 1e-3 * a.abs()) {
        let shown = |[x, y, z]: [f64; 3]| format!("{x:.3}×{y:.3}×{z:.3} mm");
        return Some(format!("its voxels measure {} and the scan's {}", shown(found), shown(wanted)));
    }
    let distance = |voxel| (scan.ras_from_voxel().transform_point3(voxel) - mask.ras_from_voxel().transform_point3(voxel)).length();
    let last = of_scan.map(|count| count.saturating_sub(1) as f64);
    let (first, last) = (distance([0.0; 3].into()), distance(last.into()));
    if (first - last).abs() <= 0.1 * first.max(last) {
        return Some(format!("it lies {first:.2} mm away"));
    }
    Some(format!("it is turned or sheared: the first voxels lie {first:.2} mm apart, the last {last:.2} mm"))
}

/// SHA-256 of shape and values. Values are compared as 32-bit floats, so that it does not matter how they are stored.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
fn content(volume: &Volume) -> [u8; 32] {
    const BLOCK: usize = 1 << 14;
    let scaling = volume.scaling();
    let mut hash = Sha256::new();
    volume.grid().shape().iter().for_each(|&count| hash.update((count as u64).to_le_bytes()));
    let mut bytes = Vec::with_capacity(4 * BLOCK);
    with_voxels!(volume.voxels(), stored => for block in stored.chunks(BLOCK) {
        bytes.clear();
        for &stored in block {
            // `+ 0.0` makes of the negative zero the other one.
            let value = scaling.apply(stored as f64) as f32 + 0.0;
            let value = if value.is_nan() { f32::NAN } else { value };
            bytes.extend_from_slice(&value.to_le_bytes());
        }
        hash.update(&bytes);
    });
    hash.finalize().into()
}

fn mask_content(labels: &LabelMap) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |values: &mut dyn Iterator<Item = u16>| {
        let mut bytes = Vec::with_capacity(1 << 15);
        for value in values {
            bytes.extend_from_slice(&value.to_le_bytes());
            if bytes.len() >= 1 << 15 {
                hash.update(&bytes);
                bytes.clear();
            }
        }
        hash.update(&bytes);
    };
    match labels.voxels() {
        LabelVoxels::U8(values) => add(&mut values.iter().map(|&value| u16::from(value))),
        LabelVoxels::U16(values) => add(&mut values.iter().copied()),
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use medley_volume::glam::{DAffine3, DVec3};
    use medley_volume::{Scaling, Voxels};

    use super::*;

    fn volume(voxels: Voxels, scaling: Scaling) -> Volume {
        let grid = Grid::axis_aligned([voxels.len(), 1, 1], [1.0; 3]).expect("a grid");
        Volume::new(grid, voxels, scaling, Quantity::Arbitrary).expect("fits")
    }

    #[test]
    fn content_is_of_values_not_of_their_storage() {
        let scaling = Scaling { slope: 2.0, intercept: -10.0 };
        let plain = content(&volume(Voxels::I16(vec![-10, 0, 4]), Scaling::IDENTITY));
        assert_eq!(content(&volume(Voxels::F32(vec![-10.0, -0.0, 4.0]), Scaling::IDENTITY)), plain);
        assert_eq!(content(&volume(Voxels::U8(vec![0, 5, 7]), scaling)), plain);
        assert_eq!(content(&volume(Voxels::F64(vec![-10.0, -1e-300, 4.0]), Scaling::IDENTITY)), plain);
        assert_ne!(content(&volume(Voxels::I16(vec![-10, 4, 0]), Scaling::IDENTITY)), plain);
        assert_ne!(content(&volume(Voxels::I16(vec![-10, 0]), Scaling::IDENTITY)), plain);
    }

    #[test]
    fn the_difference_of_grids_is_told_by_its_cause() {
        let grid = |shape, scale: [f64; 3], at: [f64; 3], turn: f64| {
            let affine = DAffine3::from_translation(at.into()) * DAffine3::from_rotation_z(turn) * DAffine3::from_scale(DVec3::from(scale));
            Grid::new(shape, affine).expect("a grid")
        };
        let scan = grid([10, 8, 6], [1.0, 1.0, 2.0], [0.0; 3], 0.0);
        let others = [
            (grid([10, 8, 5], [1.0, 1.0, 2.0], [0.0; 3], 0.0), "it has 10×8×5 voxels and the scan 10×8×6"),
            (grid([6, 8, 10], [1.0, 1.0, 2.0], [0.0; 3], 0.0), "as if its axes were in another order"),
            (grid([10, 8, 6], [-1.0, 1.0, 2.0], [0.0; 3], 0.0), "its axes run LAS and the scan's RAS"),
            (grid([10, 8, 6], [1.0, 1.0, 3.0], [0.0; 3], 0.0), "1.000×1.000×3.000 mm and the scan's 1.000×1.000×2.000 mm"),
            (grid([10, 8, 6], [1.0, 1.0, 2.0], [3.0, 4.0, 0.0], 0.0), "it lies 5.00 mm away"),
            (grid([10, 8, 6], [1.0, 1.0, 2.0], [0.0; 3], 0.2), "it is turned or sheared"),
        ];
        for (other, how) in others {
            let told = difference(&scan, &other).expect("another grid");
            assert!(told.contains(how), "{told}");
        }
        assert_eq!(difference(&scan, &grid([10, 8, 6], [1.0, 1.0, 2.0], [1e-5; 3], 0.0)), None);
    }
}
