//! Gradients against finite differences, for tests.

use burn::tensor::{Device, Tensor};

pub(super) fn value<const D: usize>(loss: &dyn Fn(Tensor<D>) -> Tensor<1>, input: &[f32], shape: [usize; D], device: &Device) -> f64 {
    let input = Tensor::<1>::from_floats(input, device).reshape(shape);
    f64::from(loss(input).to_data().try_to_vec::<f32>().expect("f32")[0])
}

/// Fails unless each entry of the gradient is the slope of the loss; returns the gradient. `loss` is given tensors on an autodiff
/// device.
pub(super) fn assert_slopes<const D: usize>(loss: &dyn Fn(Tensor<D>) -> Tensor<1>, start: &[f32], shape: [usize; D]) -> Vec<f32> {
    let device = Device::flex().autodiff();
    let input = Tensor::<1>::from_floats(start, &device).reshape(shape).require_grad();
    let gradients = loss(input.clone()).backward();
    let gradient = input.grad(&gradients).expect("a gradient").to_data().try_to_vec::<f32>().expect("f32");
    for at in 0..start.len() {
        let step = 0.01;
        let moved = |by: f32| {
            let mut input = start.to_vec();
            input[at] += by;
            value(loss, &input, shape, &device)
        };
        let slope = (moved(step) - moved(-step)) / f64::from(2.0 * step);
        assert!((slope - f64::from(gradient[at])).abs() < 1e-3, "number {at}: {slope} against {}", gradient[at]);
    }
    gradient
}
