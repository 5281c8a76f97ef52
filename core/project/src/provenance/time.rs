/// Unix milliseconds as ISO 8601 in UTC, to the second: `2026-11-25T12:16:15Z`.
///
/// The day is counted in the Gregorian calendar in eras of 400 years, from March on so that the leap day comes last.
#[must_use]
pub fn iso_time(at_ms: i64) -> String {
    let seconds = at_ms.div_euclid(1000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let since_era_0 = days + 719_468;
    let (era, day) = (since_era_0.div_euclid(146_097), since_era_0.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year + month / 10, (month + 2) % 12 + 1);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_become_dates() {
        let times = [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (951_868_799_999, "2000-02-29T23:59:59Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_795_564_800_000, "2026-11-25T00:00:00Z"),
            (1_795_608_975_000, "2026-11-25T12:16:15Z"),
        ];
        for (at_ms, text) in times {
            assert_eq!(iso_time(at_ms), text);
        }
    }
}
