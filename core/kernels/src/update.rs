//! How gradients become changes of weights, in one pass where operations one by one would make ten.

use rayon::prelude::*;

use crate::kernel::{Loop, Processor};

/// Numbers that one task changes.
const CHUNK: usize = 1 << 16;

/// A rule of learning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Stochastic gradient descent with momentum as `torch.optim.SGD`, dampening 0: the decay is part of the gradient.
    Sgd {
        /// Learning rate.
        rate: f32,
        /// Share of the last change that is kept.
        momentum: f32,
        /// Whether the gradient counts once more ahead of the momentum.
        nesterov: bool,
        /// Weight decay.
        decay: f32,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2019) as `torch.optim.AdamW`.
    AdamW {
        /// Learning rate.
        rate: f32,
        /// How slowly mean and mean square of the gradient follow.
        betas: [f32; 2],
        /// Added to the root of the mean square.
        epsilon: f32,
        /// Weight decay.
        decay: f32,
    },
}

/// What a rule remembers about a weight from step to step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memory {
    steps: i32,
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Memory {
    /// What was remembered after `steps` steps; the second part is empty for a rule that keeps one number a weight.
    #[must_use]
    pub fn new(steps: i32, [first, second]: [Vec<f32>; 2]) -> Self {
        Self { steps, first, second }
    }

    /// Steps that were taken.
    #[must_use]
    pub fn steps(&self) -> i32 {
        self.steps
    }

    /// What is remembered, a number a weight in each part; the second is empty for a rule that keeps one.
    #[must_use]
    pub fn parts(&self) -> [&[f32]; 2] {
        [&self.first, &self.second]
    }
}

/// Changes `weight` along its gradient.
///
/// # Panics
/// If both, or what is remembered of earlier steps, are not equally long.
pub fn update(rule: Rule, weight: &mut [f32], gradient: &[f32], memory: &mut Memory) {
    assert_eq!(weight.len(), gradient.len());
    let is_first = memory.steps == 0;
    if is_first {
        memory.first = vec![0.0; weight.len()];
        memory.second = if matches!(rule, Rule::AdamW { .. }) { vec![0.0; weight.len()] } else { Vec::new() };
    }
    assert_eq!(weight.len(), memory.first.len());
    memory.steps += 1;
    let steps = memory.steps;
    match rule {
        Rule::Sgd { rate, momentum, nesterov, decay } => {
            let step = move |weight: &mut f32, gradient: f32, [kept, _]: [&mut f32; 2]| {
                let gradient = gradient + decay * *weight;
                *kept = if is_first { gradient } else { gradient + momentum * *kept };
                *weight -= rate * if nesterov { momentum * *kept + gradient } else { *kept };
            };
            // Nothing second is remembered: the gradient's place is a stand-in that is not touched.
            let parts = weight.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK)).zip(memory.first.par_chunks_mut(CHUNK));
            parts.for_each(|((weight, gradient), first)| Processor::get().run(Step { weight, gradient, first, second: &mut [], step }));
        }
        Rule::AdamW { rate, betas: [slow, slower], epsilon, decay } => {
            let (first_whole, second_whole) = (1.0 / (1.0 - slow.powi(steps)), 1.0 / (1.0 - slower.powi(steps)));
            let step = move |weight: &mut f32, gradient: f32, [mean, square]: [&mut f32; 2]| {
                *mean = slow * *mean + (1.0 - slow) * gradient;
                *square = slower * *square + (1.0 - slower) * gradient * gradient;
                let along = *mean * first_whole / ((*square * second_whole).sqrt() + epsilon);
                *weight = *weight * (1.0 - rate * decay) - rate * along;
            };
            let parts = weight.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
            let parts = parts.zip(memory.first.par_chunks_mut(CHUNK).zip(memory.second.par_chunks_mut(CHUNK)));
            parts.for_each(|((weight, gradient), (first, second))| Processor::get().run(Step { weight, gradient, first, second, step }));
        }
    }
}

struct Step<'a, F> {
    weight: &'a mut [f32],
    gradient: &'a [f32],
    first: &'a mut [f32],
    /// Empty where the rule remembers one thing only.
    second: &'a mut [f32],
    step: F,
}

impl<F: Fn(&mut f32, f32, [&mut f32; 2])> Loop for Step<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { weight, gradient, first, second, step } = self;
        let len = weight.len();
        let (gradient, first) = (&gradient[..len], &mut first[..len]);
        if second.is_empty() {
            let mut none = 0.0;
            for at in 0..len {
                step(&mut weight[at], gradient[at], [&mut first[at], &mut none]);
            }
        } else {
            let second = &mut second[..len];
            for at in 0..len {
                step(&mut weight[at], gradient[at], [&mut first[at], &mut second[at]]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three steps on `f = ½·Σ s·w²`, by the textbook in double precision.
    fn assert_follows(rule: Rule, textbook: impl Fn(usize, &mut f64, f64, &mut [f64; 2])) {
        let slopes: Vec<f32> = (0..70_000).map(|at| 0.5 + (at % 13) as f32 / 7.0).collect();
        let mut weight: Vec<f32> = (0..70_000).map(|at| ((at * 31) % 101) as f32 / 50.0 - 1.0).collect();
        let mut wanted: Vec<f64> = weight.iter().map(|w| f64::from(*w)).collect();
        let (mut memory, mut kept) = (Memory::default(), vec![[0.0; 2]; weight.len()]);
        for step in 1..=3 {
            let gradient: Vec<f32> = weight.iter().zip(&slopes).map(|(w, s)| w * s).collect();
            for ((wanted, kept), slope) in wanted.iter_mut().zip(&mut kept).zip(&slopes) {
                let gradient = *wanted * f64::from(*slope);
                textbook(step, wanted, gradient, kept);
            }
            update(rule, &mut weight, &gradient, &mut memory);
        }
        for (found, wanted) in weight.iter().zip(wanted) {
            assert!((f64::from(*found) - wanted).abs() < 1e-5, "{rule:?}: {found} against {wanted}");
        }
    }

    #[test]
    fn rules_are_those_of_the_textbook() {
        for nesterov in [false, true] {
            assert_follows(Rule::Sgd { rate: 0.1, momentum: 0.9, nesterov, decay: 0.01 }, |step, w, g, [kept, _]| {
                let g = g + 0.01 * *w;
                *kept = if step == 1 { g } else { 0.9 * *kept + g };
                *w -= 0.1 * if nesterov { g + 0.9 * *kept } else { *kept };
            });
        }
        assert_follows(Rule::AdamW { rate: 0.01, betas: [0.9, 0.999], epsilon: 1e-8, decay: 0.1 }, |step, w, g, [mean, square]| {
            *w *= 1.0 - 0.01 * 0.1;
            *mean = 0.9 * *mean + 0.1 * g;
            *square = 0.999 * *square + 0.001 * g * g;
            let (mean, square) = (*mean / (1.0 - 0.9f64.powi(step as i32)), *square / (1.0 - 0.999f64.powi(step as i32)));
            *w -= 0.01 * mean / (square.sqrt() + 1e-8);
        });
    }
}
