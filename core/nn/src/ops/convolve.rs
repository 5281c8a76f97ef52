use std::fmt::Debug;

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn::tensor::module::{conv_transpose3d, conv3d};
use burn::tensor::ops::{ConvOptions, ConvTransposeOptions};
use medley_kernels::Geometry;

use super::flex::{numbers, tensor_of};
use super::on_processor;

/// A convolution without bias.
///
/// # Shapes
/// - input: `[N, in, D, H, W]`
/// - weight: `[out, in, kD, kH, kW]`
/// - output: `[N, out, D', H', W']`
pub fn convolve(input: Tensor<5>, weight: Tensor<5>, stride: [usize; 3], padding: [usize; 3], dilation: [usize; 3]) -> Tensor<5> {
    if !on_processor(&input) {
        return conv3d(input, weight, None, ConvOptions::new(stride, padding, dilation, 1));
    }
    let [batch, in_channels, d, h, w] = input.dims();
    let [out_channels, _, kernel @ ..] = weight.dims();
    let geometry = Geometry { batch, in_channels, out_channels, input: [d, h, w], kernel, stride, padding, dilation };
    Tensor::from_dispatch(<Dispatch as Convolution>::convolution(input.into_dispatch(), weight.into_dispatch(), geometry))
}

/// A transposed convolution without bias and padding: every input voxel becomes a kernel of output voxels.
///
/// # Shapes
/// - input: `[N, in, D, H, W]`
/// - weight: `[in, out, kD, kH, kW]`
/// - output: `[N, out, (D − 1)·stride + kD, …]`
pub fn convolve_transposed(input: Tensor<5>, weight: Tensor<5>, stride: [usize; 3]) -> Tensor<5> {
    if !on_processor(&input) {
        return conv_transpose3d(input, weight, None, ConvTransposeOptions::new(stride, [0; 3], [0; 3], [1; 3], 1));
    }
    let [batch, from, d, h, w] = input.dims();
    let [_, to, kernel @ ..] = weight.dims();
    let coarse = [d, h, w];
    let fine = std::array::from_fn(|axis| (coarse[axis] - 1) * stride[axis] + kernel[axis]);
    // The reverse of the convolution that leads from fine to coarse.
    let geometry = Geometry { batch, in_channels: to, out_channels: from, input: fine, kernel, stride, padding: [0; 3], dilation: [1; 3] };
    Tensor::from_dispatch(<Dispatch as Convolution>::reverse_convolution(input.into_dispatch(), weight.into_dispatch(), geometry))
}

/// What the processor's backend is given beyond the library's own operations.
#[backend_extension(Flex, Autodiff)]
pub(super) trait Convolution: Backend {
    /// From input to output.
    fn convolution(input: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;

    /// From something shaped as the output to something shaped as the input: the gradient of [`Self::convolution`].
    fn reverse_convolution(output: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self>;
}

impl Convolution for Flex {
    fn convolution(input: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        let mut output = vec![0.0; geometry.output_len()];
        medley_kernels::forward(&geometry, &numbers(&input), &numbers(&weight), None, &mut output);
        let [d, h, w] = geometry.output();
        tensor_of(output, [geometry.batch, geometry.out_channels, d, h, w])
    }

    fn reverse_convolution(output: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        let mut input = vec![0.0; geometry.input_len()];
        medley_kernels::input_gradient(&geometry, &numbers(&weight), &numbers(&output), &mut input);
        let [d, h, w] = geometry.input;
        tensor_of(input, [geometry.batch, geometry.in_channels, d, h, w])
    }
}

fn weight_gradient(input: &FloatTensor<Flex>, output_gradient: &FloatTensor<Flex>, geometry: &Geometry) -> FloatTensor<Flex> {
    let mut gradient = vec![0.0; geometry.weight_len()];
    medley_kernels::weight_gradient(geometry, &numbers(input), &numbers(output_gradient), &mut gradient);
    let [d, h, w] = geometry.kernel;
    tensor_of(gradient, [geometry.out_channels, geometry.in_channels, d, h, w])
}

impl<C: CheckpointStrategy> Convolution for Autodiff<Flex, C> {
    fn convolution(input: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        record::<C>(input, weight, geometry, Forward)
    }

    fn reverse_convolution(output: FloatTensor<Self>, weight: FloatTensor<Self>, geometry: Geometry) -> FloatTensor<Self> {
        record::<C>(output, weight, geometry, Reverse)
    }
}

/// One of the two directions; each is the gradient of the other.
trait Direction: Debug + Send + Copy + 'static {
    fn apply(self, source: FloatTensor<Flex>, weight: FloatTensor<Flex>, geometry: Geometry) -> FloatTensor<Flex>;
    fn source_gradient(self, gradient: FloatTensor<Flex>, weight: FloatTensor<Flex>, geometry: Geometry) -> FloatTensor<Flex>;
    fn weight_gradient(self, source: &FloatTensor<Flex>, gradient: &FloatTensor<Flex>, geometry: &Geometry) -> FloatTensor<Flex>;
}

#[derive(Debug, Clone, Copy)]
struct Forward;

impl Direction for Forward {
    fn apply(self, source: FloatTensor<Flex>, weight: FloatTensor<Flex>, geometry: Geometry) -> FloatTensor<Flex> {
        Flex::convolution(source, weight, geometry)
    }

    fn source_gradient(self, gradient: FloatTensor<Flex>, weight: FloatTensor<Flex>, geometry: Geometry) -> FloatTensor<Flex> {
        Flex::reverse_convolution(gradient, weight, geometry)
    }

    fn weight_gradient(self, source: &FloatTensor<Flex>, gradient: &FloatTensor<Flex>, geometry: &Geometry) -> FloatTensor<Flex> {
        weight_gradient(source, gradient, geometry)
    }
}

#[derive(Debug, Clone, Copy)]
struct Reverse;

impl Direction for Reverse {
    fn apply(self, source: FloatTensor<Flex>, weight: FloatTensor<Flex>, geometry: Geometry) -> FloatTensor<Flex> {
        Flex::reverse_convolution(source, weight, geometry)
    }

    fn source_gradient(self, gradient: FloatTensor<Flex>, weight: FloatTensor<Flex>, geometry: Geometry) -> FloatTensor<Flex> {
        Flex::convolution(gradient, weight, geometry)
    }

    fn weight_gradient(self, source: &FloatTensor<Flex>, gradient: &FloatTensor<Flex>, geometry: &Geometry) -> FloatTensor<Flex> {
        weight_gradient(gradient, source, geometry)
    }
}

/// The step backwards of either.
#[derive(Debug)]
struct Step<D>(D);

impl<D: Direction> Backward<Flex, 2> for Step<D> {
    type State = (NodeId, NodeId, Geometry);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [source_node, weight_node] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        let (source, weight, geometry) = ops.state;
        // Both are asked for, needed or not: the checkpointer counts who has still to come.
        let source = checkpointer.retrieve_node_output::<FloatTensor<Flex>>(source);
        let weight = checkpointer.retrieve_node_output::<FloatTensor<Flex>>(weight);
        if let Some(node) = weight_node {
            gradients.register::<Flex>(node.id, self.0.weight_gradient(&source, &gradient, &geometry));
        }
        drop(source);
        if let Some(node) = source_node {
            gradients.register::<Flex>(node.id, self.0.source_gradient(gradient, weight, geometry));
        }
    }
}

fn record<C: CheckpointStrategy>(
    source: FloatTensor<Autodiff<Flex, C>>,
    weight: FloatTensor<Autodiff<Flex, C>>,
    geometry: Geometry,
    direction: impl Direction,
) -> FloatTensor<Autodiff<Flex, C>> {
    match Step(direction).prepare::<C>([source.node(), weight.node()]).compute_bound().stateful() {
        OpsKind::Tracked(mut record) => {
            let state = (record.checkpoint(&source), record.checkpoint(&weight), geometry);
            record.finish(state, direction.apply(source.into_primitive(), weight.into_primitive(), geometry))
        }
        OpsKind::UnTracked(record) => record.finish(direction.apply(source.into_primitive(), weight.into_primitive(), geometry)),
    }
}
