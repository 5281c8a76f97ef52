//! Names of cases, and the names of their files.

/// The longest file stem given to a mask; with `.nii.gz` and a number it stays below what every file system allows.
const MOST_BYTES: usize = 100;

/// Names that Windows keeps for itself, whatever follows the first dot.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3", "lpt4",
    "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// A file stem for a case that every system can store: ASCII letters, digits, `-`, `_` and `.`.
pub(crate) fn file_stem(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let plain: String = name.chars().take(MOST_BYTES).map(keep).collect();
    let plain = plain.trim_matches(['.', '_']);
    let first = plain.split('.').next().unwrap_or_default().to_ascii_lowercase();
    if plain.is_empty() {
        return "case".to_owned();
    }
    if RESERVED.contains(&first.as_str()) {
        return format!("case-{plain}");
    }
    plain.to_owned()
}

/// `name`, or `name` with the first number behind it that nobody has, letter case aside.
pub(crate) fn unique(name: &str, joint: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(name) {
        return name.to_owned();
    }
    let numbered = (2..=u64::MAX).map(|n| format!("{name}{joint}{n}")).find(|name| !is_taken(name));
    numbered.unwrap_or_else(|| name.to_owned())
}

/// An image's file name without its folders and endings: what a case is called unless somebody names it.
pub(crate) fn of_file(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let lower = name.to_ascii_lowercase();
    let endings = [".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".nhdr", ".mha", ".mhd", ".npy", ".hdr", ".dcm", ".gz"];
    let ending = endings.iter().find(|ending| lower.ends_with(*ending)).map_or(0, |ending| ending.len());
    &name[..name.len() - ending]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_file_every_system_can_store() {
        assert_eq!(file_stem("liver_07"), "liver_07");
        assert_eq!(file_stem("../../etc/passwd"), "etc_passwd");
        assert_eq!(file_stem("Leber ü/1"), "Leber___1");
        assert_eq!(file_stem("..."), "case");
        assert_eq!(file_stem("nul.txt"), "case-nul.txt");
        assert_eq!(file_stem(&"x".repeat(500)).len(), 100);
        for name in ["a\0b", "é", "CON", "a/../b", "", " x "] {
            assert_eq!(file_stem(&file_stem(name)), file_stem(name));
        }
    }

    #[test]
    fn taken_names_get_a_number() {
        let taken = ["ct", "ct 2"];
        assert_eq!(unique("ct", " ", |name| taken.contains(&name)), "ct 3");
        assert_eq!(unique("mr", " ", |name| taken.contains(&name)), "mr");
    }

    #[test]
    fn a_case_is_called_as_its_file() {
        assert_eq!(of_file("imagesTr/spleen_10.nii.gz"), "spleen_10");
        assert_eq!(of_file("ct.NII"), "ct");
        assert_eq!(of_file(".nii.gz"), "");
    }
}
