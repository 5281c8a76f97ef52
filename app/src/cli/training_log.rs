//! A training of the command line on its way into the table of trainings.

use medley_learn::{JobEvent, LearnError};
use medley_runs::NewRun;

use super::progress::Progress;
use crate::places;
use crate::run_log::RunLog;

/// Where a training is taken down.
pub struct TrainingLog(RunLog);

impl TrainingLog {
    /// For a training that is about to begin, or to go on.
    #[must_use]
    pub fn new(new: NewRun, is_resumed: bool) -> Self {
        Self(RunLog::begin(places::runs(), new, is_resumed))
    }

    /// Runs a training, shows what it tells and takes it down; `last` is what its outcome would tell.
    ///
    /// # Errors
    /// What the training says.
    pub fn of<T>(
        self,
        train: impl FnOnce(&mut dyn FnMut(JobEvent)) -> Result<T, LearnError>,
        progress: &mut Progress,
        last: impl FnOnce(&T) -> JobEvent,
    ) -> Result<T, LearnError> {
        let Self(log) = self;
        let result = train(&mut |event| {
            progress.show(&event);
            log.take(&event);
        });
        if let Ok(outcome) = &result {
            log.take(&last(outcome));
        }
        log.close(result.as_ref().err());
        result
    }
}
