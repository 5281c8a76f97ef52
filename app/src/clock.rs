//! The time of day.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix milliseconds, as Edits and models are dated.
#[must_use]
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Today (UTC) as year-month-day.
#[must_use]
pub fn today() -> String {
    medley_project::provenance::iso_time(now_ms()).chars().take_while(|&letter| letter != 'T').collect()
}
