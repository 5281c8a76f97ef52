//! The label sets under `assets/labels` are read, and are what they say.

use std::path::Path;

use medley_io::label_files;

#[test]
fn each_standard_set_is_read_with_all_its_labels() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/labels");
    let sets = [
        ("totalsegmentator_ct.txt", 117, [(1, "spleen"), (50, "vertebrae_C1"), (92, "rib_left_1"), (117, "costal_cartilages")]),
        ("totalsegmentator_mr.txt", 50, [(1, "spleen"), (10, "lung_left"), (20, "intervertebral_discs"), (50, "brain")]),
        ("aal116.txt", 116, [(1, "Precentral_L"), (38, "Hippocampus_R"), (91, "Cerebelum_Crus1_L"), (116, "Vermis_10")]),
        ("aal116_mni_codes.txt", 116, [(2001, "Precentral_L"), (4102, "Hippocampus_R"), (9001, "Cerebelum_Crus1_L"), (9170, "Vermis_10")]),
    ];
    for (file, count, some) in sets {
        let table = label_files::read(&folder.join(file)).expect(file);
        assert_eq!(table.labels().len(), count, "{file}");
        for (value, name) in some {
            assert_eq!(table.get(value).map(|label| label.name.as_str()), Some(name), "{file}");
        }
        let mut names: Vec<&str> = table.labels().iter().map(|label| label.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{file}: a name is there twice");
    }
}
