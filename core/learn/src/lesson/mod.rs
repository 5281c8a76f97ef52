//! What every fine-tuning has in common, whatever its network is for: [`crate::finetune`], [`crate::classify`], [`crate::detect`].
//!
//! - `Lesson`: what is learned and how it is measured; `train`: the loop over one; `feed`: inputs of coming steps; `freeze`: encoders
//!   that stand still; `finish`: model and card; `standing`: a training's state, into a checkpoint and out of it

mod feed;
mod finish;
mod freeze;
mod standing;
mod train;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use medley_nn::{Encoder, WayBack};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::card::{Card, CardSet, CurvePoint};
use crate::device::OpenDevice;
use crate::{Control, JobEvent, LearnError};

pub(crate) use feed::{Feed, Waiting, feed, usual_threads};
pub(crate) use finish::{Finish, Finished, finish};
pub(crate) use train::{Trained, train};

/// What is learned in a training, and how it is measured.
pub(crate) trait Lesson: Sync {
    /// The network that learns.
    type Network: Module;
    /// What is known of a network that was measured.
    type Measured: Measured;
    /// What a step learns from, not yet on a device.
    type Input: Send;

    /// Its encoder, which may learn at a rate of its own.
    fn encoder(network: &Self::Network) -> &Encoder;

    /// The same network with its encoder changed.
    fn with_encoder(network: Self::Network, change: impl FnOnce(Encoder) -> Encoder) -> Self::Network;

    /// Cases to learn from when it was begun.
    fn cases(&self) -> usize;

    /// Threads that make inputs ready ahead of time.
    fn threads(&self, device: &OpenDevice) -> usize {
        usual_threads(device.is_cpu)
    }

    /// What a step, counted from 0, learns from. Depends on the number alone; asked of other threads, ahead of time.
    fn input(&self, step: usize) -> Self::Input;

    /// The loss of a step and the rest of the way back if blocks are checkpointed; `device` is one for training.
    fn loss(&self, network: &Self::Network, input: Self::Input, step: usize, device: &Device) -> (Tensor<1>, Option<WayBack>);

    /// Where the round ends in which `step` lies, and cases may come and go.
    fn round_end(&self, _step: usize) -> usize {
        usize::MAX
    }

    /// Called before each round, with its first step: takes in cases that came since the last one, and says so.
    fn renew(&mut self, _step: usize, _control: &Control) -> Option<JobEvent> {
        None
    }

    /// Which cases took part when; `None` where they stay the same.
    fn card_set(&self) -> Option<CardSet> {
        None
    }

    /// Goes on as a lesson that has had these cases.
    ///
    /// # Errors
    /// If they are not there any more; the end of a sentence.
    fn take_up(&mut self, _cases: Option<&CardSet>) -> Result<(), String> {
        Ok(())
    }

    /// How good a network is on the validation scans; `None` if there are none.
    fn measure(&self, network: &Self::Network, device: &OpenDevice, control: &Control) -> Result<Option<Self::Measured>, LearnError>;
}

/// What was measured on validation scans.
pub(crate) trait Measured: Serialize + DeserializeOwned {
    /// By which weights are chosen: the higher is the better, the second where the first are equal.
    fn rank(&self) -> (f64, f64);

    /// What that is, in words.
    fn ranked_by(&self) -> &str;

    /// What is told after step `step`.
    fn event(&self, step: usize) -> JobEvent;

    /// Puts it on the curve.
    fn mark(&self, point: &mut CurvePoint);

    /// Writes it down.
    fn note(&self, card: &mut Card);
}
