use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Int, Tensor};

/// Mean cross entropy over scans of one class each, each counted by its class's weight; zero where no scan's class is known.
///
/// # Shapes
/// - logits: `[N, classes]`
/// - target: `[N]`, class indices; a number that is no class counts nowhere
/// - weights: `[classes]`
/// - output: `[1]`
///
/// As `torch.nn.functional.cross_entropy` with `weight`.
pub fn class_cross_entropy(logits: Tensor<2>, target: Tensor<1, Int>, weights: Option<Tensor<1>>) -> Tensor<1> {
    let [n, classes] = logits.dims();
    let numbers = Tensor::<1, Int>::arange(0..classes as i64, &logits.device()).reshape([1, classes]).expand([n, classes]);
    let wanted = target.reshape([n, 1]).expand([n, classes]).equal(numbers).float();
    let wanted = match weights {
        Some(weights) => wanted * weights.reshape([1, classes]),
        None => wanted,
    };
    let counted = wanted.clone().sum().clamp_min(1e-12);
    (log_softmax(logits, 1) * wanted).sum().neg() / counted
}

/// Mean binary cross entropy over the answers that are known; an unknown one costs nothing and teaches nothing (partial labels).
///
/// # Shapes
/// - logits: `[N, labels]`
/// - target: `[N, labels]`: 1 yes, 0 no, below 0 unknown
/// - output: `[1]`
///
/// As `torch.nn.functional.binary_cross_entropy_with_logits` on the known ones alone.
pub fn partial_binary_cross_entropy(logits: Tensor<2>, target: Tensor<2>) -> Tensor<1> {
    let is_known = target.clone().greater_equal_elem(0.0).float();
    let yes = target.clamp_min(0.0);
    let no = yes.clone().neg().add_scalar(1.0);
    let likelihood = log_sigmoid(logits.clone()) * yes + log_sigmoid(logits.neg()) * no;
    (likelihood * is_known.clone()).sum().neg() / is_known.sum().clamp_min(1.0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::loss::slopes::{assert_slopes, value};

    const LOGITS: [f32; 12] = [0.5, -1.25, 2.0, 0.0, 0.75, -0.5, 3.0, -2.0, 1.0, 0.25, 0.25, -4.0];

    /// PyTorch 2.7.1 on these numbers, in 64 bits.
    const GOLDEN_PLAIN: f64 = 0.749182764;
    const GOLDEN_WEIGHTED: f64 = 0.626299096;
    const GOLDEN_PARTIAL: f64 = 0.482027226;

    fn target(device: &Device) -> Tensor<1, Int> {
        Tensor::from_ints([2, 0, -1, 1], device)
    }

    fn partial(device: &Device) -> Tensor<2> {
        Tensor::from_floats([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0], [-1.0, -1.0, -1.0], [1.0, -1.0, 0.0]], device)
    }

    fn weights(device: &Device) -> Tensor<1> {
        Tensor::from_floats([0.5, 2.0, 1.25], device)
    }

    #[test]
    fn both_are_pytorchs() {
        let device = Device::flex();
        let found = |loss: &dyn Fn(Tensor<2>) -> Tensor<1>| value(loss, &LOGITS, [4, 3], &device);
        assert!((found(&|x| class_cross_entropy(x, target(&device), None)) - GOLDEN_PLAIN).abs() < 1e-5);
        assert!((found(&|x| class_cross_entropy(x, target(&device), Some(weights(&device)))) - GOLDEN_WEIGHTED).abs() < 1e-5);
        assert!((found(&|x| partial_binary_cross_entropy(x, partial(&device))) - GOLDEN_PARTIAL).abs() < 1e-5);
    }

    #[test]
    fn gradients_are_the_slopes_and_unknown_answers_have_none() {
        let device = Device::flex().autodiff();
        assert_slopes(&|x| class_cross_entropy(x, target(&device), Some(weights(&device))), &LOGITS, [4, 3]);
        let gradient = assert_slopes(&|x| partial_binary_cross_entropy(x, partial(&device)), &LOGITS, [4, 3]);
        for (at, slope) in gradient.into_iter().enumerate() {
            assert_eq!(slope == 0.0, [2, 6, 7, 8, 10].contains(&at), "answer {at}");
        }
    }

    #[test]
    fn nothing_known_costs_nothing() {
        let device = Device::flex();
        let unknown = Tensor::<2>::full([4, 3], -1.0, &device);
        assert_eq!(value(&|x| partial_binary_cross_entropy(x, unknown.clone()), &LOGITS, [4, 3], &device), 0.0);
        let none = Tensor::<1, Int>::full([4], -1, &device);
        assert_eq!(value(&|x| class_cross_entropy(x, none.clone(), None), &LOGITS, [4, 3], &device), 0.0);
    }
}
