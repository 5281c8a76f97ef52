//! A fine-tuning by a plan.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::Plan;
use crate::finetune::{self, write_card};
use crate::{Control, FineTuneOutcome, FineTuneSettings, FineTuneSpec, JobEvent, LearnError};

/// How often a plan is made smaller because the device ran out of memory.
const MOST_ATTEMPTS: usize = 12;

/// Fine-tunes as planned. If the device runs out of memory, goes on from the beginning with the next smaller plan and tells so
/// ([`JobEvent::GivenUp`]); the card says it too. `spec` makes a training with the settings of a plan, once for each attempt.
///
/// # Errors
/// As [`finetune::run`].
pub fn run(
    mut plan: Plan,
    spec: &mut dyn FnMut(&FineTuneSettings) -> Result<FineTuneSpec, LearnError>,
    control: &Control,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<FineTuneOutcome, LearnError> {
    plan.given_up.iter().for_each(|sentence| tell(JobEvent::GivenUp(sentence.clone())));
    let mut attempts = 1;
    let mut outcome = loop {
        match caught(|| finetune::run(spec(&plan.settings)?, control, tell)) {
            Ok(outcome) => break outcome,
            Err(error) if error.is_out_of_memory() && attempts < MOST_ATTEMPTS => {
                let Some(smaller) = plan.smaller("the device ran out of memory") else { return Err(error) };
                log::warn!("{error}");
                plan = smaller;
                attempts += 1;
                if let Some(sentence) = plan.given_up.last() {
                    tell(JobEvent::GivenUp(sentence.clone()));
                }
            }
            Err(error) => return Err(error),
        }
    };
    if !plan.given_up.is_empty() {
        outcome.card.given_up.clone_from(&plan.given_up);
        if let Some(folder) = outcome.card_file.parent() {
            write_card(&outcome.card, folder)?;
        }
    }
    Ok(outcome)
}

/// A panic for want of memory as an error; any other goes on.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T, LearnError>) -> Result<T, LearnError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            match text.filter(|text| says_out_of_memory(text)) {
                Some(text) => Err(LearnError::Compute { device: "the device".to_owned(), reason: text.to_owned() }),
                None => resume_unwind(panic),
            }
        }
    }
}

impl LearnError {
    /// Whether the device ran out of memory, as far as its words tell.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Compute { reason, .. } if says_out_of_memory(reason))
    }
}

/// Words of wgpu, of drivers and of burn's runtime.
fn says_out_of_memory(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let words = [
        "out of memory",
        "out-of-memory",
        "outofmemory",
        "out of device memory",
        "out_of_device_memory",
        "out_of_host_memory",
        "not enough memory",
        "can't allocate buffer",
        "maximum buffer size",
        "memory allocation of",
    ];
    words.iter().any(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn want_of_memory_is_told_from_other_faults() {
        let compute = |reason: &str| LearnError::Compute { device: "gpu".to_owned(), reason: reason.to_owned() };
        assert!(compute("wgpu error: Out of Memory").is_out_of_memory());
        assert!(compute("out of device memory allocating 5 bytes").is_out_of_memory());
        assert!(compute("Buffer size 9 is greater than the maximum buffer size (4)").is_out_of_memory());
        assert!(!compute("the shader does not compile").is_out_of_memory());
        assert!(!LearnError::NoCases.is_out_of_memory());
        let panicking = || -> Result<(), LearnError> { panic!("wgpu error: Out of Memory") };
        assert!(caught(panicking).expect_err("caught").is_out_of_memory());
    }
}
