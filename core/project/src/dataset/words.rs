//! How people call scans and masks.

/// Endings of files that can be opened, longest first where one ends with another.
pub(super) const ENDINGS: [&str; 9] = [".nii.gz", ".nii", ".seg.nrrd", ".nrrd", ".nhdr", ".mha", ".mhd", ".npy", ".hdr"];

/// Names of masks, longest first where one begins or ends with another.
const MASK: [&str; 17] = [
    "segmentations",
    "segmentation",
    "ground_truth",
    "groundtruth",
    "annotation",
    "contour",
    "labelmap",
    "labels",
    "label",
    "masks",
    "mask",
    "dseg",
    "segm",
    "seg",
    "truth",
    "roi",
    "gt",
];
/// Names of scans, likewise.
const IMAGE: [&str; 19] = [
    "original", "volume", "image", "scan", "t1ce", "t1gd", "t1w", "t2w", "flair", "cbct", "data", "img", "vol", "mri", "ct", "mr", "t1",
    "t2", "pd",
];
/// Folders of masks. `Tr`, `Ts` and `Val` may follow.
const MASK_FOLDERS: [&str; 14] = [
    "labels",
    "label",
    "masks",
    "mask",
    "segmentations",
    "segmentation",
    "segs",
    "seg",
    "gt",
    "ground_truth",
    "groundtruth",
    "annotations",
    "annotation",
    "labelmaps",
];
/// Folders of scans, likewise.
const IMAGE_FOLDERS: [&str; 9] = ["images", "image", "imgs", "img", "scans", "volumes", "vols", "cts", "data"];

/// The end of a file's name if a file called so can be opened, letter case aside.
pub(super) fn ending(name: &str) -> Option<&str> {
    ENDINGS.iter().find_map(|ending| {
        let end = name.get(name.len().checked_sub(ending.len())?..)?;
        end.eq_ignore_ascii_case(ending).then_some(end)
    })
}

/// A file's name without its ending. Of 3D Slicer's `X.seg.nrrd` it is `X.seg`, a name of a mask.
pub(super) fn stem(name: &str) -> &str {
    let ending = ending(name).unwrap_or_default();
    let cut = if ending.eq_ignore_ascii_case(".seg.nrrd") { ".nrrd".len() } else { ending.len() };
    name.get(..name.len() - cut).unwrap_or(name)
}

/// What is left of a stem without one of `words` at its end or beginning; empty if it is nothing else. Between word and rest there
/// must be a joint, or, after a word at the beginning, a digit.
fn without<'a>(stem: &'a str, words: &[&str]) -> Option<&'a str> {
    let lower = stem.to_ascii_lowercase();
    let is_joint = |c: char| matches!(c, '_' | '-' | '.' | ' ');
    for word in words {
        if lower == *word {
            return Some("");
        }
        if lower.ends_with(word)
            && let Some(rest) = stem.get(..stem.len() - word.len())
            && let Some(base) = rest.strip_suffix(is_joint)
            && !base.is_empty()
        {
            return Some(base);
        }
        if lower.starts_with(word)
            && let Some(rest) = stem.get(word.len()..)
        {
            let base = rest.strip_prefix(is_joint).or_else(|| rest.starts_with(|c: char| c.is_ascii_digit()).then_some(rest));
            if let Some(base) = base.filter(|base| !base.is_empty()) {
                return Some(base);
            }
        }
    }
    None
}

/// What a mask's name says of its scan: `X` of `X_seg`; empty for a bare `mask`; `None` if it is no name of a mask.
pub(super) fn mask_base(stem: &str) -> Option<&str> {
    without(stem, &MASK)
}

/// What a scan is called beside masks: its stem, and the same without a word for scans or nnU-Net's first channel.
pub(super) fn image_bases(stem: &str) -> Vec<&str> {
    let mut bases = vec![stem];
    bases.extend(without(stem, &IMAGE));
    bases.extend(stem.strip_suffix("_0000").filter(|base| !base.is_empty()));
    bases
}

/// Whether a scan's name is nothing but a word for scans.
pub(super) fn is_bare_image(stem: &str) -> bool {
    without(stem, &IMAGE) == Some("")
}

/// What a stem says if it is nnU-Net's for a channel: the case and the channel's number.
pub(super) fn channel(stem: &str) -> Option<(&str, u16)> {
    let (base, digits) = stem.rsplit_once('_')?;
    let is_channel = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()) && !base.is_empty();
    is_channel.then(|| digits.parse().ok().map(|number| (base, number))).flatten()
}

/// Whether a folder holds scans or masks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Images,
    Masks,
}

/// What a folder's name says of its contents: scans or masks, and of which part (`Tr`, `Ts`, `Val` in small letters, or nothing).
pub(super) fn of_folder(name: &str) -> Option<(Holds, &'static str)> {
    let lower = name.to_ascii_lowercase();
    for part in ["tr", "ts", "val", ""] {
        let Some(word) = lower.strip_suffix(part) else { continue };
        // Only what is meant so: `imagesTr`, not `datats`.
        let is_plural = part.is_empty() || matches!(word, "images" | "labels");
        if is_plural && MASK_FOLDERS.contains(&word) {
            return Some((Holds::Masks, part));
        }
        if is_plural && IMAGE_FOLDERS.contains(&word) {
            return Some((Holds::Images, part));
        }
    }
    None
}

/// What a folder called so is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Training,
    Validation,
    Test,
}

/// What the name of a folder says its cases are for.
pub(super) fn part(folder: &str) -> Option<Part> {
    match (folder.to_ascii_lowercase().as_str(), of_folder(folder)) {
        ("train" | "training" | "tr", _) | (_, Some((_, "tr"))) => Some(Part::Training),
        ("val" | "valid" | "validation", _) | (_, Some((_, "val"))) => Some(Part::Validation),
        ("test" | "testing" | "ts", _) | (_, Some((_, "ts"))) => Some(Part::Test),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_are_told_by_their_names() {
        let bases = ["liver_1_seg", "x-label", "X.SEG", "segmentation-0", "label0007", "mask", "a_dseg", "a b gt", "Ground_Truth"];
        let expected = ["liver_1", "x", "X", "0", "0007", "", "a", "a b", ""];
        assert_eq!(bases.map(mask_base), expected.map(Some));
        for scan in ["liver_1", "masked", "segment", "labelled_scan", "roimage", "ct", "gtv", "maskö", ""] {
            assert_eq!(mask_base(scan), None, "{scan}");
        }
    }

    #[test]
    fn scans_may_say_that_they_are_scans() {
        assert_eq!(image_bases("volume-0"), ["volume-0", "0"]);
        assert_eq!(image_bases("case_0000"), ["case_0000", "case"]);
        assert_eq!(image_bases("case_ct"), ["case_ct", "case"]);
        assert_eq!(image_bases("actor"), ["actor"]);
        assert!(is_bare_image("CT") && !is_bare_image("ct_1"));
        assert_eq!((channel("a_0001"), channel("a_001"), channel("_0001")), (Some(("a", 1)), None, None));
    }

    #[test]
    fn endings_and_folders_are_known() {
        assert_eq!(["a.NII.GZ", "a.seg.nrrd", "a.mhd", "a.b.npy"].map(stem), ["a", "a.seg", "a", "a.b"]);
        assert_eq!(["a.raw", "a.gz", "nii", "a.json"].map(ending), [None; 4]);
        assert_eq!(of_folder("imagesTr"), Some((Holds::Images, "tr")));
        assert_eq!(of_folder("Masks"), Some((Holds::Masks, "")));
        assert_eq!((of_folder("datats"), of_folder("liver"), of_folder("gtval")), (None, None, None));
        assert_eq!(
            ["Val", "labelsTs", "train", "trains"].map(part),
            [Some(Part::Validation), Some(Part::Test), Some(Part::Training), None]
        );
    }
}
