use burn::tensor::{Device, Int, Tensor, TensorData};

use super::distance::{SignedDistances, signed_distances};

/// The classes that logits should tell, for a batch of patches. Kept where the program is, not on the device: losses that look at
/// distances and at coarser resolutions need the numbers themselves.
#[derive(Debug, Clone)]
pub struct Target {
    classes: Vec<i32>,
    shape: [usize; 4],
    ignore: Option<i64>,
    voxel: [f64; 3],
    annotated: Option<Annotated>,
}

impl Target {
    /// Voxels of class `ignore`, or of none at all, count nowhere.
    ///
    /// # Shapes
    /// - classes: `[N, D, H, W]` = `shape`, W fastest
    ///
    /// # Panics
    /// If `classes` does not fill `shape`.
    #[must_use]
    pub fn new(classes: Vec<i32>, shape: [usize; 4], ignore: Option<i64>) -> Self {
        assert_eq!(classes.len(), shape.iter().product::<usize>(), "a class for each voxel");
        Self { classes, shape, ignore, voxel: [1.0; 3], annotated: None }
    }

    /// With voxels of this size along D, H, W, in any unit; equal unless given. Distances are measured by it.
    #[must_use]
    pub fn with_voxel(self, voxel: [f64; 3]) -> Self {
        Self { voxel, ..self }
    }

    /// With samples in which not every class was looked for.
    ///
    /// A class that was not annotated may hide in what the target calls background, so its probability is added to background's
    /// before anything is compared: the marginal loss of Shi et al. (Medical Image Analysis, 2021). Whether such a voxel is called
    /// background or the class then costs the same. There must be as many samples as in the target.
    #[must_use]
    pub fn with_annotated(self, annotated: Annotated) -> Self {
        Self { annotated: Some(annotated), ..self }
    }

    /// Every `stride`-th voxel along each axis, beginning with the first: nearest to logits of features with that stride.
    #[must_use]
    pub fn every(&self, stride: usize) -> Self {
        let [n, d, h, w] = self.shape;
        let shape = [n, d.div_ceil(stride), h.div_ceil(stride), w.div_ceil(stride)];
        let mut classes = Vec::with_capacity(shape.iter().product());
        for plane in (0..n).flat_map(|n| (0..d).step_by(stride).map(move |at| n * d + at)) {
            for row in (0..h).step_by(stride) {
                let start = (plane * h + row) * w;
                classes.extend(self.classes.iter().skip(start).take(w).step_by(stride));
            }
        }
        Self { classes, shape, voxel: self.voxel.map(|size| size * stride as f64), ..self.clone() }
    }

    /// `[N, D, H, W]`.
    pub(super) fn classes(&self, device: &Device) -> Tensor<4, Int> {
        Tensor::from_data(TensorData::new(self.classes.clone(), self.shape), device)
    }

    pub(super) fn ignore(&self) -> Option<i64> {
        self.ignore
    }

    pub(super) fn annotated(&self) -> Option<&Annotated> {
        self.annotated.as_ref()
    }

    pub(super) fn distances(&self, classes: usize) -> SignedDistances {
        signed_distances(&self.classes, self.shape, classes, self.ignore, self.voxel)
    }
}

/// Which classes were looked for in each sample of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotated(Vec<Vec<bool>>);

impl Annotated {
    /// For each sample, for each class, whether it was looked for. Background is what nothing else was found in: its entry does
    /// not count.
    #[must_use]
    pub fn new(samples: Vec<Vec<bool>>) -> Self {
        Self(samples)
    }

    /// One where a class was looked for, and for background; zero elsewhere, and for classes without an entry.
    ///
    /// # Shapes
    /// - output: `[N, classes, 1, 1, 1]`
    pub(super) fn factors(&self, classes: usize, device: &Device) -> Tensor<5> {
        let is_annotated = |sample: &[bool], class: usize| class == 0 || sample.get(class).copied().unwrap_or(false);
        let factor = |sample: &[bool], class| f32::from(u8::from(is_annotated(sample, class)));
        let factors: Vec<f32> = self.0.iter().flat_map(|sample| (0..classes).map(move |class| factor(sample, class))).collect();
        Tensor::from_data(TensorData::new(factors, [self.0.len(), classes, 1, 1, 1]), device)
    }

    /// The same for classes of objects, which have no background: entry `c + 1` is that of their class `c`.
    ///
    /// # Shapes
    /// - output: `[N, classes, 1, 1, 1]`
    pub(super) fn of_objects(&self, classes: usize, device: &Device) -> Tensor<5> {
        self.factors(classes + 1, device).narrow(1, 1, classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarser_target_has_the_voxels_on_which_coarse_logits_lie() {
        let target = Target::new((0..2 * 3 * 5 * 4).collect(), [2, 3, 5, 4], None).with_voxel([3.0, 1.0, 1.0]);
        let coarse = target.every(2);
        assert_eq!(coarse.shape, [2, 2, 3, 2]);
        assert_eq!(coarse.voxel, [6.0, 2.0, 2.0]);
        let mut wanted = Vec::new();
        for (n, d, h, w) in (0..24).map(|at| (at / 12, at / 6 % 2 * 2, at / 2 % 3 * 2, at % 2 * 2)) {
            wanted.push(((n * 3 + d) * 5 + h) * 4 + w);
        }
        assert_eq!(coarse.classes, wanted);
    }

    #[test]
    fn background_is_always_annotated_and_what_is_not_named_is_not() {
        let annotated = Annotated::new(vec![vec![false, true], vec![true, false, true]]);
        let factors = annotated.factors(3, &Device::flex()).to_data().try_to_vec::<f32>().expect("f32");
        assert_eq!(factors, [1.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    }
}
