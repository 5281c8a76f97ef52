//! Lists and folders of scans and masks as people lay them out.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use medley_io::StoredGeometry;
use medley_project::dataset::{Options, Pattern};
use medley_project::{DataSet, Role};
use medley_volume::LabelMap;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Scans, masks and what is expected of them.
type Layout<'a> = (&'a [&'a str], &'a [&'a str], &'a [&'a str]);

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn at(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        path
    }

    /// Writes a scan that no other name has.
    fn scans(&self, names: &[&str]) {
        for name in names {
            let seed = name.bytes().map(usize::from).sum::<usize>() * 3 + name.len();
            common::write_image(&self.at(name), &common::grid(), seed);
        }
    }

    fn masks(&self, names: &[&str]) {
        for name in names {
            let mut mask = LabelMap::empty(common::grid());
            mask.set(5, 1);
            medley_io::write_labels(&self.at(name), &mask, &StoredGeometry::of_grid(mask.grid())).expect("written");
        }
    }

    fn text(&self, name: &str, text: &str) {
        fs::write(self.at(name), text).expect("written");
    }

    fn open(&self) -> DataSet {
        DataSet::open(self.path()).expect("a data set")
    }

    /// Cases as `image -> mask`, relative to the folder, with `/`.
    fn pairs(&self, set: &DataSet) -> Vec<String> {
        let relative = |path: &Path| path.strip_prefix(self.path()).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let pair = |case: &medley_project::DataSetCase| {
            format!("{} -> {}", relative(&case.image), case.label.as_deref().map_or("none".to_owned(), relative))
        };
        set.cases.iter().map(pair).collect()
    }

    fn refusal(&self, name: &str, options: &Options) -> String {
        DataSet::open_with(&self.path().join(name), options).expect_err("refused").to_string()
    }
}

fn names(set: &DataSet) -> Vec<&str> {
    set.cases.iter().map(|case| case.name.as_str()).collect()
}

fn says(set: &DataSet, words: &str) -> bool {
    set.notices.iter().any(|notice| notice.contains(words))
}

fn pattern(images: &str, labels: Option<&str>) -> Options {
    let pattern = Pattern { images: images.to_owned(), labels: labels.map(str::to_owned) };
    Options { pattern: Some(pattern), ..Options::default() }
}

#[test]
fn an_img_list_starts_in_its_own_folder_or_the_one_above() {
    let folder = Folder::new();
    folder.scans(&["brain/images/1.nii.gz", "brain/images/2 b.nii.gz", "brain/images/3.nrrd"]);
    folder.masks(&["brain/labels/1.nii.gz", "brain/labels/2 b.nii.gz"]);
    let list = "\u{feff}# scans and masks\r\nbrain/images/1.nii.gz brain/labels/1.nii.gz\r\n\r\n\
                brain/images/2 b.nii.gz\tbrain/labels/2 b.nii.gz\r\n  brain/images/3.nrrd  ";
    folder.text("train.txt", list);
    folder.text("lists/train.txt", list);
    let expected = [
        "brain/images/1.nii.gz -> brain/labels/1.nii.gz",
        "brain/images/2 b.nii.gz -> brain/labels/2 b.nii.gz",
        "brain/images/3.nrrd -> none",
    ];
    let set = DataSet::open(&folder.at("train.txt")).expect("a list");
    assert_eq!(folder.pairs(&set), expected);
    assert_eq!((set.name.as_str(), names(&set)), ("train", vec!["1", "2 b", "3"]));
    assert_eq!(set.cases.iter().map(|case| case.role).collect::<Vec<_>>(), [Role::Training, Role::Training, Role::Unassigned]);
    assert!(!says(&set, "are taken from") && !says(&set, "outside"), "{:?}", set.notices);
    assert_eq!(set.load(&set.cases[1]).expect("loads").labels.map(|labels| labels.at(5)), Some(1));
    assert!(set.load(&set.cases[0]).expect("loads").notices.is_empty(), "labels of a set that names none are not unknown");

    let set = DataSet::open(&folder.at("lists/train.txt")).expect("a list");
    assert_eq!(folder.pairs(&set), expected);
    assert!(says(&set, "they are taken from"), "{:?}", set.notices);

    // The list's own folder comes first, even if it has fewer of the files.
    folder.scans(&["lists/brain/images/3.nrrd"]);
    let own = DataSet::open(&folder.at("lists/train.txt")).expect_err("the other files are not there").to_string();
    assert!(own.contains("lists/brain/images/1.nii.gz, which is not there, nor are 3 more"), "{own}");

    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("l.txt"), list).expect("written");
    let rooted = Options { data_root: Some(folder.path().to_owned()), ..Options::default() };
    let set = DataSet::open_with(&elsewhere.path().join("l.txt"), &rooted).expect("a list");
    assert_eq!(folder.pairs(&set), expected);
    let error = DataSet::open(&elsewhere.path().join("l.txt")).expect_err("nothing there").to_string();
    assert!(error.contains("1.nii.gz, which is not there, nor are 4 more files"), "{error}");
    let kept = DataSet::open_with(&elsewhere.path().join("l.txt"), &Options { keep_missing: true, ..Options::default() }).expect("kept");
    assert!(kept.cases.len() == 3 && says(&kept, "nor are 4 more files"), "{:?}", kept.notices);
}

#[test]
fn an_img_list_that_leads_out_is_followed_with_a_notice() {
    let folder = Folder::new();
    folder.scans(&["a.nii", "set/b.nii"]);
    folder.masks(&["a_mask.nii"]);
    folder.text("set/list.txt", "../a.nii ../a_mask.nii\nb.nii\n");
    let set = DataSet::open(&folder.at("set/list.txt")).expect("a list");
    assert!(says(&set, "names 2 files outside its own folder"), "{:?}", set.notices);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(folder.path().join("a.nii"), folder.at("set/link.nii")).expect("a link");
        folder.text("set/list.txt", "link.nii\nb.nii");
        let set = DataSet::open(&folder.at("set/list.txt")).expect("a list");
        assert!(says(&set, "names 1 files outside its own folder"), "{:?}", set.notices);
    }
}

#[test]
fn lists_that_are_none_are_refused_with_a_sentence() {
    let folder = Folder::new();
    folder.scans(&["a.nii", "b c.nii"]);
    let cases: [(&[u8], &str); 7] = [
        (b"", "lists no cases"),
        (b"# nothing\n\n", "lists no cases"),
        (b"a.nii b c.nii d.nii", "line 1: it can be read as a scan and a mask in more than one way; put a tab"),
        (b"a.nii\nonce upon a time", "line 2: `once upon a time` is neither a scan"),
        (b"a.nii\tb\tc", "line 1: it has 3 columns"),
        (b"a.nii\0", "it is not text"),
        (b"\xff\xfe\x80", "it is not text"),
    ];
    for (text, why) in cases {
        fs::write(folder.at("list.txt"), text).expect("written");
        let sentence = folder.refusal("list.txt", &Options::default());
        assert!(sentence.contains(why) && sentence.contains("list.txt"), "{why}: {sentence}");
    }
    assert!(folder.refusal("a.nii", &Options::default()).contains("is a single scan or mask"));
    folder.text("list.txt", "a.nii");
    let rooted = Options { data_root: Some(folder.path().join("gone")), ..Options::default() };
    let refusal = folder.refusal("list.txt", &rooted);
    assert!(refusal.contains("gone: is no folder"), "{refusal}");
    // JSON under another name is JSON.
    folder.text("list.txt", " {\"training\": 3}");
    assert!(folder.refusal("list.txt", &Options::default()).contains("`training` must be a list"));
}

#[test]
fn a_bids_folder_is_read_with_its_patients_and_labels() {
    let folder = Folder::new();
    folder.text("dataset_description.json", "{}");
    folder.scans(&[
        "sub-01/anat/sub-01_T1w.nii.gz",
        "sub-01/func/sub-01_task-rest_bold.nii.gz",
        "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii",
        "sub-02/ses-b/anat/sub-02_ses-b_T1w.nii",
        "sub-03/anat/sub-03_T1w.nii.gz",
        "sub-03/anat/sub-03_T2w.nii.gz",
        "sub-04/anat/sub-04_T1w.nii.gz",
        "derivatives/prep/sub-04/anat/sub-04_desc-preproc_T1w.nii.gz",
    ]);
    folder.masks(&[
        "sub-01/anat/sub-01_T1w_defacemask.nii.gz",
        "derivatives/manual/sub-01/anat/sub-01_desc-organs_dseg.nii.gz",
        "derivatives/manual/sub-02/ses-b/anat/sub-02_ses-b_desc-organs_dseg.nii.gz",
        "derivatives/manual/sub-03/anat/sub-03_desc-organs_dseg.nii.gz",
        "derivatives/manual/sub-04/anat/sub-04_space-MNI152NLin6Asym_desc-organs_dseg.nii.gz",
        "derivatives/manual/sub-04/anat/sub-04_label-GM_probseg.nii.gz",
    ]);
    folder.text("derivatives/manual/desc-organs_dseg.tsv", "index\tname\tcolor\n0\tBackground\n1\tliver\n7\tspleen\n");
    folder.text("derivatives/other/desc-organs_dseg.tsv", "index\tname\n1\tnothing of ours\n");
    folder.text("derivatives/manual/desc-brain_dseg.tsv", "index\tname\n1\tnor this\n");
    let set = folder.open();
    let expected = [
        "sub-01/anat/sub-01_T1w.nii.gz -> derivatives/manual/sub-01/anat/sub-01_desc-organs_dseg.nii.gz",
        "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii -> none",
        "sub-02/ses-b/anat/sub-02_ses-b_T1w.nii -> derivatives/manual/sub-02/ses-b/anat/sub-02_ses-b_desc-organs_dseg.nii.gz",
        "sub-03/anat/sub-03_T1w.nii.gz -> none",
        "sub-03/anat/sub-03_T2w.nii.gz -> none",
        "sub-04/anat/sub-04_T1w.nii.gz -> none",
    ];
    assert_eq!(folder.pairs(&set), expected);
    let patients: Vec<Option<&str>> = set.cases.iter().map(|case| case.patient.as_deref()).collect();
    assert_eq!(patients, ["sub-01", "sub-02", "sub-02", "sub-03", "sub-03", "sub-04"].map(Some));
    let labels: Vec<_> = set.label_table.labels().iter().map(|label| (label.value, label.name.as_str())).collect();
    assert_eq!(labels, [(1, "liver"), (7, "spleen")]);
    for words in ["1 masks may be of several scans", "1 masks lie in the space of a template", "4 of 6 scans have no mask"] {
        assert!(says(&set, words), "{words}: {:?}", set.notices);
    }
    // What was ambiguous can be told.
    let t2 = pattern("{case}/anat/{case}_T2w.nii.gz", Some("derivatives/manual/{case}/anat/{case}_desc-organs_dseg.nii.gz"));
    let set = DataSet::open_with(folder.path(), &t2).expect("a data set");
    let only = "sub-03/anat/sub-03_T2w.nii.gz -> derivatives/manual/sub-03/anat/sub-03_desc-organs_dseg.nii.gz";
    assert_eq!((folder.pairs(&set), set.cases[0].patient.as_deref()), (vec![only.to_owned()], Some("sub-03")));
}

#[test]
fn bids_masks_of_one_thing_name_it_and_tables_that_disagree_name_nothing() {
    let folder = Folder::new();
    folder.scans(&["sub-1/anat/sub-1_T1w.nii", "sub-2/anat/sub-2_T1w.nii"]);
    let of = |subject: &str| format!("derivatives/x/sub-{subject}/anat/sub-{subject}_label-lesion_mask.nii.gz");
    folder.masks(&[&of("1"), &of("2")]);
    let labels = |set: &DataSet| set.label_table.labels().iter().map(|label| label.name.clone()).collect::<Vec<_>>();
    assert_eq!(labels(&folder.open()), ["lesion"]);
    for subject in ["1", "2"] {
        fs::remove_file(folder.at(&of(subject))).expect("removed");
        let dseg = format!("derivatives/x/sub-{subject}/anat/sub-{subject}_dseg");
        folder.masks(&[&format!("{dseg}.nii.gz")]);
        folder.text(&format!("{dseg}.tsv"), &format!("index\tname\n1\tname{subject}\n2\tboth\n"));
    }
    let set = folder.open();
    assert_eq!(labels(&set), ["label 1", "both"]);
    assert!(says(&set, "do not agree about 1 labels"), "{:?}", set.notices);
}

#[test]
fn folders_of_scans_and_of_masks_are_paired() {
    let layouts: [Layout; 6] = [
        (
            &["imagesTr/a_0000.nii.gz", "imagesTr/a_0001.nii.gz", "imagesTr/b_0000.nii.gz", "imagesVal/c.nii", "imagesTs/d_0000.nii"],
            &["labelsTr/a.nii.gz", "labelsTr/b.nii.gz", "labelsVal/c.nii"],
            &[
                "imagesTr/a_0000.nii.gz -> labelsTr/a.nii.gz",
                "imagesTr/b_0000.nii.gz -> labelsTr/b.nii.gz",
                "imagesTs/d_0000.nii -> none",
                "imagesVal/c.nii -> labelsVal/c.nii",
            ],
        ),
        (
            &["images/p1.nrrd", "images/p2.nii", "images/deep/p1.nii"],
            &["Masks/p1_mask.nii.gz", "Masks/p2.nii", "Masks/deep/p1.nii", "Masks/p3.nii"],
            &["images/deep/p1.nii -> Masks/deep/p1.nii", "images/p1.nrrd -> Masks/p1_mask.nii.gz", "images/p2.nii -> Masks/p2.nii"],
        ),
        (
            &["train/img/image0001.mha", "val/img/image0002.mha"],
            &["train/label/label0001.mha", "val/label/label0002.mha"],
            &["train/img/image0001.mha -> train/label/label0001.mha", "val/img/image0002.mha -> val/label/label0002.mha"],
        ),
        (
            &["volume-0.nii", "volume-10.nii", "x.nii.gz", "X.nii.gz", "lone.nii"],
            &["segmentation-0.nii", "segmentation-10.nii", "x_seg.nii", "X-label.nrrd"],
            &[
                "X.nii.gz -> X-label.nrrd",
                "lone.nii -> none",
                "volume-0.nii -> segmentation-0.nii",
                "volume-10.nii -> segmentation-10.nii",
                "x.nii.gz -> x_seg.nii",
            ],
        ),
        (
            &["p1/ct.nii.gz", "p2/scan of today.nii", "p3/ct.nii.gz"],
            &["p1/liver_mask.nii.gz", "p2/seg.nii", "p3/ct.seg.nrrd"],
            &["p1/ct.nii.gz -> p1/liver_mask.nii.gz", "p2/scan of today.nii -> p2/seg.nii", "p3/ct.nii.gz -> p3/ct.seg.nrrd"],
        ),
        // `data` is a folder of scans only beside one of masks.
        (
            &["data/p1/ct.nii", "data/p2/ct.nii"],
            &["data/p1/gt.nii", "data/p2/gt.nii"],
            &["data/p1/ct.nii -> data/p1/gt.nii", "data/p2/ct.nii -> data/p2/gt.nii"],
        ),
    ];
    for (scans, masks, expected) in layouts {
        let folder = Folder::new();
        folder.scans(scans);
        folder.masks(masks);
        folder.text(".hidden/x.nii", "");
        folder.text("._x.nii", "what a Mac leaves behind");
        let set = folder.open();
        assert_eq!(folder.pairs(&set), expected);
        assert!(says(&set, "names no labels"), "{:?}", set.notices);
        for case in &set.cases {
            let part = case.image.strip_prefix(folder.path()).expect("inside").to_string_lossy().to_lowercase();
            let expected = if case.label.is_none() {
                Role::Unassigned
            } else if part.contains("val/") || part.contains("val\\") {
                Role::Validation
            } else {
                Role::Training
            };
            assert_eq!(case.role, expected, "{part}");
            assert_eq!(set.load(case).expect("loads").labels.is_some(), case.label.is_some());
        }
        let mut unique = names(&set);
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), set.cases.len());
    }
}

/// Sets that many have, by the names of their files.
#[test]
fn well_known_sets_open_as_they_are_laid_out() {
    let sets: [(&str, Layout); 7] = [
        (
            "KiTS19",
            (
                &["case_00000/imaging.nii.gz", "case_00001/imaging.nii.gz"],
                &["case_00000/segmentation.nii.gz"],
                &["case_00000_imaging", "case_00001_imaging"],
            ),
        ),
        ("LiTS", (&["Batch 1/volume-0.nii"], &["Batch 1/segmentation-0.nii"], &["volume-0"])),
        ("BTCV", (&["img/img0001.nii.gz"], &["label/label0001.nii.gz"], &["img0001"])),
        ("PROMISE12", (&["Case00.mha"], &["Case00_segmentation.mha"], &["Case00"])),
        ("SegTHOR", (&["Patient_01/Patient_01.nii.gz"], &["Patient_01/GT.nii.gz"], &["Patient_01"])),
        ("FLARE22", (&["images/FLARE22_Tr_0001_0000.nii.gz"], &["labels/FLARE22_Tr_0001.nii.gz"], &["FLARE22_Tr_0001_0000"])),
        (
            "ACDC",
            (
                &["patient001/patient001_frame01.nii.gz", "patient001/patient001_4d.nii.gz"],
                &["patient001/patient001_frame01_gt.nii.gz"],
                &["patient001_4d", "patient001_frame01"],
            ),
        ),
    ];
    for (name, (scans, masks, expected)) in sets {
        let folder = Folder::new();
        folder.scans(scans);
        folder.masks(masks);
        let set = folder.open();
        assert_eq!(names(&set), expected, "{name}");
        assert_eq!(set.cases.iter().filter(|case| case.role == Role::Training).count(), 1, "{name}");
        let patient = set.cases.last().expect("a case").patient.as_deref();
        assert_eq!(patient, (name == "ACDC").then_some("patient001"), "{name}");
    }
}

#[test]
fn what_is_ambiguous_is_said_and_not_guessed() {
    let cases: [(&[&str], &[&str], &str); 4] = [
        (
            &["good.nii", "x.nii"],
            &["good_seg.nii", "x_seg.nii", "x_mask.nii"],
            "1 scans have several masks, and none was taken: x.nii (x_mask.nii, x_seg.nii)",
        ),
        (
            &["good.nii", "x_t1.nii", "x_t2.nii"],
            &["good_seg.nii", "x_seg.nii"],
            "1 masks may be of several scans, and were left out: x_seg.nii (x_t1.nii, x_t2.nii)",
        ),
        (&["good.nii", "x.nii", "x.nrrd"], &["good_seg.nii", "x_seg.nii"], "x_seg.nii (x.nii, x.nrrd)"),
        (
            &["good.nii", "s1/ct.nii"],
            &["good_seg.nii", "s1/segmentations/liver.nii", "s1/segmentations/spleen.nii"],
            "2 masks belong to no scan and were left out: s1/segmentations/liver.nii, s1/segmentations/spleen.nii",
        ),
    ];
    for (scans, masks, why) in cases {
        let folder = Folder::new();
        folder.scans(scans);
        folder.masks(masks);
        let set = folder.open();
        assert!(says(&set, why), "{why}: {:?}", set.notices);
        assert_eq!(set.cases.iter().filter(|case| case.label.is_some()).count(), 1, "{why}");
        fs::remove_file(folder.at("good_seg.nii")).expect("removed");
        let refusal = folder.refusal("", &Options::default());
        assert!(refusal.contains("neither is a study, nor scans with masks") && refusal.contains(&why[..20]), "{refusal}");
    }
    let folder = Folder::new();
    assert!(folder.refusal("", &Options::default()).contains("there are no scans in the folder"));
    folder.scans(&["a.nii", "b.nii"]);
    folder.masks(&["c_seg.nii"]);
    assert!(folder.refusal("", &Options::default()).contains("1 masks belong to no scan"), "a lone mask is no other scan's");
}

#[test]
fn labels_of_a_folder_have_the_names_in_its_file() {
    let folder = Folder::new();
    folder.scans(&["a.nii"]);
    folder.masks(&["a_seg.nii"]);
    folder.text("labels.ctbl", "# colours\n1 liver 255 0 0 255\n2 vein 0 0 255 255\n");
    let set = folder.open();
    assert_eq!(set.label_table.labels().iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["liver", "vein"]);
    folder.text("labels.txt", "1 255 0 0 1 1 1 \"spleen\"\n");
    let set = folder.open();
    assert!(set.label_table.labels().is_empty() && says(&set, "2 files of labels, and none was taken"), "{:?}", set.notices);
}

#[test]
fn patterns_say_what_is_what() {
    let folder = Folder::new();
    folder.scans(&["in/p1/p1_t1.nii", "in/p1/p1_t2.nii", "in/p2/p2_t1.nii", "in/p3/p4_t1.nii"]);
    folder.masks(&["out/p1.nii"]);
    let set = DataSet::open_with(folder.path(), &pattern("./in/{case}/{case}_t1.nii", Some("out/{case}.nii"))).expect("a data set");
    assert_eq!(folder.pairs(&set), ["in/p1/p1_t1.nii -> out/p1.nii", "in/p2/p2_t1.nii -> none"]);
    assert!(says(&set, "1 of 2 scans have no mask called `out/{case}.nii`"), "{:?}", set.notices);
    let inner = folder.path().join("in");
    let set = DataSet::open_with(&inner, &pattern("{case}/{case}_t1.nii", Some("../out/{case}.nii"))).expect("a data set");
    assert!(set.cases.iter().filter(|case| case.label.is_some()).count() == 1 && says(&set, "outside its own folder"), "{:?}", set.notices);
    let set = DataSet::open_with(folder.path(), &pattern("in/{case}/{case}_t2.nii", None)).expect("a data set");
    assert_eq!(folder.pairs(&set), ["in/p1/p1_t2.nii -> none"]);
    let refusals = [
        (pattern("in/x.nii", None), "does not hold {case}"),
        (pattern("../{case}.nii", None), "leads out of the folder"),
        (pattern("/{case}.nii", None), "leads out of the folder"),
        (pattern("{case}.nii", None), "holds no file that is called `{case}.nii`"),
        (pattern("in/{case}/{case}_t1.nii", Some("{case}.nii")), "holds no mask that is called"),
    ];
    for (options, why) in refusals {
        let refusal = folder.refusal("", &options);
        assert!(refusal.contains(why), "{refusal}");
    }
}

#[test]
fn depth_is_bounded_and_told() {
    let folder = Folder::new();
    let deep = "d/".repeat(9);
    folder.scans(&["a.nii", &format!("{deep}b.nii")]);
    folder.masks(&["a_seg.nii", &format!("{deep}b_seg.nii")]);
    let set = folder.open();
    assert_eq!(folder.pairs(&set), ["a.nii -> a_seg.nii"]);
    assert!(says(&set, "1 folders in"), "{:?}", set.notices);
}

/// Whatever lies in a folder, with links in all directions: what is found lies inside, once, and is called differently.
#[cfg(unix)]
#[test]
fn a_folder_is_never_left_and_loops_end() {
    use std::os::unix::fs::symlink;
    let stems = ["a", "b", "ct", "a_seg", "b_mask", "mask", "label", "a_0000", "a_0001", "sub-1_T1w", "sub-1_T1w_dseg", "sub-2_dseg"];
    let folders = ["", "images", "labels", "p1", "p1/segmentations", "sub-1/anat", "derivatives/x/sub-1/anat", "val/images", "val/masks"];
    let mut found = 0;
    let model = Folder::new();
    model.scans(&["a.nii", "ct.nii"]);
    model.masks(&["a_seg.nii", "mask.nii"]);
    for seed in 0..300 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let outer = Folder::new();
        common::copy_folder(model.path(), &outer.path().join("secret"));
        let root = outer.path().join("set");
        let mut places = vec![root.clone(), outer.path().to_owned(), outer.path().join("secret"), outer.path().join("secret/a_seg.nii")];
        for _ in 0..rng.random_range(6..24) {
            let at = root.join(folders[rng.random_range(0..folders.len())]);
            // A link to a file may be in the way.
            if fs::create_dir_all(&at).is_err() {
                continue;
            }
            let name = format!("{}.nii", stems[rng.random_range(0..stems.len())]);
            let (path, place) = (at.join(&name), places[rng.random_range(0..places.len())].clone());
            if rng.random_bool(0.7) {
                let _ = fs::write(&path, "no scan, but called like one");
            } else if rng.random_bool(0.5) {
                let _ = symlink(place, &path);
            } else {
                let _ = symlink(place, at.join(["images", "labels", "loop"][rng.random_range(0..3)]));
            }
            places.extend([at, path]);
        }
        let Ok(set) = DataSet::open(&root) else { continue };
        let real = root.canonicalize().expect("there");
        let mut used = std::collections::HashSet::new();
        for case in &set.cases {
            found += 1;
            for path in std::iter::once(&case.image).chain(&case.label) {
                assert!(path.canonicalize().expect("there").starts_with(&real), "seed {seed}: {}", path.display());
                assert!(used.insert(path.clone()), "seed {seed}: {} twice", path.display());
            }
        }
        assert_eq!(names(&set).into_iter().collect::<std::collections::HashSet<_>>().len(), set.cases.len());
        let report = set.check(&|_, _| true).expect("not stopped");
        assert!(report.usable().is_empty() && report.problems.len() >= set.cases.len(), "seed {seed}: none of these is a scan");
    }
    assert!(found > 50, "{found}: the folders should hold data sets now and then");
}
