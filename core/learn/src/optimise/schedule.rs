//! Learning rates over the steps of a training.

use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the rate falls after it has risen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Schedule {
    /// `(1 − done)^0.9` down to zero, as nnU-Net.
    #[default]
    Polynomial,
    /// Half a cosine down to zero (Loshchilov and Hutter, SGDR, 2017, without restarts).
    Cosine,
    /// Times a factor after each pass over the training cases, as `torch.optim.lr_scheduler.ExponentialLR`.
    Exponential {
        /// The factor; the reference has 0.99.
        per_epoch: f64,
    },
    /// It does not fall.
    Constant,
}

impl Schedule {
    /// # Errors
    /// A sentence if it makes no sense.
    pub(crate) fn check(self) -> Result<(), String> {
        match self {
            Self::Exponential { per_epoch } if !(per_epoch > 0.0 && per_epoch <= 1.0) => {
                Err("the learning rate's factor per epoch must be above 0 and at most 1".to_owned())
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let schedule = match text.split_once(':').unwrap_or((text, "0.99")) {
            ("polynomial", _) => Some(Self::Polynomial),
            ("cosine", _) => Some(Self::Cosine),
            ("constant", _) => Some(Self::Constant),
            ("exponential", factor) => factor.parse().ok().map(|per_epoch| Self::Exponential { per_epoch }),
            _ => None,
        };
        let refused = || format!("“{text}” is not a schedule: use polynomial, cosine, constant or exponential:0.99");
        schedule.filter(|schedule| schedule.check().is_ok()).ok_or_else(refused)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Polynomial => f.write_str("polynomial"),
            Self::Cosine => f.write_str("cosine"),
            Self::Constant => f.write_str("constant"),
            Self::Exponential { per_epoch } => write!(f, "exponential:{per_epoch}"),
        }
    }
}

/// Learning rates over the steps of a training: a straight rise, then as the schedule says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// The highest rate.
    pub highest: f64,
    /// Factor on it for the encoder.
    pub encoder_factor: f64,
    /// Further factor for each stage of the encoder that lies before its last: the stem gets its fourth power.
    pub stage_factor: f64,
    /// Steps in which the encoder stands still.
    pub frozen: usize,
    /// Steps of the rise.
    pub warm_up: usize,
    /// Steps in all.
    pub steps: usize,
    /// How it falls.
    pub schedule: Schedule,
    /// Steps of a pass over the training cases.
    pub steps_per_epoch: usize,
}

impl Default for Rates {
    fn default() -> Self {
        Self {
            highest: 1e-3,
            encoder_factor: 1.0,
            stage_factor: 1.0,
            frozen: 0,
            warm_up: 0,
            steps: 1,
            schedule: Schedule::Polynomial,
            steps_per_epoch: 1,
        }
    }
}

impl Rates {
    /// The rate of step `step`, counted from 0.
    #[must_use]
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warm_up {
            return self.highest * (step + 1) as f64 / self.warm_up as f64;
        }
        let left = self.steps.saturating_sub(step) as f64 / self.steps.saturating_sub(self.warm_up).max(1) as f64;
        match self.schedule {
            Schedule::Polynomial => self.highest * left.min(1.0).powf(0.9),
            Schedule::Cosine => self.highest * 0.5 * (1.0 - (PI * left.min(1.0)).cos()),
            Schedule::Exponential { per_epoch } => self.highest * per_epoch.powf((step / self.steps_per_epoch.max(1)) as f64),
            Schedule::Constant => self.highest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule) -> Rates {
        Rates { highest: 1.0, encoder_factor: 0.1, warm_up: 10, steps: 110, schedule, steps_per_epoch: 20, ..Rates::default() }
    }

    #[test]
    fn rates_rise_and_then_fall_to_zero() {
        for schedule in [Schedule::Polynomial, Schedule::Cosine] {
            let rates = rates(schedule);
            assert_eq!([0, 9, 10].map(|step| rates.at(step)), [0.1, 1.0, 1.0]);
            assert!((1..100).all(|step| rates.at(10 + step) < rates.at(9 + step)), "{schedule}");
            assert!(rates.at(109) > 0.0 && rates.at(109) < 0.02 && rates.at(110) == 0.0, "{schedule}");
        }
        assert!((rates(Schedule::Cosine).at(60) - 0.5).abs() < 1e-12, "half way is half");
    }

    #[test]
    fn an_exponential_schedule_steps_with_the_epochs() {
        let rates = rates(Schedule::Exponential { per_epoch: 0.5 });
        assert_eq!([10, 19, 20, 39, 40, 100].map(|step| rates.at(step)), [1.0, 1.0, 0.5, 0.5, 0.25, 0.03125]);
    }

    #[test]
    fn schedules_are_read_as_they_are_written() {
        for schedule in [Schedule::Polynomial, Schedule::Cosine, Schedule::Constant, Schedule::Exponential { per_epoch: 0.97 }] {
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
        assert_eq!("exponential".parse(), Ok(Schedule::Exponential { per_epoch: 0.99 }));
        assert!(["linear", "exponential:2", "exponential:x", ""].iter().all(|text| text.parse::<Schedule>().is_err()));
    }
}
