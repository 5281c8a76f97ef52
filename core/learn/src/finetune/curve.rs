//! What a training looked like, and how long it will take.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::card::{CurvePoint, short};

/// Gathers losses into about a hundred points.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Curve {
    every: usize,
    sum: f64,
    count: usize,
    points: Vec<CurvePoint>,
}

impl Curve {
    pub(crate) fn new(steps: usize) -> Self {
        Self { every: steps.div_ceil(100).max(1), sum: 0.0, count: 0, points: Vec::new() }
    }

    pub(crate) fn add(&mut self, step: usize, loss: f64) {
        self.sum += loss;
        self.count += 1;
        if self.count >= self.every {
            self.close(step);
        }
    }

    /// What was measured after a step, put on its point by `mark`.
    pub(crate) fn measured(&mut self, step: usize, mark: impl FnOnce(&mut CurvePoint)) {
        self.close(step);
        if let Some(point) = self.points.last_mut().filter(|point| point.step == step) {
            mark(point);
        }
    }

    fn close(&mut self, step: usize) {
        if self.count > 0 {
            self.points.push(CurvePoint { step, loss: short(self.sum / self.count as f64), dice: None, score: None });
            (self.sum, self.count) = (0.0, 0);
        }
    }

    pub(crate) fn into_points(mut self, step: usize) -> Vec<CurvePoint> {
        self.close(step);
        self.points
    }
}

/// Estimates the time left from the last steps and the last validation.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    seconds_per_step: Option<f64>,
    seconds_per_validation: f64,
}

impl Pace {
    /// `step` counts from 1. The first one also pays for warming up and is forgotten with the second.
    pub(crate) fn step(&mut self, step: usize, took: Duration) {
        let took = took.as_secs_f64();
        let mean = self.seconds_per_step.filter(|_| step > 2);
        self.seconds_per_step = Some(mean.map_or(took, |mean| mean + 0.1 * (took - mean)));
    }

    pub(crate) fn validation(&mut self, took: Duration) {
        self.seconds_per_validation = took.as_secs_f64();
    }

    pub(crate) fn seconds_left(&self, steps: usize, validations: usize) -> Option<f64> {
        self.seconds_per_step.map(|step| step * steps as f64 + self.seconds_per_validation * validations as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_become_means_and_validations_find_their_step() {
        let mut curve = Curve::new(400);
        for step in 1..=10 {
            curve.add(step, step as f64);
            if step == 8 || step == 9 {
                curve.measured(step, |point| point.dice = Some(0.5));
            }
        }
        let points = curve.into_points(10);
        assert_eq!(points.iter().map(|p| p.step).collect::<Vec<_>>(), [4, 8, 9, 10]);
        assert_eq!(points.iter().map(|p| p.loss).collect::<Vec<_>>(), [2.5, 6.5, 9.0, 10.0]);
        assert_eq!(points.iter().map(|p| p.dice.is_some()).collect::<Vec<_>>(), [false, true, true, false]);
    }
}
