//! Sliding-window inference: from a scan to labels on the scan's own grid.

mod mirror;

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, activation::softmax};
use medley_nn::SegmentationNetwork;
use medley_nn::weights::{Task, WeightsFile};
use medley_volume::resample::CanonicalArray;
use medley_volume::{LabelMap, Volume};
use rayon::prelude::*;

use crate::card::{Card, CardSettings, METADATA_KEY};
use crate::device::{DeviceChoice, OpenDevice, open};
use crate::postprocess::clean;
use crate::prepare::{Prepared, labels_on_source, prepare};
use crate::sample::first_in;
use crate::sides::Sides;
use crate::{Control, LearnError, Recipe};

pub use mirror::Mirrored;

/// A trained model, ready for scans.
#[derive(Debug)]
pub struct Predictor {
    network: SegmentationNetwork,
    device: OpenDevice,
    card: Card,
    recipe: Recipe,
    id: String,
    mirrored: Mirrored,
    sides: Sides,
    is_cleaned: bool,
}

impl Predictor {
    /// Opens a model that [`crate::finetune`] wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is no model of ours, or the device does not work.
    pub fn open(model: &Path, device: DeviceChoice) -> Result<Self, LearnError> {
        Self::of_file(&WeightsFile::open(model)?, &model.display().to_string(), device)
    }

    /// The same from memory; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Predictor::open`].
    pub fn from_bytes(name: &str, bytes: &[u8], device: DeviceChoice) -> Result<Self, LearnError> {
        Self::of_file(&WeightsFile::from_bytes(name, bytes)?, name, device)
    }

    pub(crate) fn of_file(file: &WeightsFile, name: &str, device: DeviceChoice) -> Result<Self, LearnError> {
        let refused = |reason: &str| LearnError::Card { file: name.to_owned(), reason: reason.to_owned() };
        let (card, recipe) = card_of(file, name, Task::Segment)?;
        let device = open(device)?;
        let network = file.network(&device.device)?.valid();
        if card.labels.len() < 2 || file.architecture()?.classes != Some(card.labels.len()) {
            return Err(refused("its labels are not those of its head"));
        }
        let sides = match &card.settings {
            CardSettings::FineTune(settings) => Sides::new(&settings.label_pairs, &card.labels)?,
            _ => Sides::default(),
        };
        let id = file.sha256().to_owned();
        Ok(Self { network, device, card, recipe, id, mirrored: Mirrored::default(), sides, is_cleaned: true })
    }

    /// The same, looking at mirror images of every window too. Where left and right are exchanged, so are the labels that its training
    /// exchanged.
    #[must_use]
    pub fn with_mirroring(self, mirrored: Mirrored) -> Self {
        Self { mirrored, ..self }
    }

    /// The same, with masks as the network gives them: without what its card says is to be done to them afterwards.
    #[must_use]
    pub fn without_cleaning(self) -> Self {
        Self { is_cleaned: false, ..self }
    }

    /// Whether it learned from mirror images of left and right.
    #[must_use]
    pub fn knows_mirror_images(&self) -> bool {
        matches!(&self.card.settings, CardSettings::FineTune(settings) if settings.augmentation.mirror > 0.0)
    }

    /// What is known about the model.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// SHA-256 of its file: the author of its labels.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The device's name.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device.name
    }

    /// Labels of a scan, on its own grid. `progress` is told windows done and in all.
    ///
    /// # Errors
    /// [`LearnError::Stopped`], or if the device fails.
    pub fn predict(&self, volume: &Volume, control: &Control, progress: &mut dyn FnMut(usize, usize)) -> Result<LabelMap, LearnError> {
        let prepared = prepare(volume, &self.recipe)?;
        let labels: Vec<u16> = self.card.labels.iter().map(|label| label.value).collect();
        let views = Views { mirrored: self.mirrored, sides: Some(&self.sides) };
        let mut mask = segment(&self.network, &prepared, self.recipe.patch, &labels, views, &self.device, control, progress)?;
        if self.is_cleaned {
            clean(&mut mask, &self.card.cleaning);
        }
        Ok(mask)
    }
}

/// The card of a model that was made for `task`, and its recipe.
///
/// # Errors
/// If it is no model of ours, was made for another task, or its recipe makes no sense.
pub(crate) fn card_of(file: &WeightsFile, name: &str, task: Task) -> Result<(Card, Recipe), LearnError> {
    let refused = |reason: &str| LearnError::Card { file: name.to_owned(), reason: reason.to_owned() };
    if file.task() != task {
        return Err(LearnError::OtherTask { file: name.to_owned(), found: file.task(), wanted: task });
    }
    let json = file.metadata().get(METADATA_KEY).ok_or_else(|| refused("it holds weights but no card"))?;
    let card = Card::from_json(name, json)?;
    let recipe = card.recipe.clone().ok_or_else(|| refused("it is an encoder without a head"))?;
    if recipe.patch.iter().any(|&p| p == 0 || p > 1024) || recipe.spacing_mm.iter().any(|&s| !(s > 1e-3 && s < 1e3)) {
        return Err(refused("its patch or spacing makes no sense"));
    }
    Ok((card, recipe))
}

/// How a window is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Views<'a> {
    mirrored: Mirrored,
    sides: Option<&'a Sides>,
}

/// Labels of a prepared scan, on the grid it came from.
#[expect(clippy::too_many_arguments, reason = "each is a thing of its own")]
pub(crate) fn segment(
    network: &SegmentationNetwork,
    prepared: &Prepared,
    patch: [usize; 3],
    label_values: &[u16],
    views: Views<'_>,
    device: &OpenDevice,
    control: &Control,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<LabelMap, LearnError> {
    let none = Sides::default();
    let (mirrored, sides) = (views.mirrored, views.sides.unwrap_or(&none));
    let mut forward = |window: Vec<f32>| {
        mirrored.mean(window, patch, sides, |window| probabilities(network, window, patch, &device.device, &device.name))
    };
    let classes = sliding_window(&prepared.image, patch, label_values.len(), &mut forward, control, progress)?;
    let mut classes = classes.into_iter();
    labels_on_source(prepared, label_values, |_| {
        control.check()?;
        classes.next().ok_or_else(|| LearnError::Setting("the network has fewer classes than labels".to_owned()))
    })
}

pub(crate) fn probabilities(
    network: &SegmentationNetwork,
    window: Vec<f32>,
    [d, h, w]: [usize; 3],
    device: &Device,
    name: &str,
) -> Result<Vec<f32>, LearnError> {
    let failed = |reason: String| LearnError::Compute { device: name.to_owned(), reason };
    let image = Tensor::<5>::from_data(TensorData::new(window, [1, 1, d, h, w]), device);
    let data = softmax(network.logits_at_input(image), 1).try_into_data().map_err(|error| failed(error.to_string()))?;
    data.try_into_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
}

/// Where windows begin along an axis: evenly spread, each overlapping the next by half or more.
pub(crate) fn window_starts(n: usize, size: usize) -> Vec<isize> {
    if let Some(first) = first_in(n, size) {
        return vec![first as isize];
    }
    let count = (n - size).div_ceil((size / 2).max(1)) + 1;
    (0..count).map(|i| ((n - size) as f64 * i as f64 / (count - 1) as f64).round() as isize).collect()
}

/// Weights along a window's axis: a Gaussian of σ = size/8 around its middle (nnU-Net).
fn window_weights(size: usize) -> Vec<f32> {
    let (middle, sigma) = ((size as f64 - 1.0) / 2.0, size as f64 / 8.0);
    (0..size).map(|at| (-0.5 * ((at as f64 - middle) / sigma).powi(2)).exp() as f32).collect()
}

/// Weight that each voxel along an axis receives from all windows.
fn weight_sums(n: usize, starts: &[isize], weights: &[f32]) -> Vec<f32> {
    let mut sums = vec![0.0; n];
    for &start in starts {
        for (at, weight) in weights.iter().enumerate() {
            if let Some(sum) = usize::try_from(start + at as isize).ok().and_then(|at| sums.get_mut(at)) {
                *sum += weight;
            }
        }
    }
    sums
}

/// Runs `forward` over windows `[D, H, W]` = `[S, A, R]` of a scan and returns each class's probability on the scan's array.
///
/// `forward` gets a window's values, W fastest, and returns `[classes, D, H, W]`. Where the scan is smaller than a window, the
/// window is filled up as at the scan's edge. Needs memory for `classes` arrays of the scan's size: as windows and weights are
/// products over the axes, no array of weights is kept.
///
/// # Errors
/// What `forward` returns, and [`LearnError::Stopped`].
pub fn sliding_window(
    image: &CanonicalArray,
    patch: [usize; 3],
    classes: usize,
    forward: &mut dyn FnMut(Vec<f32>) -> Result<Vec<f32>, LearnError>,
    control: &Control,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<CanonicalArray>, LearnError> {
    let [nr, na, ns] = image.shape;
    let [depth, height, width] = patch;
    let starts = [window_starts(ns, depth), window_starts(na, height), window_starts(nr, width)];
    let weights = patch.map(window_weights);
    let windows = starts.iter().map(Vec::len).product();
    let mut sums = vec![vec![0.0f32; nr * na * ns]; classes];
    let mut done = 0;
    for &s in &starts[0] {
        for &a in &starts[1] {
            for &r in &starts[2] {
                control.check()?;
                let result = forward(cut(image, patch, [s, a, r]))?;
                if result.len() != classes * depth * height * width {
                    return Err(LearnError::Setting("the network's output does not fit its window".to_owned()));
                }
                sums.par_iter_mut().enumerate().for_each(|(class, sum)| {
                    let window = &result[class * depth * height * width..][..depth * height * width];
                    add(sum, image.shape, window, patch, [s, a, r], &weights);
                });
                done += 1;
                progress(done, windows);
            }
        }
    }
    let per_axis =
        [weight_sums(ns, &starts[0], &weights[0]), weight_sums(na, &starts[1], &weights[1]), weight_sums(nr, &starts[2], &weights[2])];
    sums.par_iter_mut().for_each(|sum| {
        for (row, line) in sum.chunks_mut(nr).enumerate() {
            let outer = per_axis[0][row / na] * per_axis[1][row % na];
            line.iter_mut().zip(&per_axis[2]).for_each(|(value, inner)| *value /= outer * inner);
        }
    });
    Ok(sums.into_iter().map(|values| CanonicalArray { shape: image.shape, values }).collect())
}

/// The values of a window, R fastest; outside the scan it goes on as at its edge.
pub(crate) fn cut(image: &CanonicalArray, [depth, height, width]: [usize; 3], [s, a, r]: [isize; 3]) -> Vec<f32> {
    let [nr, na, ns] = image.shape;
    let at = |start: isize, step: usize, n: usize| (start + step as isize).clamp(0, n as isize - 1) as usize;
    let mut window = Vec::with_capacity(depth * height * width);
    for d in 0..depth {
        for h in 0..height {
            let row = &image.values[(at(s, d, ns) * na + at(a, h, na)) * nr..][..nr];
            window.extend((0..width).map(|w| row[at(r, w, nr)]));
        }
    }
    window
}

fn add(
    sum: &mut [f32],
    [nr, na, ns]: [usize; 3],
    window: &[f32],
    [depth, height, width]: [usize; 3],
    [s, a, r]: [isize; 3],
    weights: &[Vec<f32>; 3],
) {
    let inside = |start: isize, size: usize, n: usize| (-start).max(0) as usize..size.min((n as isize - start).max(0) as usize);
    for d in inside(s, depth, ns) {
        for h in inside(a, height, na) {
            let row = ((s + d as isize) as usize * na + (a + h as isize) as usize) * nr;
            let outer = weights[0][d] * weights[1][h];
            for w in inside(r, width, nr) {
                sum[row + (r + w as isize) as usize] += outer * weights[2][w] * window[(d * height + h) * width + w];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(
        shape: [usize; 3],
        patch: [usize; 3],
        classes: usize,
        forward: &mut dyn FnMut(Vec<f32>) -> Result<Vec<f32>, LearnError>,
    ) -> Vec<CanonicalArray> {
        let n: usize = shape.iter().product();
        let image = CanonicalArray { shape, values: (0..n).map(|v| v as f32).collect() };
        sliding_window(&image, patch, classes, forward, &Control::new(), &mut |_, _| {}).expect("segmented")
    }

    #[test]
    fn a_constant_network_gives_the_same_everywhere_in_scans_of_any_size() {
        for shape in [[40, 21, 9], [5, 6, 7], [16, 16, 16], [17, 16, 33]] {
            let mut constant = |window: Vec<f32>| {
                let n = window.len();
                Ok([vec![0.25; n], vec![0.75; n]].concat())
            };
            let classes = run(shape, [8, 16, 16], 2, &mut constant);
            for (class, wanted) in [(0, 0.25), (1, 0.75)] {
                assert_eq!(classes[class].shape, shape);
                assert!(classes[class].values.iter().all(|v| (v - wanted).abs() < 1e-5), "{shape:?}");
            }
        }
    }

    #[test]
    fn a_network_that_returns_its_input_gives_the_scan_back() {
        let mut copy = |window: Vec<f32>| Ok(window);
        let scan = &run([40, 21, 9], [8, 16, 16], 1, &mut copy)[0];
        for (at, value) in scan.values.iter().enumerate() {
            assert!((value - at as f32).abs() < 0.01, "{at}: {value}");
        }
    }

    #[test]
    fn windows_overlap_by_half_or_more_and_reach_both_ends() {
        for (n, size) in [(100, 32), (33, 32), (64, 32), (32, 32)] {
            let starts = window_starts(n, size);
            assert_eq!((starts[0], starts[starts.len() - 1]), (0, (n - size) as isize));
            assert!(starts.windows(2).all(|pair| pair[1] - pair[0] <= size as isize / 2), "{starts:?}");
        }
        assert_eq!(window_starts(13, 16), [-1]);
    }

    #[test]
    fn stop_is_obeyed_between_windows() {
        let control = Control::new();
        let image = CanonicalArray { shape: [64, 64, 16], values: vec![0.0; 64 * 64 * 16] };
        let mut calls = 0;
        let mut forward = |window: Vec<f32>| {
            calls += 1;
            control.stop();
            Ok(window)
        };
        let result = sliding_window(&image, [16, 32, 32], 1, &mut forward, &control, &mut |_, _| {});
        assert!(matches!(result, Err(LearnError::Stopped)));
        assert_eq!(calls, 1);
    }
}
