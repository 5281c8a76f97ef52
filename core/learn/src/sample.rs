//! Random patches of prepared cases, and batches of them.

use burn::tensor::{Device, Tensor, TensorData};
use medley_nn::loss::Target;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Recipe;
use crate::augment::{Augmentation, Displacement, Warp};
use crate::prepare::{IGNORE, PreparedCase};
use crate::recipe::IntensityScheme;
use crate::sides::Sides;

/// Cuts patches out of cases. A batch depends on the seed and its number only, so that a training can be taken up at any step.
#[derive(Debug)]
pub struct Sampler<'a> {
    cases: &'a [PreparedCase],
    /// Classes above 0 that some case has, each with those cases.
    present: Vec<(usize, Vec<usize>)>,
    patch: [usize; 3],
    spacing_mm: [f64; 3],
    hu_per_unit: Option<f64>,
    foreground: f64,
    augmentation: Augmentation,
    sides: Sides,
    seed: u64,
}

/// Patches and the classes of their voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `[N, 1, D, H, W]`, W fastest.
    pub image: Vec<f32>,
    /// `[N, D, H, W]`; [`IGNORE`] where a voxel does not count.
    pub classes: Vec<i32>,
    /// `[N, D, H, W]`.
    pub shape: [usize; 4],
    /// The size of a voxel along D, H, W.
    pub voxel_mm: [f64; 3],
}

impl Batch {
    /// The image `[N, 1, D, H, W]` on a device, and what its logits are compared with.
    #[must_use]
    pub fn into_image_and_target(self, device: &Device) -> (Tensor<5>, Target) {
        let [n, d, h, w] = self.shape;
        let image = Tensor::from_data(TensorData::new(self.image, [n, 1, d, h, w]), device);
        (image, Target::new(self.classes, self.shape, Some(i64::from(IGNORE))).with_voxel(self.voxel_mm))
    }
}

impl<'a> Sampler<'a> {
    /// Patches from cases that were prepared by `recipe`.
    ///
    /// A share `foreground` of them is centred on a voxel of a class above 0: the class is drawn first, each with the same
    /// chance, then a case that has it, then one of its voxels, so that small organs are seen as often as large ones. The others
    /// lie anywhere in a case.
    #[must_use]
    pub fn new(cases: &'a [PreparedCase], recipe: &Recipe, foreground: f64, augmentation: Augmentation, seed: u64) -> Self {
        let classes = cases.iter().map(|case| case.sites.len()).max().unwrap_or(0);
        let holders = |class: usize| -> Vec<usize> {
            (0..cases.len()).filter(|&c| cases[c].sites.get(class).is_some_and(|sites| !sites.is_empty())).collect()
        };
        let present = (1..classes).map(|class| (class, holders(class))).filter(|(_, cases)| !cases.is_empty()).collect();
        let hu_per_unit = match recipe.intensity {
            IntensityScheme::Hounsfield { std, .. } => Some(std),
            IntensityScheme::PerScan => None,
        };
        let Recipe { patch, spacing_mm, .. } = *recipe;
        Self { cases, present, patch, spacing_mm, hu_per_unit, foreground, augmentation, sides: Sides::default(), seed }
    }

    /// The same, where some classes change places in a patch that is mirrored.
    pub(crate) fn with_sides(self, sides: Sides) -> Self {
        Self { sides, ..self }
    }

    /// Batch number `number` with `size` patches.
    ///
    /// # Panics
    /// If there is no case.
    #[must_use]
    pub fn batch(&self, number: u64, size: usize) -> Batch {
        self.batch_with_places(number, size).0
    }

    /// The same, and where each patch was cut.
    pub(crate) fn batch_with_places(&self, number: u64, size: usize) -> (Batch, Vec<Place>) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number);
        let voxels = self.patch.iter().product::<usize>();
        let mut batch = Batch {
            image: Vec::with_capacity(size * voxels),
            classes: Vec::with_capacity(size * voxels),
            shape: [size, self.patch[0], self.patch[1], self.patch[2]],
            voxel_mm: std::array::from_fn(|axis| self.spacing_mm[2 - axis]),
        };
        let mut places = Vec::with_capacity(size);
        for _ in 0..size {
            let (case, center) = self.place(&mut rng);
            let warp = self.augmentation.warp(&mut rng, self.spacing_mm);
            let displacement = self.augmentation.displacement(&mut rng, self.patch, self.spacing_mm);
            let start = batch.image.len();
            self.cut(&self.cases[case], center, &warp, displacement.as_ref(), &mut batch);
            if warp.is_mirrored() {
                self.sides.swap(&mut batch.classes[start..]);
            }
            let (values, classes) = (&mut batch.image[start..], &batch.classes[start..]);
            self.augmentation.intensities(&mut rng, values, self.patch, classes, self.hu_per_unit);
            places.push(Place { case, center, warp });
        }
        (batch, places)
    }

    /// A case's number and the voxel `[r, a, s]` on which a patch is centred.
    fn place(&self, rng: &mut ChaCha8Rng) -> (usize, [f64; 3]) {
        if !self.present.is_empty() && rng.random_bool(self.foreground.clamp(0.0, 1.0)) {
            let (class, holders) = &self.present[rng.random_range(0..self.present.len())];
            let number = holders[rng.random_range(0..holders.len())];
            let case = &self.cases[number];
            let sites = &case.sites[*class];
            let offset = sites[rng.random_range(0..sites.len())];
            let [nr, na, _] = case.scan.image.shape;
            let voxel = [offset % nr, offset / nr % na, offset / (nr * na)];
            // The chosen voxel lies anywhere in the middle half of the patch, not always at its centre.
            let center = std::array::from_fn(|axis| {
                let reach = self.patch[2 - axis] as f64 / 4.0;
                voxel[axis] as f64 + rng.random_range(-reach..=reach)
            });
            return (number, self.inside(case, center));
        }
        let number = rng.random_range(0..self.cases.len());
        let case = &self.cases[number];
        let center = case.scan.image.shape.map(|n| rng.random_range(0.0..=(n as f64 - 1.0).max(0.0)));
        (number, self.inside(case, center))
    }

    /// Moves a centre so that the patch sticks out of the case only as far as it may, and its voxels lie on the case's.
    fn inside(&self, case: &PreparedCase, center: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|axis| {
            let (size, n) = (self.patch[2 - axis], case.scan.image.shape[axis]);
            let middle = (size as f64 - 1.0) / 2.0;
            // Above and below, a scan ends because it was ended, not because the patient does.
            let overhang = if axis == 2 { 0.0 } else { (self.augmentation.overhang * size as f64).round() };
            let (low, high) = (-overhang, n as f64 - size as f64 + overhang);
            let first = if low < high { (center[axis] - middle).round().clamp(low, high) } else { first_in(n, size).unwrap_or(0.0) };
            middle + first
        })
    }

    /// Reads one patch: linear for the image, nearest for the classes. Outside the case the image goes on as at its edge and
    /// the classes do not count.
    fn cut(&self, case: &PreparedCase, center: [f64; 3], warp: &Warp, displacement: Option<&Displacement>, batch: &mut Batch) {
        let image = &case.scan.image;
        let [nr, na, ns] = image.shape;
        for_each_voxel(self.patch, center, warp, displacement, |at| {
            let nearest = at.map(|v| v.round());
            let is_inside = (0..3).all(|axis| nearest[axis] >= 0.0 && nearest[axis] < image.shape[axis] as f64);
            let class = if is_inside {
                let [r, a, s] = nearest.map(|v| v as usize);
                case.classes[(s * na + a) * nr + r]
            } else {
                IGNORE
            };
            batch.classes.push(i32::from(class));
            batch.image.push(linear(&image.values, [nr, na, ns], at));
        });
    }
}

/// Where a patch was cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// The number of the case.
    pub(crate) case: usize,
    /// The voxel `[r, a, s]` of the case on which the patch's middle lies.
    pub(crate) center: [f64; 3],
    /// How steps in the patch become steps in the case.
    pub(crate) warp: Warp,
}

/// Where in a case, as voxels `[r, a, s]`, each voxel of a patch `[S, A, R]` around `center` lies; R fastest.
pub(crate) fn for_each_voxel(
    [depth, height, width]: [usize; 3],
    center: [f64; 3],
    warp: &Warp,
    displacement: Option<&Displacement>,
    mut visit: impl FnMut([f64; 3]),
) {
    let middle = [width, height, depth].map(|n| (n as f64 - 1.0) / 2.0);
    for d in 0..depth {
        for h in 0..height {
            let row = [-middle[0], h as f64 - middle[1], d as f64 - middle[2]];
            let first = warp.apply(row);
            let mut at: [f64; 3] = std::array::from_fn(|axis| center[axis] + first[axis]);
            let moved = displacement.map(|displacement| displacement.row(d, h));
            for w in 0..width {
                visit(moved.as_ref().map_or(at, |moved| std::array::from_fn(|axis| at[axis] + moved[w][axis])));
                at = std::array::from_fn(|axis| at[axis] + warp.step[axis]);
            }
        }
    }
}

/// Where a patch of `size` voxels begins along an axis of `n` voxels, if there is no choice: thin scans lie in its middle.
pub(crate) fn first_in(n: usize, size: usize) -> Option<f64> {
    (n <= size).then(|| -(((size - n) / 2) as f64))
}

/// The value at a position between voxels, edges continued.
pub(crate) fn linear(values: &[f32], [nr, na, ns]: [usize; 3], at: [f64; 3]) -> f32 {
    let split = |v: f64, n: usize| {
        let v = v.clamp(0.0, n as f64 - 1.0);
        let low = v as usize;
        (low, (low + 1).min(n - 1), (v - low as f64) as f32)
    };
    let ((r0, r1, fr), (a0, a1, fa), (s0, s1, fs)) = (split(at[0], nr), split(at[1], na), split(at[2], ns));
    let row = |s: usize, a: usize| {
        let start = (s * na + a) * nr;
        values[start + r0] + (values[start + r1] - values[start + r0]) * fr
    };
    let plane = |s: usize| {
        let first = row(s, a0);
        if fa == 0.0 { first } else { first + (row(s, a1) - first) * fa }
    };
    let first = plane(s0);
    if fs == 0.0 { first } else { first + (plane(s1) - first) * fs }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};

    use super::*;
    use crate::TrainingCase;
    use crate::prepare::prepare_case;

    fn recipe(patch: [usize; 3]) -> Recipe {
        let intensity = IntensityScheme::Hounsfield { low: -1e9, high: 1e9, mean: 0.0, std: 1.0 };
        Recipe { spacing_mm: [1.0; 3], intensity, patch }
    }

    /// A case whose image is 10·r + 1000·a + 100000·s before scaling, with a small class 1 and a large class 2.
    fn case(shape: [usize; 3]) -> PreparedCase {
        let grid = Grid::axis_aligned(shape, [1.0; 3]).expect("a grid");
        let value = |o: usize| (o % shape[0]) as f32 + 100.0 * (o / shape[0] % shape[1]) as f32;
        let voxels = (0..grid.len()).map(value).collect();
        let image = Volume::new(grid, Voxels::F32(voxels), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
        let mut truth = LabelMap::empty(grid);
        (0..grid.len() / 2).for_each(|o| truth.set(o, 2));
        truth.set(grid.len() - 1, 1);
        let case = TrainingCase { name: String::new(), image: Arc::new(image), truth: Arc::new(truth), never_annotated: Vec::new() };
        prepare_case(&case, &recipe([8; 3]), &[0, 1, 2]).expect("prepared")
    }

    #[test]
    fn a_batch_depends_on_seed_and_number_only() {
        let cases = [case([20, 18, 12])];
        let sampler = |seed| Sampler::new(&cases, &recipe([8, 8, 8]), 0.7, Augmentation::default(), seed);
        assert_eq!(sampler(1).batch(5, 2), sampler(1).batch(5, 2));
        assert_ne!(sampler(1).batch(5, 2), sampler(1).batch(6, 2));
        assert_ne!(sampler(1).batch(5, 2), sampler(2).batch(5, 2));
    }

    #[test]
    fn without_augmentation_a_patch_is_a_piece_of_the_case() {
        let cases = [case([20, 18, 12])];
        let sampler = Sampler::new(&cases, &recipe([4, 8, 8]), 0.5, Augmentation::none(), 3);
        for number in 0..20 {
            let batch = sampler.batch(number, 1);
            let first = batch.image[0];
            for (at, value) in batch.image.iter().enumerate() {
                let wanted = first + (at % 8) as f32 + 100.0 * (at / 8 % 8) as f32;
                assert!((value - wanted).abs() < 1e-2, "voxel {at}: {value} and not {wanted}");
            }
            assert!(batch.classes.iter().all(|&c| c >= 0), "the patch sticks out although the case is large enough");
        }
    }

    #[test]
    fn a_class_of_one_voxel_is_seen_as_often_as_half_the_scan() {
        let cases = [case([32, 32, 32])];
        let sampler = Sampler::new(&cases, &recipe([8, 8, 8]), 1.0, Augmentation::none(), 3);
        let seen = (0..200).filter(|&n| sampler.batch(n, 1).classes.contains(&1)).count();
        assert!((70..130).contains(&seen), "{seen} of 200");
    }

    #[test]
    fn a_patch_may_stick_out_sideways_but_not_up_or_down() {
        let cases = [case([20, 18, 12])];
        let augmentation = Augmentation { overhang: 0.5, ..Augmentation::none() };
        let sampler = Sampler::new(&cases, &recipe([8, 8, 8]), 0.0, augmentation, 3);
        let mut outside = 0;
        for number in 0..40 {
            let batch = sampler.batch(number, 1);
            let is_out = |at: usize| batch.classes[at] == i32::from(IGNORE);
            let columns = (0..64).filter(|&at| is_out(at)).count();
            outside += columns;
            assert!(columns <= 48, "more than a quarter stays inside");
            assert!((0..512).all(|at| is_out(at) == is_out(at % 64)), "it sticks out above or below");
        }
        assert!(outside > 200, "{outside}");
    }

    /// Class 1 on the left (low r), class 2 on the right, and an image that shows where each voxel came from.
    fn sided() -> PreparedCase {
        let mut case = case([32, 16, 16]);
        let shape = case.scan.image.shape;
        case.classes = (0..shape.iter().product::<usize>()).map(|o| if o % 32 < 16 { 1 } else { 2 }).collect();
        case.scan.image.values = case.classes.iter().map(|&class| 100.0 * f32::from(class)).collect();
        let sites = |class: i16| (0..case.classes.len()).filter(|&o| case.classes[o] == class).collect();
        case.sites = vec![Vec::new(), sites(1), sites(2)];
        case
    }

    #[test]
    fn in_a_mirror_left_is_right_and_is_called_so() {
        let labels: Vec<crate::card::CardLabel> = [0, 1, 2].map(|value| crate::card::CardLabel { value, name: String::new() }).to_vec();
        let cases = [sided()];
        let augmentation = Augmentation { mirror: 1.0, ..Augmentation::none() };
        let patch = recipe([8, 8, 24]);
        let mut seen = 0;
        for sides in [Sides::default(), Sides::new(&[[1, 2]], &labels).expect("a pair")] {
            let is_swapped = !sides.is_empty();
            let sampler = Sampler::new(&cases, &patch, 0.0, augmentation, 1).with_sides(sides);
            for number in 0..10 {
                let batch = sampler.batch(number, 1);
                let row = &batch.classes[..24];
                let (first, last) = (row[0], row[23]);
                if first != last && first > 0 && last > 0 {
                    assert_eq!((first, last), if is_swapped { (1, 2) } else { (2, 1) });
                    seen += 1;
                }
                let name = |value: f32| if (value > 150.0) != is_swapped { 2 } else { 1 };
                assert!(batch.image.iter().zip(&batch.classes).all(|(&value, &class)| class < 0 || class == name(value)));
            }
        }
        assert!(seen > 10, "{seen}");
    }

    #[test]
    fn image_and_classes_are_deformed_alike() {
        let cases = [sided()];
        let elastic = crate::augment::Elastic { chance: 1.0, most_mm: 4.0, grid_mm: 10.0 };
        let sampler = |elastic| Sampler::new(&cases, &recipe([8, 16, 24]), 0.5, Augmentation { elastic, ..Augmentation::none() }, 1);
        let mut bent = 0;
        for number in 0..10 {
            let (straight, deformed) = (sampler(Default::default()).batch(number, 1), sampler(elastic).batch(number, 1));
            bent += usize::from(straight.classes != deformed.classes);
            for (value, class) in deformed.image.iter().zip(&deformed.classes) {
                // The nearest voxel counts for an eighth or more.
                assert!(match class {
                    1 => *value <= 187.6,
                    2 => *value >= 112.4,
                    _ => true,
                });
            }
        }
        assert!(bent > 5, "{bent}");
    }

    #[test]
    fn a_scan_thinner_than_the_patch_goes_on_as_at_its_edge_and_does_not_count_there() {
        let cases = [case([20, 18, 3])];
        let batch = Sampler::new(&cases, &recipe([8, 8, 8]), 0.0, Augmentation::none(), 3).batch(0, 1);
        let counted = batch.classes.iter().filter(|&&c| c != i32::from(IGNORE)).count();
        assert_eq!(counted, 3 * 64);
        assert_eq!(batch.image[..64], batch.image[7 * 64..]);
    }
}
