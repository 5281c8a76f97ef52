use burn::tensor::Tensor;

/// Keeps a class of very few voxels from dividing by nothing.
pub(super) const SMOOTHING: f64 = 1e-5;

/// Soft counts of each class over the whole batch, `[classes]` each.
pub(super) struct Overlap {
    /// Predicted where it is.
    pub both: Tensor<1>,
    /// Predicted at all.
    pub predicted: Tensor<1>,
    /// Voxels of the class.
    pub present: Tensor<1>,
}

impl Overlap {
    /// # Shapes
    /// - probabilities, wanted: `[N, classes, D, H, W]`
    /// - counts: of a shape that spreads to theirs; what voxels, and of which classes, count
    pub fn new(probabilities: Tensor<5>, wanted: Tensor<5>, counts: Tensor<5>) -> Self {
        let classes = wanted.dims()[1];
        let per_class = |x: Tensor<5>| -> Tensor<1> { x.sum_dims(&[0, 2, 3, 4]).reshape([classes]) };
        Self {
            both: per_class(probabilities.clone() * wanted.clone()),
            predicted: per_class(probabilities * counts),
            present: per_class(wanted),
        }
    }

    /// Of the classes above background, if there are any; every voxel that is of some class counts.
    pub fn of_foreground(probabilities: Tensor<5>, wanted: Tensor<5>) -> Option<Self> {
        let classes = wanted.dims()[1];
        if classes < 2 {
            return None;
        }
        let counts = wanted.clone().sum_dim(1);
        let Self { both, predicted, present } = Self::new(probabilities, wanted, counts);
        let [both, predicted, present] = [both, predicted, present].map(|x| x.narrow(0, 1, classes - 1));
        Some(Self { both, predicted, present })
    }

    /// One minus the Dice of each class, as a mean over those that are present; zero where none is.
    pub fn wrong_by_dice(self) -> Tensor<1> {
        let all = (self.predicted.clone() + self.present.clone()).add_scalar(SMOOTHING);
        let dice = self.both.clone().mul_scalar(2.0).add_scalar(SMOOTHING) / all;
        self.mean_over_present(dice.neg().add_scalar(1.0))
    }

    /// The mean of a number per class over the classes that are present; zero where none is.
    pub fn mean_over_present(self, wrong: Tensor<1>) -> Tensor<1> {
        let is_present = self.present.greater_elem(0.0).float();
        let classes_present = is_present.clone().sum().clamp_min(1.0);
        (wrong * is_present).sum() / classes_present
    }
}
