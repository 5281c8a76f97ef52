//! Encoders that stand still while a new head learns what to make of them.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::Tensor;
use medley_nn::{Encoder, NormMode};

/// The encoder without gradients, its running statistics left as they are.
pub(super) fn frozen(encoder: Encoder) -> Encoder {
    learning(encoder, false).with_norm_mode(NormMode::Frozen)
}

/// The encoder with gradients again, normalising as before.
pub(super) fn thawed(encoder: Encoder, mode: NormMode) -> Encoder {
    learning(encoder, true).with_norm_mode(mode)
}

fn learning(encoder: Encoder, is_learnt: bool) -> Encoder {
    struct Learn(bool);
    impl ModuleMapper for Learn {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.set_require_grad(self.0)
        }
    }
    encoder.map(&mut Learn(is_learnt))
}
