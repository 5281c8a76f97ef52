//! Scans for tests: a bright ball in noise, always the same for a seed, and the real ones of the sample study.

use std::path::Path;
use std::sync::Arc;

use medley_nn::{Depth, HeadKind, Shortcut};
use medley_volume::glam::{DAffine3, DMat3, DVec3};
use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::augment::Augmentation;
use crate::recipe::PlanLimits;
use crate::{CaseSource, DataOptions, DeviceChoice, FineTuneSettings, FineTuneSpec, Keep, PretrainSettings, TrainingCase, WeightsSource};

/// Shape of [`ball`]'s scan.
pub(crate) const SHAPE: [usize; 3] = [24, 22, 16];

/// A ball of label 5 (and, as label 1 for other tests, its lower half) in an axis-aligned scan of 2 mm voxels.
pub(crate) fn ball(seed: u64) -> TrainingCase {
    case(seed, Grid::axis_aligned(SHAPE, [2.0; 3]).expect("a grid"))
}

/// The same kind of scan with its axes in another order, two of them flipped, and finer voxels along one.
pub(crate) fn flipped_ball(seed: u64) -> TrainingCase {
    let axes = DMat3::from_cols(DVec3::new(0.0, 0.0, -2.0), DVec3::new(-1.0, 0.0, 0.0), DVec3::new(0.0, 2.0, 0.0));
    let affine = DAffine3 { matrix3: axes, translation: DVec3::new(40.0, -10.0, 30.0) };
    case(seed, Grid::new([16, 46, 22], affine).expect("a grid"))
}

fn case(seed: u64, grid: Grid) -> TrainingCase {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let center = grid.center().0 + DVec3::new(rng.random_range(-8.0..8.0), rng.random_range(-8.0..8.0), rng.random_range(-3.0..3.0));
    let mut truth = LabelMap::empty(grid);
    let [ni, nj, _] = grid.shape();
    let values = (0..grid.len()).map(|offset| {
        let voxel = [offset % ni, offset / ni % nj, offset / (ni * nj)];
        let away = grid.ras_of(medley_volume::VoxelIndex(voxel)).0 - center;
        let is_inside = away.length() < 10.0;
        if is_inside {
            truth.set(offset, if away.z < 0.0 { 1 } else { 5 });
        }
        (if is_inside { 300 } else { 0 }) + rng.random_range(-60..60) + (if is_inside && away.z < 0.0 { 400 } else { 0 })
    });
    let voxels = Voxels::I16(values.collect());
    let image = Volume::new(grid, voxels, Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
    TrainingCase { name: format!("ball-{seed}"), image: Arc::new(image), truth: Arc::new(truth), never_annotated: Vec::new() }
}

/// Settings of a fine-tuning that takes a moment.
pub(crate) fn quick(steps: usize) -> FineTuneSettings {
    FineTuneSettings {
        steps,
        batch: 1,
        learning_rate: 1e-2,
        warm_up: 2,
        depth: Depth::R10,
        shortcut: Shortcut::B,
        base_width: 4,
        head: HeadKind::Skip,
        limits: PlanLimits { voxels_per_case: 10_000, voxels_per_patch: 16 * 16 * 16 },
        augmentation: Augmentation { turn_axial_deg: 5.0, ..Augmentation::none() },
        validate_every: 0,
        keep: Keep::Best,
        ..FineTuneSettings::default()
    }
}

/// Settings of a co-training that takes a moment.
pub(crate) fn quick_pretraining(steps: usize) -> PretrainSettings {
    let FineTuneSettings { batch, learning_rate, warm_up, depth, shortcut, base_width, head, limits, augmentation, .. } = quick(steps);
    PretrainSettings {
        steps,
        batch,
        learning_rate,
        warm_up,
        depth,
        shortcut,
        base_width,
        head,
        limits,
        augmentation,
        ..PretrainSettings::default()
    }
}

/// A fine-tuning on the CPU of both labels.
pub(crate) fn fine_tuning(cases: Box<dyn CaseSource>, settings: FineTuneSettings, output: &Path) -> FineTuneSpec {
    FineTuneSpec {
        cases,
        labels: vec![(5, "upper half".to_owned()), (1, "lower half".to_owned())],
        weights: WeightsSource::Scratch,
        settings,
        device: DeviceChoice::Cpu,
        output: output.to_owned(),
        data: DataOptions::default(),
    }
}

/// A scan of the sample study and its mask: `patient_a_lower`, `patient_a_upper` or `patient_b`.
pub(crate) fn sample(patient: &str) -> (Volume, LabelMap) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/sample");
    let scan = medley_io::open_volume(&folder.join(format!("{patient}_ct.nii.gz"))).expect("a scan").volume;
    let mask = medley_io::open_labels(&folder.join(format!("{patient}_organs5.nii.gz"))).expect("a mask").labels;
    (scan, mask)
}
