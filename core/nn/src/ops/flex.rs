//! Tensors of the processor's backend as slices.

use std::ops::Deref;

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::TensorData;

/// The numbers of a 32-bit tensor, in order.
pub(super) struct Numbers(FloatTensor<Flex>);

pub(super) fn numbers(tensor: &FloatTensor<Flex>) -> Numbers {
    Numbers(tensor.to_contiguous())
}

impl Deref for Numbers {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.0.as_slice::<f32>().unwrap_or_default()
    }
}

pub(super) fn tensor_of<const D: usize>(numbers: Vec<f32>, shape: [usize; D]) -> FloatTensor<Flex> {
    FloatTensor::<Flex>::from_data(TensorData::new(numbers, shape))
}
