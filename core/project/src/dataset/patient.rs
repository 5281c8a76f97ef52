//! Whose scan it is, where names say so for certain.

use std::path::Path;

/// How far above the file a patient's folder may lie: collections have `PATIENT/STUDY/SERIES/scan`.
const FOLDERS: usize = 4;

/// The patient of a case by its name, its file's name or its folders'; `None` unless a rule is certain.
///
/// A number at the end of a name is none: in the Decathlon's `liver_12` nobody says whether 12 is a person or a scan.
pub(super) fn of(name: &str, image: &Path) -> Option<String> {
    let places = image.iter().rev().take(1 + FOLDERS).filter_map(|part| part.to_str());
    std::iter::once(name).chain(places).find_map(of_text)
}

fn of_text(text: &str) -> Option<String> {
    let rules = [bids, tcga, numbered_collection, brats, acdc];
    rules.iter().find_map(|rule| rule(text)).map(str::to_owned)
}

fn is_end(text: &str, at: usize) -> bool {
    text.get(at..).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
}

/// `sub-LABEL` at the beginning (BIDS: letters and digits).
fn bids(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("sub-")?;
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let is_entity = length > 0 && rest.get(length..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.']));
    is_entity.then(|| text.get(..4 + length)).flatten()
}

/// `TCGA-XX-XXXX` (The Cancer Genome Atlas: project, site, participant; what follows is the sample).
fn tcga(text: &str) -> Option<&str> {
    let id = text.get(..12)?;
    let groups: Vec<&str> = id.split('-').collect();
    let [start, site, participant] = groups[..] else { return None };
    let is_group = |group: &str, length| group.len() == length && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    (start == "TCGA" && is_group(site, 2) && is_group(participant, 4) && is_end(text, 12)).then_some(id)
}

/// Collections of The Cancer Imaging Archive that number their patients: the beginning and how many digits follow.
const COLLECTIONS: [(&str, usize); 7] =
    [("LIDC-IDRI-", 4), ("LUNG1-", 3), ("LUNG3-", 2), ("UPENN-GBM-", 5), ("UCSF-PDGM-", 4), ("Prostate3T-01-", 4), ("ProstateX-", 4)];

fn numbered_collection(text: &str) -> Option<&str> {
    COLLECTIONS.iter().find_map(|&(start, digits)| {
        let rest = text.strip_prefix(start)?;
        let length = start.len() + digits;
        let is_number = rest.get(..digits)?.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && is_end(text, length)).then(|| text.get(..length)).flatten()
    })
}

/// `BraTS-GLI-00005-001`: challenge, patient, time.
fn brats(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("BraTS-")?;
    let mut groups = rest.split('-');
    let (challenge, patient, time) = (groups.next()?, groups.next()?, groups.next()?);
    let is_number = |group: &str, digits: usize| group.len() >= digits && group.bytes().take(digits).all(|byte| byte.is_ascii_digit());
    let is_id = challenge.bytes().all(|byte| byte.is_ascii_uppercase()) && patient.len() == 5 && is_number(patient, 5);
    (is_id && is_number(time, 3)).then(|| text.get(..6 + challenge.len() + 1 + 5)).flatten()
}

/// `patient001_frame01` of the heart challenge ACDC: two instants of one heart.
fn acdc(text: &str) -> Option<&str> {
    let (patient, frame) = text.split_once("_frame")?;
    let number = patient.strip_prefix("patient")?;
    let is_number = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && frame.starts_with(|c: char| c.is_ascii_digit())).then_some(patient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_known_collections_say_who_it_is() {
        let names = [
            ("sub-01_ses-2_T1w", "sub-01"),
            ("TCGA-02-0006_T1", "TCGA-02-0006"),
            ("LIDC-IDRI-0078", "LIDC-IDRI-0078"),
            ("LUNG1-001_ct", "LUNG1-001"),
            ("BraTS-GLI-00005-101", "BraTS-GLI-00005"),
            ("BraTS-MET-00005-000_seg", "BraTS-MET-00005"),
            ("patient001_frame12", "patient001"),
        ];
        for (name, patient) in names {
            assert_eq!(of(name, Path::new("x.nii")).as_deref(), Some(patient));
            assert_eq!(of("x", &Path::new("set").join(name).join("2001/ct.nii.gz")).as_deref(), Some(patient));
        }
    }

    #[test]
    fn names_that_only_count_do_not() {
        let names = [
            "liver_12",
            "spleen_1",
            "case_0001",
            "patient1",
            "patient001",
            "BraTS20_Training_001",
            "TCGA-02-00061",
            "TCGA-2-0006",
            "LUNG1-01",
            "LUNG1-0011",
            "LIDC-IDRI-00789",
            "BraTS-GLI-0005-001",
            "subject-1",
            "sub-",
            "sub-a-b",
            "sub-ä",
            "mysub-01",
            "TCGA-02-00é",
        ];
        for name in names {
            assert_eq!(of(name, Path::new("data/scan.nii")), None, "{name}");
        }
    }
}
