//! The data that comes inside the program: the sample study and the starter encoder.

use std::io::Write;
use std::path::Path;

use medley_project::{ProjectError, Role, Study};
use medley_volume::LabelTable;
use thiserror::Error;

/// A case of the sample study, as it lies in the program.
pub struct SampleCase {
    /// Its name in the study.
    pub name: &'static str,
    /// The name of its scan's file.
    pub file: &'static str,
    /// What it is for.
    pub role: Role,
    /// Whether it counts as corrected from the start.
    pub is_corrected: bool,
    scan: &'static [u8],
    mask: &'static [u8],
}

/// The corrected case that the first fine-tuning learns from.
pub const FIRST: SampleCase = SampleCase {
    name: "Patient A, lower abdomen",
    file: "patient_a_lower_ct.nii.gz",
    role: Role::Training,
    is_corrected: true,
    scan: include_bytes!("../../assets/sample/patient_a_lower_ct.nii.gz"),
    mask: include_bytes!("../../assets/sample/patient_a_lower_organs5.nii.gz"),
};

/// The case that joins the training set once somebody has marked it as corrected.
pub const SECOND: SampleCase = SampleCase {
    name: "Patient A, upper abdomen",
    file: "patient_a_upper_ct.nii.gz",
    role: Role::Training,
    is_corrected: false,
    scan: include_bytes!("../../assets/sample/patient_a_upper_ct.nii.gz"),
    mask: include_bytes!("../../assets/sample/patient_a_upper_organs5.nii.gz"),
};

/// The case of another person, only measured on.
pub const VALIDATION: SampleCase = SampleCase {
    name: "Patient B, upper abdomen",
    file: "patient_b_ct.nii.gz",
    role: Role::Validation,
    is_corrected: true,
    scan: include_bytes!("../../assets/sample/patient_b_ct.nii.gz"),
    mask: include_bytes!("../../assets/sample/patient_b_organs5.nii.gz"),
};

/// The five organs of the sample study.
pub const ORGANS: [(u16, &str); 5] = [(1, "spleen"), (2, "liver"), (3, "stomach"), (4, "aorta"), (5, "inferior_vena_cava")];

const TEXTS: [(&str, &str); 3] = [
    ("README.md", include_str!("../../assets/sample/README.md")),
    ("NOTICE", include_str!("../../assets/NOTICE")),
    ("LICENSE-Apache-2.0.txt", include_str!("../../assets/LICENSES/Apache-2.0-TotalSegmentator.txt")),
];

/// Why the sample study could not be unpacked.
#[derive(Debug, Error)]
pub enum SampleError {
    /// A folder or file could not be written.
    #[error("the sample study could not be unpacked into {folder}: {source}; free some space or choose another place by MEDLEY_DATA_DIR")]
    Write {
        /// Where it was to go.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The folder holds something already.
    #[error("{folder} is there already and is not empty: the sample study needs a folder of its own")]
    Occupied {
        /// The folder.
        folder: String,
    },
    /// The study could not be made.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// The bundled data cannot be read; a broken build.
    #[error(transparent)]
    Data(#[from] medley_io::IoError),
}

impl SampleCase {
    /// The scan.
    ///
    /// # Errors
    /// If the bundled data is damaged.
    pub fn scan(&self) -> Result<medley_io::OpenedVolume, medley_io::IoError> {
        medley_io::volume_from_bytes(self.file, self.scan)
    }

    /// The mask that comes with the scan.
    ///
    /// # Errors
    /// If the bundled data is damaged.
    pub fn reference(&self) -> Result<medley_io::OpenedLabels, medley_io::IoError> {
        medley_io::labels_from_bytes(self.file, self.mask)
    }
}

/// Unpacks the sample study into `folder`, which must not exist or be empty, and opens it.
///
/// It is made beside its place and moved there when it is whole, so that a program killed meanwhile leaves no half a study.
///
/// # Errors
/// [`SampleError`]: a sentence that names the folder.
pub fn unpack_study(folder: &Path) -> Result<Study, SampleError> {
    let failed = |source| SampleError::Write { folder: folder.display().to_string(), source };
    let folder = std::path::absolute(folder).map_err(failed)?;
    if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) || folder.is_file() {
        return Err(SampleError::Occupied { folder: folder.display().to_string() });
    }
    let above = folder.parent().unwrap_or(&folder);
    std::fs::create_dir_all(above).map_err(failed)?;
    let beside = tempfile::Builder::new().prefix(".unpacking-").tempdir_in(above).map_err(failed)?;
    let unpacked = beside.path().join("study");
    fill(&unpacked, failed)?;
    // An empty folder may be there; a rename onto it works on some systems only.
    let _ = std::fs::remove_dir(&folder);
    std::fs::rename(&unpacked, &folder).map_err(failed)?;
    Ok(Study::open(&folder)?)
}

fn fill(folder: &Path, failed: impl Fn(std::io::Error) -> SampleError) -> Result<(), SampleError> {
    let study = Study::create(folder, &LabelTable::from_names(ORGANS))?;
    let write = |path: &Path, bytes: &[u8]| std::fs::File::create_new(path).and_then(|mut file| file.write_all(bytes));
    for (name, text) in TEXTS {
        write(&folder.join(name), text.as_bytes()).map_err(&failed)?;
    }
    let images = folder.join("images");
    std::fs::create_dir_all(&images).map_err(&failed)?;
    for case in [FIRST, SECOND, VALIDATION] {
        let image = images.join(case.file);
        write(&image, case.scan).map_err(&failed)?;
        let id = study.add_case(case.name, &image, case.role)?;
        study.import_mask(id, &case.reference()?.labels)?;
        study.set_corrected(id, case.is_corrected)?;
    }
    Ok(())
}

/// What the starter encoder is called in reports and cards of models.
pub const STARTER_NAME: &str = "the bundled starter encoder";

/// The encoder that fine-tuning starts from unless another is chosen: a `.safetensors` file in memory.
#[must_use]
pub fn starter_encoder() -> &'static [u8] {
    include_bytes!("../../assets/starter/resnet10_w16_starter.safetensors")
}

#[cfg(test)]
mod tests {
    use medley_volume::VoxelIndex;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_sample_study_unpacks_whole_and_only_once() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = place.path().join("above").join("Sample study");
        let study = unpack_study(&folder).expect("unpacked");
        let cases = study.cases().expect("a list");
        let about: Vec<_> = cases.iter().map(|case| (case.role, case.is_corrected, case.has_mask)).collect();
        let wanted = [(Role::Training, true, true), (Role::Training, false, true), (Role::Validation, true, true)];
        assert_eq!(about, wanted);
        for (case, bundled) in cases.iter().zip([FIRST, SECOND, VALIDATION]) {
            let open = study.load_case(case.id).expect("loads");
            assert_eq!(open.mask, bundled.reference().expect("bundled").labels);
            assert_eq!(open.volume.grid(), open.mask.grid());
            assert!(case.image.starts_with(&folder));
        }
        assert!(folder.join("LICENSE-Apache-2.0.txt").is_file() && folder.join("NOTICE").is_file());
        assert_eq!(std::fs::read_dir(place.path().join("above")).expect("listed").count(), 1, "nothing is left beside it");
        drop(study);
        assert!(matches!(unpack_study(&folder), Err(SampleError::Occupied { .. })));
        assert!(Study::open(&folder).is_ok());
    }

    #[test]
    fn patient_b_is_in_no_training_case() {
        assert!(matches!(VALIDATION.role, Role::Validation));
        assert!([FIRST, SECOND].iter().all(|case| case.file.starts_with("patient_a")));
    }

    #[test]
    fn the_bundled_data_is_what_the_preparation_script_wrote() {
        let sums = include_str!("../../assets/SHA256SUMS");
        for case in [FIRST, SECOND, VALIDATION] {
            for (file, bytes) in [(case.file.to_owned(), case.scan), (case.file.replace("_ct.", "_organs5."), case.mask)] {
                let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
                assert!(sums.lines().any(|line| line == format!("{sum}  sample/{file}")), "{file}");
            }
        }
    }

    #[test]
    fn the_starter_encoder_was_pretrained_and_is_whole() {
        let bytes = starter_encoder();
        let file = medley_nn::weights::WeightsFile::from_bytes("starter", bytes).expect("weights");
        let found = file.architecture().expect("a network");
        assert_eq!((found.depth, found.base_width, found.in_channels), (medley_nn::Depth::R10, 16, 1));
        assert!(!file.metadata().contains_key("placeholder"), "random weights stand in for the starter encoder: see assets/starter");
        assert!(file.metadata().contains_key(medley_learn::card::METADATA_KEY), "it says how it was made");
        assert!(bytes.len() <= 5 << 20);
    }

    #[test]
    fn patient_a_is_cut_in_two_parts_that_lie_end_to_end() {
        let [lower, upper] = [FIRST, SECOND].map(|case| *case.reference().expect("bundled").labels.grid());
        let above = lower.ras_of(VoxelIndex([0, 0, lower.shape()[2]]));
        assert_eq!(above, upper.ras_of(VoxelIndex([0, 0, 0])));
    }
}
