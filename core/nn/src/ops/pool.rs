use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use medley_kernels::Pooling;

use super::flex::{numbers, tensor_of};
use super::on_processor;

/// Max-pooling over cubes. Padding never wins: it counts as minus infinity.
///
/// # Shapes
/// - input: `[N, C, D, H, W]`
/// - output: `[N, C, D', H', W']` with `D' = ⌊(D + 2·padding − kernel) / stride⌋ + 1`
pub fn max_pool3d(input: Tensor<5>, kernel: usize, stride: usize, padding: usize) -> Tensor<5> {
    if !on_processor(&input) {
        return composed(input, kernel, stride, padding);
    }
    let [n, c, d, h, w] = input.dims();
    let pooling = Pooling { maps: n * c, input: [d, h, w], kernel, stride, padding };
    let pooled = Tensor::<5>::from_dispatch(<Dispatch as CubePooling>::cube_pooling(input.into_dispatch(), pooling));
    let [d, h, w] = pooling.output();
    pooled.reshape([n, c, d, h, w])
}

/// The tensor library pools in two dimensions only, but a maximum of maxima is a maximum: first over H and W, then over D.
fn composed(input: Tensor<5>, kernel: usize, stride: usize, padding: usize) -> Tensor<5> {
    let [n, c, d, h, w] = input.dims();
    let in_plane = MaxPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
    let planes = max_pool2d(input.reshape([n * c, d, h, w]), in_plane);
    let [_, _, h, w] = planes.dims();
    let through_planes = MaxPoolOptions::new([kernel, 1]).with_stride([stride, 1]).with_padding([padding, 0]);
    let pooled = max_pool2d(planes.reshape([n, c, d, h * w]), through_planes);
    let d = pooled.dims()[2];
    pooled.reshape([n, c, d, h, w])
}

/// What the processor's backend is given beyond the library's own operations.
#[backend_extension(Flex, Autodiff)]
pub(super) trait CubePooling: Backend {
    /// The largest of each window.
    fn cube_pooling(input: FloatTensor<Self>, pooling: Pooling) -> FloatTensor<Self>;
}

impl CubePooling for Flex {
    fn cube_pooling(input: FloatTensor<Self>, pooling: Pooling) -> FloatTensor<Self> {
        pooled(&input, &pooling).0
    }
}

fn pooled(input: &FloatTensor<Flex>, pooling: &Pooling) -> (FloatTensor<Flex>, Vec<u32>) {
    let [d, h, w] = pooling.output();
    let places = pooling.maps * d * h * w;
    let (mut output, mut winners) = (vec![0.0; places], vec![0; places]);
    medley_kernels::max_pool3d(pooling, &numbers(input), &mut output, &mut winners);
    (tensor_of(output, [1, pooling.maps, d, h, w]), winners)
}

#[derive(Debug)]
struct PoolingBackward;

impl Backward<Flex, 1> for PoolingBackward {
    type State = (Pooling, [usize; 5], Arc<Vec<u32>>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (pooling, shape, winners) = ops.state;
        if let Some(node) = node {
            let mut of_input = vec![0.0; shape.iter().product()];
            medley_kernels::max_pool3d_gradient(&pooling, &winners, &numbers(&gradient), &mut of_input);
            gradients.register::<Flex>(node.id, tensor_of(of_input, shape));
        }
    }
}

impl<C: CheckpointStrategy> CubePooling for Autodiff<Flex, C> {
    fn cube_pooling(input: FloatTensor<Self>, pooling: Pooling) -> FloatTensor<Self> {
        match PoolingBackward.prepare::<C>([input.node()]).compute_bound().stateful() {
            OpsKind::Tracked(record) => {
                let input = input.into_primitive();
                let shape = input.layout().shape().dims::<5>();
                let (output, winners) = pooled(&input, &pooling);
                record.finish((pooling, shape, Arc::new(winners)), output)
            }
            OpsKind::UnTracked(record) => record.finish(pooled(&input.into_primitive(), &pooling).0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// The pooling of the processor and the one composed of the library's, on distinct negative numbers.
    #[test]
    fn it_is_what_two_poolings_of_the_library_make() {
        let device = Device::flex().autodiff();
        let shape = [2, 3, 5, 4, 6];
        let len: usize = shape.iter().product();
        let values: Vec<f32> = (0..len).map(|v| -1.0 - ((v * 7919) % len) as f32).collect();
        let run = |pool: &dyn Fn(Tensor<5>) -> Tensor<5>| {
            let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape(shape).require_grad();
            let output = pool(input.clone());
            let factors = (Tensor::<1, burn::tensor::Int>::arange(0..output.dims().iter().product::<usize>() as i64, &device).float()).reshape(output.dims());
            let found = output.to_data();
            let gradients = (output * factors).sum().backward();
            (found, input.grad(&gradients).expect("a gradient").to_data())
        };
        assert_eq!(run(&|x| max_pool3d(x, 3, 2, 1)), run(&|x| composed(x, 3, 2, 1)));
    }
}
