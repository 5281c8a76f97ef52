//! What a file made from a scan takes over from it, so that it belongs to the same patient and study (PS3.3 C.7.1, C.7.2).

use std::collections::BTreeMap;
use std::path::Path;

use medley_volume::LabelMap;

use super::data_set::{DataSet, Tag};
use super::series::Series;
use super::writer::{Writer, new_uid};
use super::{pixels, tags};
use crate::IoError;

/// Taken over as they are: the attributes of patient and study, with their value representations.
const TAKEN: [(Tag, &[u8; 2]); 13] = [
    (tags::STUDY_DATE, b"DA"),
    (tags::STUDY_TIME, b"TM"),
    (tags::ACCESSION_NUMBER, b"SH"),
    (tags::REFERRING_PHYSICIAN_NAME, b"PN"),
    (tags::STUDY_DESCRIPTION, b"LO"),
    (tags::PATIENT_NAME, b"PN"),
    (tags::PATIENT_ID, b"LO"),
    (tags::PATIENT_BIRTH_DATE, b"DA"),
    (tags::PATIENT_SEX, b"CS"),
    (tags::PATIENT_AGE, b"AS"),
    (tags::STUDY_INSTANCE_UID, b"UI"),
    (tags::STUDY_ID, b"SH"),
    (tags::POSITION_REFERENCE_INDICATOR, b"LO"),
];
/// Type 2 and not written if they are not there.
const OPTIONAL: [Tag; 2] = [tags::STUDY_DESCRIPTION, tags::PATIENT_AGE];

/// What keeps a mask from becoming a DICOM file.
pub(crate) fn unfit(path: &Path, fault: &str, advice: &'static str) -> IoError {
    IoError::Unfit { file: path.display().to_string(), fault: fault.to_owned(), advice }
}

/// The labels that a mask holds, background left out.
///
/// # Errors
/// If there is none, of which `empty` says why that cannot be written, or the mask does not lie on the series that it was made on.
pub(crate) fn labels_on(path: &Path, labels: &LabelMap, source: Option<&Series>, empty: &str) -> Result<Vec<u16>, IoError> {
    let values: Vec<u16> = labels.counts().into_keys().filter(|&value| value != 0).collect();
    if values.is_empty() {
        return Err(unfit(path, empty, "paint something first"));
    }
    match source.and_then(Series::grid) {
        Some(own) if own.require_same(labels.grid()).is_err() => {
            Err(unfit(path, "the mask lies on another grid than the series", "choose the series that the mask was made on"))
        }
        _ => Ok(values),
    }
}

/// Patient, study, frame of reference and the words that files made from a scan begin with.
pub(crate) struct Study {
    values: BTreeMap<Tag, Vec<u8>>,
    character_set: Vec<u8>,
    is_unicode: bool,
    pub frame_of_reference: String,
}

impl Study {
    /// That of a series; a new one, of nobody, without a series.
    ///
    /// # Errors
    /// If the files of the series cannot be read any more.
    pub fn of(series: Option<&Series>) -> Result<Self, IoError> {
        let mut study = match series.and_then(|series| series.files.first()) {
            Some(file) => pixels::with_header(file, Self::read)?,
            None => {
                Self { values: BTreeMap::new(), character_set: b"ISO_IR 192".to_vec(), is_unicode: true, frame_of_reference: String::new() }
            }
        };
        if study.values.get(&tags::STUDY_INSTANCE_UID).is_none_or(Vec::is_empty) {
            study.values.insert(tags::STUDY_INSTANCE_UID, new_uid().into_bytes());
        }
        if study.frame_of_reference.is_empty() {
            study.frame_of_reference = new_uid();
        }
        Ok(study)
    }

    /// Text is Unicode where that can say what the scan's own characters say; else the scan's characters stay.
    fn read(set: &DataSet<'_>) -> Self {
        let named = set.text(tags::SPECIFIC_CHARACTER_SET);
        let is_latin = named == "ISO_IR 100";
        let is_unicode = is_latin || matches!(named.as_str(), "" | "ISO_IR 6" | "ISO_IR 192");
        let mut values = BTreeMap::new();
        for (tag, _) in TAKEN {
            if let Some(element) = set.get(tag) {
                let text = element.value.trim_ascii();
                let value =
                    if is_latin { text.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes() } else { text.to_vec() };
                values.insert(tag, value.into_iter().take(0xfffe).collect());
            }
        }
        let character_set = if is_unicode {
            b"ISO_IR 192".to_vec()
        } else {
            set.get(tags::SPECIFIC_CHARACTER_SET).map_or(Vec::new(), |e| e.value.to_vec())
        };
        Self { values, character_set, is_unicode, frame_of_reference: set.text(tags::FRAME_OF_REFERENCE_UID) }
    }

    /// Writes patient, study, frame of reference, and the equipment that made the file.
    pub fn write(&self, writer: &mut Writer) {
        writer.bytes(tags::SPECIFIC_CHARACTER_SET, b"CS", &self.character_set);
        for (tag, vr) in TAKEN {
            match self.values.get(&tag) {
                Some(value) => writer.bytes(tag, vr, value),
                None if OPTIONAL.contains(&tag) => writer,
                None => writer.bytes(tag, vr, b""),
            };
        }
        writer.text(tags::FRAME_OF_REFERENCE_UID, b"UI", &self.frame_of_reference);
        writer.text(tags::MANUFACTURER, b"LO", "Medley").text(tags::MANUFACTURER_MODEL_NAME, b"LO", "Medley");
        writer.text(tags::DEVICE_SERIAL_NUMBER, b"LO", "0").text(tags::SOFTWARE_VERSIONS, b"LO", env!("CARGO_PKG_VERSION"));
    }

    /// A text of ours in the characters of the file, `most` of them at most, without what DICOM gives another meaning (PS3.5 6.2).
    pub fn words(&self, text: &str, most: usize) -> String {
        let plain = |c: char| if c.is_control() || c == '\\' { ' ' } else { c };
        let fits = |c: char| if self.is_unicode || c.is_ascii() { c } else { '?' };
        text.chars().map(plain).map(fits).take(most).collect::<String>().trim().to_owned()
    }
}

/// Today's date and the time in UTC, as DICOM writes them.
pub(crate) fn now() -> [String; 2] {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Civil date from a count of days (Hinnant 2013), years beginning in March.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    [format!("{year:04}{month:02}{day:02}"), format!("{:02}{:02}{:02}", rest / 3600, rest / 60 % 60, rest % 60)]
}
