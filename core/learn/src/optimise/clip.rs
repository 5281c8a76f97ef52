//! Gradients made shorter where they are too long.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::read_scalar;
use crate::LearnError;

/// Scales all gradients so that their common length is at most `most` (Pascanu et al., 2013). Returns the length they had.
///
/// # Errors
/// [`LearnError::Compute`] if the device failed.
pub(super) fn clip<M: Module>(
    module: &M,
    gradients: &mut [&mut GradientsParams],
    most: f64,
    is_on_processor: bool,
    device: &str,
) -> Result<f64, LearnError> {
    let mut squares = Squares { gradients, is_on_processor, sum: 0.0, on_device: None };
    module.visit(&mut squares);
    let Squares { sum, on_device, .. } = squares;
    let length = match on_device {
        Some(sum) => read_scalar(sum, device)?,
        None => sum,
    }
    .sqrt();
    if length > most {
        module.visit(&mut Scale { gradients, factor: most / length });
    }
    Ok(length)
}

/// Adds up squares: on the processor one after another in double precision, so that the order is always the same.
struct Squares<'a, 'b> {
    gradients: &'a [&'b mut GradientsParams],
    is_on_processor: bool,
    sum: f64,
    on_device: Option<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_, '_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.iter().find_map(|gradients| gradients.get::<D>(param.id)) else { return };
        if self.is_on_processor {
            self.sum += gradient.into_data().iter::<f32>().map(|value| f64::from(value) * f64::from(value)).sum::<f64>();
            return;
        }
        let sum = (gradient.clone() * gradient).sum();
        self.on_device = Some(match self.on_device.take() {
            Some(other) => other + sum,
            None => sum,
        });
    }
}

struct Scale<'a, 'b> {
    gradients: &'a mut [&'b mut GradientsParams],
    factor: f64,
}

impl ModuleVisitor for Scale<'_, '_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        for gradients in self.gradients.iter_mut() {
            if let Some(gradient) = gradients.remove::<D>(param.id) {
                gradients.register(param.id, gradient.mul_scalar(self.factor));
            }
        }
    }
}
