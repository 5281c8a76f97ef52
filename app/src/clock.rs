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
    date_of(now_ms().div_euclid(86_400_000))
}

/// The day so many days after 1 January 1970, in the Gregorian calendar: years of 365.2425 days in eras of 400, counted from March so
/// that the leap day comes last.
fn date_of(days: i64) -> String {
    let since_era_0 = days + 719_468;
    let (era, day) = (since_era_0.div_euclid(146_097), since_era_0.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year + month / 10, (month + 2) % 12 + 1);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        for (days, date) in [(0, "1970-01-01"), (-1, "1969-12-31"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_782, "2026-11-25")]
        {
            assert_eq!(date_of(days), date);
        }
    }
}
