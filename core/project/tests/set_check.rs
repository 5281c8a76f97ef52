//! What a check of a data set finds, and what it leaves alone.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use medley_io::StoredGeometry;
use medley_project::dataset::{Options, Problem, ProblemKind, SetReport, Severity};
use medley_project::{DataSet, ProjectError, Role};
use medley_volume::glam::{DAffine3, DVec3};
use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};

/// A Decathlon list that is made case by case.
struct Set {
    folder: tempfile::TempDir,
    training: Vec<String>,
    validation: Vec<String>,
    test: Vec<String>,
    head: &'static str,
}

const MR: &str = r#""modality": "MRI", "labels": {"0": "background", "1": "liver", "2": "vein"}"#;

impl Set {
    fn new(head: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, training: Vec::new(), validation: Vec::new(), test: Vec::new(), head }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn scan(&self, name: &str, grid: &Grid, voxels: Voxels) -> String {
        let volume = Volume::new(*grid, voxels, Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        medley_io::write_volume(&self.at(name), &volume, &StoredGeometry::of_grid(grid)).expect("written");
        name.to_owned()
    }

    /// A mask that holds `labels`, one voxel each.
    fn mask(&self, name: &str, grid: &Grid, labels: &[u16]) -> String {
        let mut mask = LabelMap::empty(*grid);
        labels.iter().enumerate().for_each(|(offset, &label)| mask.set(offset, label));
        medley_io::write_labels(&self.at(name), &mask, &StoredGeometry::of_grid(grid)).expect("written");
        name.to_owned()
    }

    /// A case without fault whose scan is of `seed`.
    fn case(&mut self, name: &str, seed: usize, role: Role) {
        let image = self.scan(&format!("{name}.nii.gz"), &common::grid(), noise(seed));
        let label = self.mask(&format!("{name}_seg.nii.gz"), &common::grid(), &[1, 2]);
        self.pair(role, &image, &label);
    }

    fn pair(&mut self, role: Role, image: &str, label: &str) {
        let pair = format!(r#"{{"image": "{image}", "label": "{label}"}}"#);
        match role {
            Role::Training => self.training.push(pair),
            Role::Validation => self.validation.push(pair),
            Role::Unassigned => self.test.push(format!("\"{image}\"")),
        }
    }

    fn open(&self) -> DataSet {
        let [training, validation, test] = [&self.training, &self.validation, &self.test].map(|list| list.join(","));
        let text = format!(r#"{{{}, "training": [{training}], "validation": [{validation}], "test": [{test}]}}"#, self.head);
        fs::write(self.at("dataset.json"), text).expect("written");
        DataSet::open_with(self.folder.path(), &Options { keep_missing: true, ..Options::default() }).expect("a data set")
    }

    fn check(&self) -> SetReport {
        self.open().check(&|_, _| true).expect("not stopped")
    }
}

fn noise(seed: usize) -> Voxels {
    let len: usize = common::SHAPE.iter().product();
    Voxels::I16((0..len).map(|n| ((n * 31 + seed * 7919) % 499) as i16).collect())
}

fn kinds(report: &SetReport) -> Vec<(ProblemKind, Severity, Vec<&str>)> {
    report.problems.iter().map(|problem| (problem.kind, problem.severity, cases(problem))).collect()
}

fn cases(problem: &Problem) -> Vec<&str> {
    problem.cases.iter().map(String::as_str).collect()
}

/// The only problem of a set in which case `bad` is amiss and the others are not.
fn only(set: &Set) -> Problem {
    let report = set.check();
    assert_eq!(report.problems.len(), 1, "{:#?}", report.problems);
    let problem = report.problems[0].clone();
    assert_eq!(problem.cases, ["bad"]);
    let usable = report.usable().contains(&"bad");
    assert_eq!(usable, problem.severity == Severity::Warning);
    assert!(report.usable().contains(&"good"));
    assert!(problem.what.ends_with('.') && !problem.what.ends_with("..") && problem.what.contains(';'), "{}", problem.what);
    problem
}

fn with_good_case() -> Set {
    let mut set = Set::new(MR);
    set.case("good", 1, Role::Training);
    set
}

#[test]
fn a_set_without_fault_has_no_problems() {
    let mut set = with_good_case();
    set.case("other", 2, Role::Training);
    set.case("third", 3, Role::Validation);
    let report = set.check();
    assert_eq!(report.problems, []);
    assert_eq!(report.usable(), ["good", "other", "third"]);
    assert_eq!(report.labels.into_iter().collect::<Vec<_>>(), [(1, 3), (2, 3)]);
    let facts = &report.cases[0];
    assert_eq!((facts.shape, facts.labels.as_deref(), facts.role), (Some(common::SHAPE), Some(&[1, 2][..]), Role::Training));
    let spacing = facts.spacing_mm.expect("a spacing");
    assert!(spacing.iter().zip([1.5, 2.0, 2.5]).all(|(a, b)| (a - b).abs() < 1e-4), "{spacing:?}");
}

#[test]
fn missing_and_unreadable_files_are_errors_of_their_case() {
    let mut set = with_good_case();
    set.case("bad", 2, Role::Training);
    fs::remove_file(set.at("bad_seg.nii.gz")).expect("removed");
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::MissingFile, Severity::Error));
    assert!(problem.what.contains("bad_seg.nii.gz is not there, or is no file"), "{}", problem.what);
    set.mask("bad_seg.nii.gz", &common::grid(), &[1, 2]);
    fs::create_dir(set.at("folder.nii")).expect("a folder");
    set.pair(Role::Unassigned, "folder.nii", "");
    assert_eq!(set.open().cases.len(), 2, "a folder without DICOM files is no test image");
    set.test.clear();
    let whole = fs::read(set.at("bad.nii.gz")).expect("read");
    for broken in [&whole[..whole.len() / 2], b"no scan", b""] {
        fs::write(set.at("bad.nii.gz"), broken).expect("written");
        let problem = only(&set);
        assert_eq!((problem.kind, problem.severity), (ProblemKind::UnreadableFile, Severity::Error));
        assert!(problem.what.contains("bad.nii.gz"), "{}", problem.what);
    }
}

#[test]
fn a_scan_is_not_its_own_mask() {
    let mut set = with_good_case();
    let image = set.scan("bad.nii.gz", &common::grid(), noise(2));
    set.pair(Role::Training, &image, &format!("./{image}"));
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::MaskIsScan, Severity::Error));
}

#[test]
fn masks_that_do_not_fit_are_errors_that_say_how() {
    let [i, j, k] = common::SHAPE;
    let shifted = Grid::new(common::SHAPE, DAffine3::from_translation(DVec3::new(0.0, 0.0, 30.0)) * common::grid().ras_from_voxel());
    let others = [
        (Grid::new([i, j, k - 1], common::grid().ras_from_voxel()).expect("a grid"), "it has 14×11×8 voxels and the scan 14×11×9"),
        (shifted.expect("a grid"), "it lies 30.00 mm away"),
        (Grid::axis_aligned(common::SHAPE, [1.5, 2.0, 2.5]).expect("a grid"), "its axes run RAS and the scan's LAS"),
    ];
    for (grid, how) in others {
        let mut set = with_good_case();
        set.case("bad", 2, Role::Training);
        set.mask("bad_seg.nii.gz", &grid, &[1]);
        let problem = only(&set);
        assert_eq!((problem.kind, problem.severity), (ProblemKind::OtherGrid, Severity::Error));
        assert!(problem.what.contains(how), "{}", problem.what);
        let data = set.open();
        assert!(data.load(&data.cases[1]).is_err(), "what the check calls unusable does not load");
    }
}

#[test]
fn values_of_masks_are_compared_with_the_names_of_labels() {
    let mut set = with_good_case();
    set.case("bad", 2, Role::Training);
    set.mask("bad_seg.nii.gz", &common::grid(), &[1, 9, 300]);
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::UnnamedLabels, Severity::Warning));
    assert!(problem.what.contains("does not name: 9, 300"), "{}", problem.what);

    set.mask("bad_seg.nii.gz", &common::grid(), &[]);
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::EmptyMask, Severity::Warning));

    let len: usize = common::SHAPE.iter().product();
    set.scan("bad_seg.nii.gz", &common::grid(), Voxels::F32((0..len).map(|n| n as f32 / 2.0).collect()));
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::NotLabels, Severity::Error));

    let mut set = Set::new(MR);
    set.case("a", 1, Role::Training);
    set.mask("a_seg.nii.gz", &common::grid(), &[1]);
    let report = set.check();
    assert_eq!(kinds(&report), [(ProblemKind::UnusedLabels, Severity::Warning, vec![])]);
    assert!(report.problems[0].what.contains("2 (vein)"), "{}", report.problems[0].what);
}

#[test]
fn voxels_that_are_no_numbers_and_blank_scans_are_told() {
    let len: usize = common::SHAPE.iter().product();
    let mut set = with_good_case();
    set.case("bad", 2, Role::Training);
    let mut values: Vec<f32> = (0..len).map(|n| n as f32).collect();
    values[7] = f32::NAN;
    values[8] = f32::INFINITY;
    set.scan("bad.nii.gz", &common::grid(), Voxels::F32(values));
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::NonFinite, Severity::Warning));
    assert!(problem.what.contains("2 voxels"), "{}", problem.what);
    set.scan("bad.nii.gz", &common::grid(), Voxels::F32(vec![f32::NAN; len]));
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::NonFinite, Severity::Error));
    // Two blank scans are not the same scan.
    set.case("blank", 3, Role::Validation);
    set.scan("bad.nii.gz", &common::grid(), Voxels::I16(vec![4; len]));
    set.scan("blank.nii.gz", &common::grid(), Voxels::I16(vec![4; len]));
    let blank = |name| (ProblemKind::Blank, Severity::Warning, vec![name]);
    assert_eq!(kinds(&set.check()), [blank("bad"), blank("blank")]);
}

#[test]
fn the_same_scan_twice_in_a_role_is_used_once() {
    let mut set = with_good_case();
    // The same values in another type and another format.
    let Voxels::I16(values) = noise(1) else { panic!("whole numbers") };
    let again = Voxels::F32(values.into_iter().map(f32::from).collect());
    let image = set.scan("again.nrrd", &common::grid(), again);
    let label = set.mask("again_seg.nrrd", &common::grid(), &[1, 2]);
    set.pair(Role::Training, &image, &label);
    let report = set.check();
    assert_eq!(kinds(&report), [(ProblemKind::Duplicate, Severity::Error, vec!["again"])]);
    assert_eq!((report.problems[0].others.as_slice(), report.usable()), (&["good".to_owned()][..], vec!["good"]));
    assert_eq!(report.patients(), [["good", "again"]]);
    // With another mask nobody knows which is right.
    set.mask("again_seg.nrrd", &common::grid(), &[2, 1]);
    let report = set.check();
    assert_eq!(kinds(&report), [(ProblemKind::Duplicate, Severity::Error, vec!["good", "again"])]);
    assert!(report.usable().is_empty() && report.problems[0].what.contains("different masks"));
}

#[test]
fn scans_and_patients_in_two_parts_are_errors_of_the_validation() {
    let mut set = Set::new(MR);
    set.case("LIDC-IDRI-0001_a", 1, Role::Training);
    set.case("LIDC-IDRI-0002_a", 2, Role::Training);
    set.case("copy", 2, Role::Validation);
    set.case("LIDC-IDRI-0001_b", 4, Role::Validation);
    set.case("LIDC-IDRI-0003_a", 5, Role::Validation);
    set.case("test", 1, Role::Unassigned);
    let report = set.check();
    let expected = [
        (ProblemKind::Duplicate, Severity::Error, vec!["copy"]),
        (ProblemKind::PatientInTwoSplits, Severity::Error, vec!["LIDC-IDRI-0001_b"]),
        (ProblemKind::Duplicate, Severity::Warning, vec!["test"]),
    ];
    assert_eq!(kinds(&report), expected, "{:#?}", report.problems);
    assert_eq!(report.usable(), ["LIDC-IDRI-0001_a", "LIDC-IDRI-0002_a", "LIDC-IDRI-0003_a", "test"]);
    let patients: Vec<Option<&str>> = report.cases.iter().map(|facts| facts.patient.as_deref()).collect();
    let [one, two, three] = ["LIDC-IDRI-0001", "LIDC-IDRI-0002", "LIDC-IDRI-0003"].map(Some);
    assert_eq!(patients, [one, two, two, one, three, one], "a copy is of the same patient");
    assert_eq!(report.patients().len(), 3);

    let mut data = set.open();
    assert_eq!(data.usable(&report).len(), 4);
    data.adopt(&report);
    assert_eq!(data.cases.iter().map(|case| case.patient.as_deref()).collect::<Vec<_>>(), [one, two, three, one]);
    assert!(data.notices.iter().any(|notice| notice.starts_with("2 of 6 cases cannot be used")), "{:?}", data.notices);
    let expected = [(ProblemKind::Duplicate, Severity::Warning, vec!["test"])];
    assert_eq!(kinds(&data.check(&|_, _| true).expect("not stopped")), expected, "nothing is left to complain about");
}

#[test]
fn the_same_scan_of_two_patients_is_questioned() {
    let mut set = Set::new(MR);
    set.case("LUNG1-001", 1, Role::Training);
    set.case("LUNG1-002", 1, Role::Training);
    let report = set.check();
    let expected = [
        (ProblemKind::Duplicate, Severity::Error, vec!["LUNG1-002"]),
        (ProblemKind::TwoPatients, Severity::Warning, vec!["LUNG1-001", "LUNG1-002"]),
    ];
    assert_eq!(kinds(&report), expected);
}

#[test]
fn scales_and_spacings_that_stand_out_are_told() {
    let len: usize = common::SHAPE.iter().product();
    let ct = || Voxels::I16((0..len).map(|n| if n % 3 == 0 { -1000 } else { (n % 400) as i16 }).collect());
    let mut set = with_good_case();
    set.case("bad", 2, Role::Training);
    set.scan("bad.nii.gz", &common::grid(), ct());
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::MixedQuantities, Severity::Warning));
    assert!(problem.what.contains("is not said to be CT"), "{}", problem.what);

    let mut set = Set::new(r#""modality": "CT", "labels": {"1": "liver", "2": "vein"}"#);
    set.case("good", 1, Role::Training);
    set.scan("good.nii.gz", &common::grid(), ct());
    set.case("bad", 2, Role::Training);
    assert!(only(&set).what.contains("holds no value below 0"));

    // Nobody says what they are: the fewer stand out.
    let mut set = Set::new(r#""labels": {"1": "liver", "2": "vein"}"#);
    for (name, seed) in [("good", 1), ("bad", 2), ("also good", 3)] {
        set.case(name, seed, Role::Training);
    }
    set.scan("bad.nii.gz", &common::grid(), ct());
    assert!(only(&set).what.contains("1 of 3 scans look like CT and the others do not"));

    let coarse = Grid::new(common::SHAPE, common::grid().ras_from_voxel() * DAffine3::from_scale(DVec3::splat(10.0))).expect("a grid");
    set.scan("bad.nii.gz", &coarse, noise(2));
    set.mask("bad_seg.nii.gz", &coarse, &[1, 2]);
    let problem = only(&set);
    assert_eq!((problem.kind, problem.severity), (ProblemKind::UnusualSpacing, Severity::Warning));
    assert!(problem.what.contains("15.00×20.00×25.00 mm, but 1.50×2.00×2.50 mm is usual"), "{}", problem.what);
}

#[test]
fn progress_counts_every_case_and_may_stop() {
    let mut set = Set::new(MR);
    (0..9).for_each(|seed| set.case(&format!("c{seed}"), seed, Role::Training));
    let data = set.open();
    let told = RefCell::new(Vec::new());
    let report = data.check(&|done, all| {
        told.borrow_mut().push((done, all));
        true
    });
    assert_eq!(told.take(), (0..=9).map(|done| (done, 9)).collect::<Vec<_>>());
    assert_eq!(report.expect("not stopped").usable().len(), 9);
    for stop_at in [0, 1, 5, 9] {
        let most = RefCell::new(0);
        let stopped = data.check(&|done, _| {
            *most.borrow_mut() = done;
            done < stop_at
        });
        assert!(matches!(stopped, Err(ProjectError::CheckStopped(_))), "{stop_at}");
        assert!(*most.borrow() >= stop_at);
    }
}

#[test]
fn a_report_is_json_and_the_same_each_time() {
    let mut set = Set::new(MR);
    for seed in 0..12 {
        set.case(&format!("c{seed}"), seed % 5, if seed % 3 == 0 { Role::Validation } else { Role::Training });
    }
    let reports: Vec<String> = (0..3).map(|_| serde_json::to_string(&set.check()).expect("JSON")).collect();
    assert!(reports.windows(2).all(|pair| pair[0] == pair[1]));
    let json: serde_json::Value = serde_json::from_str(&reports[0]).expect("JSON");
    assert_eq!(json["problems"][0]["kind"], "duplicate");
    assert_eq!(json["problems"][0]["severity"], "error");
    assert_eq!(json["cases"].as_array().map(Vec::len), Some(12));
}

#[test]
fn a_study_is_checked_with_its_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, first) = common::new_study(folder.path());
    let image = study.case(first).expect("a case").image;
    study.add_case("same scan", &image, Role::Validation).expect("a case");
    let gone = folder.path().join("images/gone.nii.gz");
    common::write_image(&gone, &common::grid(), 5);
    study.add_case("gone", &gone, Role::Training).expect("a case");
    fs::remove_file(&gone).expect("removed");
    let report = DataSet::of_study(study).expect("a set").check(&|_, _| true).expect("not stopped");
    let found = kinds(&report);
    assert!(found.contains(&(ProblemKind::MissingFile, Severity::Error, vec!["gone"])), "{found:?}");
    assert!(found.contains(&(ProblemKind::Duplicate, Severity::Error, vec!["same scan"])), "{found:?}");
    assert_eq!(report.usable(), ["scan one"]);
}

/// A slice of a CT series, as small as can be: explicit VR, little endian (PS3.5).
fn dicom_slice(number: u8, pixels: &[i16; 12]) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    let mut add = |group: u16, element: u16, kind: &[u8; 2], value: &[u8]| {
        let mut value = value.to_vec();
        if value.len() % 2 == 1 {
            value.push(if kind == b"UI" { 0 } else { b' ' });
        }
        bytes.extend(group.to_le_bytes());
        bytes.extend(element.to_le_bytes());
        bytes.extend(kind);
        match kind {
            b"OW" => bytes.extend([&[0, 0][..], &(value.len() as u32).to_le_bytes()].concat()),
            _ => bytes.extend((value.len() as u16).to_le_bytes()),
        }
        bytes.extend(value);
    };
    let number16 = |value: u16| value.to_le_bytes();
    add(2, 0x10, b"UI", b"1.2.840.10008.1.2.1");
    add(8, 0x16, b"UI", b"1.2.840.10008.5.1.4.1.1.2");
    add(8, 0x18, b"UI", format!("1.2.3.4.{number}").as_bytes());
    add(8, 0x60, b"CS", b"CT");
    add(0x20, 0x0d, b"UI", b"1.2.3");
    add(0x20, 0x0e, b"UI", b"1.2.3.4");
    add(0x20, 0x13, b"IS", number.to_string().as_bytes());
    add(0x20, 0x32, b"DS", format!("0\\0\\{}", 2 * number).as_bytes());
    add(0x20, 0x37, b"DS", br"1\0\0\0\1\0");
    add(0x28, 0x02, b"US", &number16(1));
    add(0x28, 0x04, b"CS", b"MONOCHROME2");
    add(0x28, 0x10, b"US", &number16(3));
    add(0x28, 0x11, b"US", &number16(4));
    add(0x28, 0x30, b"DS", br"1\1");
    add(0x28, 0x100, b"US", &number16(16));
    add(0x28, 0x101, b"US", &number16(16));
    add(0x28, 0x102, b"US", &number16(15));
    add(0x28, 0x103, b"US", &number16(1));
    add(0x28, 0x1052, b"DS", b"0");
    add(0x28, 0x1053, b"DS", b"1");
    add(0x7fe0, 0x10, b"OW", &pixels.iter().flat_map(|pixel| pixel.to_le_bytes()).collect::<Vec<u8>>());
    bytes
}

#[test]
fn a_scan_in_a_list_may_be_a_folder_of_dicom_files() {
    let set = Set::new(MR);
    fs::create_dir(set.at("p 1")).expect("a folder");
    for number in 0..5 {
        let pixels = std::array::from_fn(|n| if n == 0 { -1000 } else { (n * 7 + usize::from(number)) as i16 });
        fs::write(set.at(&format!("p 1/{number}.dcm")), dicom_slice(number, &pixels)).expect("written");
    }
    let opened = medley_io::open_volume(&set.at("p 1")).expect("a series");
    assert_eq!(opened.volume.grid().shape(), [4, 3, 5]);
    set.mask("mask.nii.gz", opened.volume.grid(), &[1]);
    set.scan("same.nii.gz", opened.volume.grid(), opened.volume.voxels().clone());
    fs::write(set.at("list.txt"), "p 1\tmask.nii.gz\nsame.nii.gz mask.nii.gz\n").expect("written");
    let list = DataSet::open(&set.at("list.txt")).expect("a list");
    let report = list.check(&|_, _| true).expect("not stopped");
    let duplicates: Vec<_> = kinds(&report).into_iter().filter(|(kind, ..)| *kind != ProblemKind::Reading).collect();
    assert_eq!(duplicates, [(ProblemKind::Duplicate, Severity::Error, vec!["same"])], "{:#?}", report.problems);
    assert_eq!(report.cases[0].shape, Some([4, 3, 5]));
}

#[test]
fn what_a_folder_leaves_unnamed_is_numbered_after_a_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let set = Set { folder, ..Set::new(MR) };
    set.scan("a.nii", &common::grid(), noise(1));
    set.mask("a_seg.nii", &common::grid(), &[3, 70]);
    set.scan("b.nii", &common::grid(), noise(1));
    let mut data = DataSet::open(set.folder.path()).expect("a data set");
    let report = data.check(&|_, _| true).expect("not stopped");
    assert_eq!(kinds(&report), [(ProblemKind::Duplicate, Severity::Warning, vec!["b"])]);
    data.adopt(&report);
    assert_eq!(data.label_table.labels().iter().map(|label| label.value).collect::<Vec<_>>(), [3, 70]);
    assert_eq!(data.cases.iter().map(|case| case.patient.as_deref()).collect::<Vec<_>>(), [Some("patient of a"); 2]);
}

/// `MEDLEY_SHARED=/path cargo test -- --ignored`: the data sets a developer has, and a list made of them.
#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn the_shared_data_sets_are_without_fault() {
    let Some(shared) = std::env::var_os("MEDLEY_SHARED").map(PathBuf::from) else { return };
    let msd = shared.join("data/msd");
    let mut lines = String::new();
    let mut all = 0;
    let mut sets: Vec<PathBuf> = fs::read_dir(&msd).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    sets.sort();
    for folder in sets {
        let set = DataSet::open(&folder).expect("a data set");
        let report = set.check(&|_, _| true).expect("not stopped");
        println!("{}: {:#?}", set.name, report.problems);
        assert_eq!(report.errors().count(), 0);
        assert_eq!(report.usable().len(), set.cases.len());
        for case in &set.cases {
            all += 1;
            let real = |path: &Path| path.canonicalize().expect("there").display().to_string();
            lines += &format!("{}\t{}\n", real(&case.image), real(case.label.as_ref().expect("a mask")));
        }
    }
    let data = shared.join("data").canonicalize().expect("there");
    let prefix = format!("{}{}", data.display(), std::path::MAIN_SEPARATOR);
    let folder = tempfile::tempdir().expect("a folder");
    let list = folder.path().join("train.txt");
    fs::write(&list, lines.replace(&prefix, "").replace('\t', " ")).expect("written");
    let set = DataSet::open_with(&list, &Options { data_root: Some(data), ..Options::default() }).expect("a list");
    assert_eq!((set.cases.len(), set.notices.len()), (all, 1), "{:?}", set.notices);
    let report = set.check(&|_, _| true).expect("not stopped");
    println!("{:#?}", report.problems);
    assert_eq!(report.usable().len(), all);
    let mixed = report.problems.iter().find(|problem| problem.kind == ProblemKind::MixedQuantities).expect("CT and MR in one list");
    assert_eq!(mixed.severity, Severity::Warning);
}
