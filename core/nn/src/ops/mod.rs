//! Convolution, pooling and normalisation: on the processor by [`medley_kernels`], with gradients of their own; on graphics cards by the tensor
//! library.

mod convolve;
mod flex;
mod normalise;
mod pool;
mod update;

pub use convolve::{convolve, convolve_transposed};
pub(crate) use normalise::{Normalisation, moments, normalise};
pub use pool::max_pool3d;
pub use update::{Remembered, can_update, update};

use burn::backend::{DispatchTensor, DispatchTensorKind};
use burn::tensor::Tensor;

/// A tensor of the processor's backend, with or without gradients, and 32-bit; or the tensor given back.
pub(crate) fn on_processor<const D: usize>(tensor: &Tensor<D>) -> bool {
    let DispatchTensor { kind, .. } = tensor.clone().into_dispatch();
    let is_flex = match kind {
        DispatchTensorKind::Flex(_) => true,
        DispatchTensorKind::Autodiff(inner) => matches!(*inner, DispatchTensorKind::Flex(_)),
        _ => false,
    };
    is_flex && tensor.dtype() == burn::tensor::DType::F32
}
