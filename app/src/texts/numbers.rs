//! How numbers are written: things that are counted, times, sizes of files. Every sentence that counts asks here for its noun.

/// A number and what is counted, `1 voxel` or `5 voxels`.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", plural(count, one, many))
}

/// The word that follows from a number.
#[must_use]
pub fn plural<'a>(count: usize, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

/// A number of voxels.
#[must_use]
pub fn voxels(count: usize) -> String {
    counted(count, "voxel", "voxels")
}

/// Seconds as a person reads them.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// The size of a file.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1000)),
        1_000_000..10_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.0} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_is_singular() {
        assert_eq!([0, 1, 2].map(voxels), ["0 voxels", "1 voxel", "2 voxels"]);
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!(duration(4.4), "4 s");
        assert_eq!(duration(65.0), "1 min 05 s");
        assert_eq!(duration(3725.0), "1 h 02 min");
        assert_eq!(duration(-1.0), "0 s");
    }

    #[test]
    fn sizes_have_the_digits_that_matter() {
        assert_eq!([1, 999_999, 1_000_000, 185_400_000].map(bytes), ["1 kB", "1000 kB", "1.0 MB", "185 MB"]);
    }
}
