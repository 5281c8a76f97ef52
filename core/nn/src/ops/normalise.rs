use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, NodeGuard, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use medley_kernels::{Maps, Statistics};

use super::flex::{numbers, tensor_of};

/// A normalisation of the processor's backend: see [`medley_kernels::normalise`].
#[derive(Debug, Clone)]
pub(crate) struct Normalisation {
    pub maps: Maps,
    pub statistics: Statistics,
    pub rectify: bool,
}

/// Mean and biased variance per channel of `[maps.batch, maps.channels, …]`.
pub(crate) fn moments(input: &Tensor<5>, maps: Maps) -> (Vec<f32>, Vec<f32>) {
    let data = input.clone().inner().try_into_primitive::<Flex>();
    data.map_or_else(|_| (Vec::new(), Vec::new()), |input| medley_kernels::moments(maps, &numbers(&input)))
}

/// Normalises, adds, rectifies, as `how` says.
///
/// # Shapes
/// - input, added, output: `[N, C, D, H, W]`
/// - weight, bias: `[maps.channels]`
pub(crate) fn normalise(input: Tensor<5>, weight: Tensor<1>, bias: Tensor<1>, added: Option<Tensor<5>>, how: Normalisation) -> Tensor<5> {
    let (input, weight, bias) = (input.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(match added {
        None => <Dispatch as NormalisationOps>::normalised(input, weight, bias, how),
        Some(added) => <Dispatch as NormalisationOps>::normalised_with(input, weight, bias, added.into_dispatch(), how),
    })
}

/// What the processor's backend is given beyond the library's own operations.
#[backend_extension(Flex, Autodiff)]
pub(super) trait NormalisationOps: Backend {
    /// Normalised and perhaps rectified.
    fn normalised(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, how: Normalisation) -> FloatTensor<Self>;

    /// Normalised, something added, and perhaps rectified.
    fn normalised_with(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        added: FloatTensor<Self>,
        how: Normalisation,
    ) -> FloatTensor<Self>;
}

impl NormalisationOps for Flex {
    fn normalised(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, how: Normalisation) -> FloatTensor<Self> {
        computed(&input, &weight, &bias, None, &how)
    }

    fn normalised_with(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        added: FloatTensor<Self>,
        how: Normalisation,
    ) -> FloatTensor<Self> {
        computed(&input, &weight, &bias, Some(&added), &how)
    }
}

type Processor = FloatTensor<Flex>;

fn computed(input: &Processor, weight: &Processor, bias: &Processor, added: Option<&Processor>, how: &Normalisation) -> Processor {
    let mut output = vec![0.0; input.shape().num_elements()];
    let added = added.map(numbers);
    let (weight, bias) = (numbers(weight), numbers(bias));
    medley_kernels::normalise(how.maps, &numbers(input), &how.statistics, &weight, &bias, added.as_deref(), how.rectify, &mut output);
    tensor_of(output, input.shape().dims::<5>())
}

/// What the way back needs. The output is kept only where it tells what was cut off; the next layer keeps it anyway.
#[derive(Debug, Clone)]
struct Kept {
    input: NodeId,
    weight: NodeId,
    output: Option<Processor>,
    how: Normalisation,
}

impl Kept {
    fn gradients(self, gradient: &Processor, checkpointer: &mut Checkpointer, wants_added: bool) -> [Option<Processor>; 4] {
        let input = checkpointer.retrieve_node_output::<Processor>(self.input);
        let weight = checkpointer.retrieve_node_output::<Processor>(self.weight);
        let output = self.output.as_ref().map(numbers);
        let Normalisation { maps, statistics, .. } = &self.how;
        let found = medley_kernels::normalise_gradient(
            *maps,
            &numbers(&input),
            statistics,
            &numbers(&weight),
            output.as_deref(),
            &numbers(gradient),
            wants_added,
        );
        let shape = input.shape().dims::<5>();
        // Without a rectifier, what was added gets the output's own gradient.
        let added = wants_added.then(|| found.added.map_or_else(|| gradient.clone(), |added| tensor_of(added, shape)));
        let channels = [maps.channels];
        [Some(tensor_of(found.input, shape)), Some(tensor_of(found.weight, channels)), Some(tensor_of(found.bias, channels)), added]
    }
}

/// The way back to input, weight, bias, and with four parents to what was added.
#[derive(Debug)]
struct WayBack;

impl<const N: usize> Backward<Flex, N> for WayBack {
    type State = Kept;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node);
        let wants_added = ops.parents.get(3).is_some_and(Option::is_some);
        let found = ops.state.gradients(&gradient, checkpointer, wants_added);
        for (node, gradient) in ops.parents.into_iter().zip(found) {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                gradients.register::<Flex>(node.id, gradient);
            }
        }
    }
}

type Recorded<C> = FloatTensor<Autodiff<Flex, C>>;

impl<C: CheckpointStrategy> NormalisationOps for Autodiff<Flex, C> {
    fn normalised(input: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>, how: Normalisation) -> FloatTensor<Self> {
        record::<C, 3>([input.node(), weight.node(), bias.node()], &input, &weight, &bias, None, how)
    }

    fn normalised_with(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        added: FloatTensor<Self>,
        how: Normalisation,
    ) -> FloatTensor<Self> {
        record::<C, 4>([input.node(), weight.node(), bias.node(), added.node()], &input, &weight, &bias, Some(&added), how)
    }
}

fn record<C: CheckpointStrategy, const N: usize>(
    parents: [NodeGuard; N],
    input: &Recorded<C>,
    weight: &Recorded<C>,
    bias: &Recorded<C>,
    added: Option<&Recorded<C>>,
    how: Normalisation,
) -> Recorded<C> {
    let output = computed(input.primitive(), weight.primitive(), bias.primitive(), added.map(Recorded::<C>::primitive), &how);
    match WayBack.prepare::<C>(parents).compute_bound().stateful() {
        OpsKind::Tracked(mut record) => {
            let (input, weight) = (record.checkpoint(input), record.checkpoint(weight));
            let of_output = how.rectify.then(|| output.clone());
            record.finish(Kept { input, weight, output: of_output, how }, output)
        }
        OpsKind::UnTracked(record) => record.finish(output),
    }
}
