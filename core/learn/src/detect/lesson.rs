//! Patches, loss and measurement of a detection.

use burn::tensor::{Device, Tensor};
use medley_nn::detect::{Detection, Object, TargetMaps, mean_average_precision, sensitivity_at};
use medley_nn::loss::detection_loss;
use medley_nn::{DetectionNetwork, Encoder, WayBack};

use super::DetectSettings;
use super::objects::{boxes_in, in_patch, objects_of, prepare_objects};
use super::search::search;
use crate::card::{CardLabel, CardSet, short};
use crate::device::OpenDevice;
use crate::finetune::{card_set, planned};
use crate::lesson::Lesson;
use crate::looked_for::LookedFor;
use crate::prepare::{Prepared, PreparedCase, prepare};
use crate::sample::{Batch, Place, Sampler};
use crate::sides::Sides;
use crate::task::{BoxScores, Measurement, PrecisionAt, TaskScores};
use crate::{Control, LearnError, Recipe, TrainingCase};

/// Boxes this unsure still count when precision is measured: it is an area under a curve over all scores.
const LEAST_SCORE_MEASURED: f64 = 0.02;

/// Intersections over union at which precision is measured.
const THRESHOLDS: [f64; 3] = [0.1, 0.3, 0.5];

/// A scan to measure on, and its objects there.
struct MeasuredScan {
    scan: Prepared,
    objects: Vec<Object>,
}

/// Cases made ready.
pub(super) struct Ready {
    pub(super) recipe: Recipe,
    training: Vec<PreparedCase>,
    /// Objects of each training case.
    objects: Vec<Vec<Object>>,
    looked_for: LookedFor,
    sides: Sides,
    validation: Vec<MeasuredScan>,
    /// What was looked for in the validation scans.
    measured_for: LookedFor,
}

impl Ready {
    /// Prepares all cases and lets go of the scans they came from.
    pub(super) fn new(
        training: Vec<TrainingCase>,
        validation: Vec<TrainingCase>,
        labels: &[CardLabel],
        settings: &DetectSettings,
        control: &Control,
    ) -> Result<(Self, CardSet), LearnError> {
        let set = card_set(String::new(), &training, &validation)?;
        let recipe = planned(&training, &validation, None, &settings.training)?;
        let first = training.first().map(|case| case.name.clone()).unwrap_or_default();
        let sides = Sides::new(&settings.training.label_pairs, labels)?;
        let looked_for = LookedFor::new(labels, &settings.training.never_annotated, &training)?.with_sides(sides.clone());
        if let Some(label) = looked_for.class_of_nobody().and_then(|class| labels.get(class)) {
            let name = &label.name;
            return Err(LearnError::Setting(format!(
                "nobody looked for the label “{name}” in any case: there is nothing to learn it from"
            )));
        }
        let measured_for = LookedFor::new(labels, &[], &validation)?;
        let mut ready = Self { recipe, training: Vec::new(), objects: Vec::new(), looked_for, sides, measured_for, validation: Vec::new() };
        for case in training {
            control.check()?;
            let found = objects_of(&case.truth, labels, settings.least_voxels);
            let prepared = prepare_objects(&case, &found, &ready.recipe)?;
            ready.objects.push(boxes_in(&prepared.scan, &found, labels));
            ready.training.push(prepared);
        }
        if ready.objects.iter().all(Vec::is_empty) {
            return Err(LearnError::NothingToLearn { case: first });
        }
        for case in validation {
            control.check()?;
            let same = case.image.grid().require_same(case.truth.grid());
            same.map_err(|source| LearnError::CaseGrid { case: case.name.clone(), source })?;
            let scan = prepare(&case.image, &ready.recipe)?;
            let objects = boxes_in(&scan, &objects_of(&case.truth, labels, settings.least_voxels), labels);
            ready.validation.push(MeasuredScan { scan, objects });
        }
        Ok((ready, set))
    }
}

/// A detection in the making.
pub(super) struct BoxLesson<'a> {
    cases: &'a Ready,
    sampler: Sampler<'a>,
    classes: usize,
    settings: &'a DetectSettings,
}

impl<'a> BoxLesson<'a> {
    pub(super) fn new(cases: &'a Ready, classes: usize, settings: &'a DetectSettings) -> Self {
        let training = &settings.training;
        let sampler = Sampler::new(&cases.training, &cases.recipe, training.foreground, training.augmentation, training.seed);
        let sampler = sampler.with_sides(cases.sides.clone());
        Self { cases, sampler, classes, settings }
    }

    /// The objects in a patch; in a mirror those of the left are those of the right.
    fn objects_in(&self, place: &Place) -> Vec<Object> {
        let mut objects = in_patch(&self.cases.objects[place.case], place, self.cases.recipe.patch);
        if place.warp.is_mirrored() {
            objects.iter_mut().for_each(|object| object.class = self.cases.sides.other(object.class + 1) - 1);
        }
        objects
    }
}

impl Lesson for BoxLesson<'_> {
    type Network = DetectionNetwork;
    type Measured = Measurement;
    type Input = (Batch, Vec<Place>);

    fn encoder(network: &Self::Network) -> &Encoder {
        &network.encoder
    }

    fn with_encoder(mut network: Self::Network, change: impl FnOnce(Encoder) -> Encoder) -> Self::Network {
        network.encoder = change(network.encoder);
        network
    }

    fn cases(&self) -> usize {
        self.cases.training.len()
    }

    fn input(&self, step: usize) -> Self::Input {
        self.sampler.batch_with_places(step as u64, self.settings.training.batch)
    }

    fn loss(&self, network: &Self::Network, (batch, places): Self::Input, _step: usize, device: &Device) -> (Tensor<1>, Option<WayBack>) {
        let patch = self.cases.recipe.patch;
        let objects: Vec<Vec<Object>> = places.iter().map(|place| self.objects_in(place)).collect();
        let targets = TargetMaps::new(&objects, patch, self.classes, device);
        let (image, _) = batch.into_image_and_target(device);
        let annotated = self.cases.looked_for.of(&places);
        (detection_loss(network.forward(image), targets, annotated.as_ref()), None)
    }

    fn measure(&self, network: &Self::Network, device: &OpenDevice, control: &Control) -> Result<Option<Measurement>, LearnError> {
        let mut found: Vec<Vec<Detection>> = Vec::new();
        let settings = DetectSettings { least_score: LEAST_SCORE_MEASURED, ..self.settings.clone() };
        for (at, case) in self.cases.validation.iter().enumerate() {
            let mut boxes = search(network, &case.scan, self.cases.recipe.patch, &settings, device, control, &mut |_, _| {})?;
            // Nobody can say whether a box of a class that was not looked for is right.
            boxes.retain(|found| self.cases.measured_for.has(at, found.class + 1));
            found.push(boxes);
        }
        let images: Vec<(&[Detection], &[Object])> =
            found.iter().zip(&self.cases.validation).map(|(found, case)| (found.as_slice(), case.objects.as_slice())).collect();
        Ok(box_scores(&images, self.classes).map(|scores| {
            // Of equally precise ones, that which is surer of what it found.
            let tie = images.iter().filter_map(|(found, _)| found.first()).map(|surest| surest.score).sum();
            Measurement { rank: (scores.mean, tie), scores: TaskScores::Detect(scores), ranked_by: "highest mAP".into() }
        }))
    }
}

/// How good boxes are, over several scans, each with what was found and what is there; `None` where no scan has an object.
#[must_use]
pub fn box_scores(images: &[(&[Detection], &[Object])], classes: usize) -> Option<BoxScores> {
    let at = THRESHOLDS
        .map(|iou| mean_average_precision(images, classes, iou).map(|precision| PrecisionAt { iou, precision: short(precision) }));
    let at: Vec<PrecisionAt> = at.into_iter().collect::<Option<_>>()?;
    Some(BoxScores {
        mean: short(at.iter().map(|at| at.precision).sum::<f64>() / at.len() as f64),
        at,
        sensitivity_at_one_false: sensitivity_at(images, classes, THRESHOLDS[0], 1.0).map(short),
        objects: images.iter().map(|(_, objects)| objects.len()).sum(),
    })
}
