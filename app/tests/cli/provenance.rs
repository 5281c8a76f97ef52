//! `medley provenance`.

use medley_annotate::{Author, Edit, Tool};
use medley_io::StoredGeometry;
use medley_project::{CaseStatus, Role, Study};
use medley_volume::{Grid, IndexBox, LabelTable, Quantity, Scaling, Volume, Voxels};

use crate::support::{answer, medley};

/// Two scans: a model filled two slices of the first, a person painted over one of them.
fn study(folder: &std::path::Path) -> Study {
    let grid = Grid::axis_aligned([6, 5, 4], [1.0; 3]).expect("a grid");
    let volume = Volume::new(grid, Voxels::I16(vec![7; grid.len()]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
    let study = Study::create(folder, &LabelTable::from_names([(1, "liver"), (2, "cyst")])).expect("made");
    study.set_reviewer(Some("MK")).expect("set");
    for name in ["first", "second"] {
        let image = folder.join(format!("{name}.nii"));
        medley_io::write_volume(&image, &volume, &StoredGeometry::of_grid(&grid)).expect("written");
        study.add_case(name, &image, Role::Training).expect("added");
    }
    let case = study.cases().expect("cases")[0].id;
    let mut mask = study.load_case(case).expect("opens").mask;
    for (slices, label, author, tool) in [(0..2, 1, Author::Model("m1".to_owned()), Tool::Proposal), (1..2, 2, Author::Person, Tool::Brush)]
    {
        let region = IndexBox { low: [0, 0, slices.start], high: [6, 5, slices.end] };
        let edit = Edit::from_region(&mask, region, &vec![label; region.len()], author, tool, 0).expect("a change");
        edit.apply(&mut mask).expect("fits");
        study.journal_edit(case, &edit).expect("journaled");
    }
    study.set_status(case, CaseStatus::Approved).expect("set");
    study
}

#[test]
fn who_did_what_as_json_text_and_table() {
    let folder = tempfile::tempdir().expect("a folder");
    // Open in this program all the while, as in a window.
    let open = study(folder.path());
    let path = folder.path().to_str().expect("text").to_owned();
    let told = answer(["provenance", &path]);
    assert_eq!(told["cases"].as_array().map(Vec::len), Some(2));
    let first = &told["cases"][0];
    assert_eq!((first["status"].as_str(), first["reviewer"].as_str()), (Some("approved"), Some("MK")));
    assert_eq!((first["labelled_voxels"].as_u64(), first["untouched_model_voxels"].as_u64()), (Some(60), Some(30)));
    assert_eq!(first["edits"][1]["reviewer"], "MK");
    assert_eq!(told["cases"][1]["status"], "new");

    let table = folder.path().join("who.csv");
    let table_name = table.to_str().expect("text");
    let run = medley(["provenance", &path, "--case", "first", "--csv", table_name]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.out.contains("approved") && run.out.contains("Accepted proposal") && !run.out.contains("second"), "{}", run.out);
    let rows = std::fs::read_to_string(&table).expect("written");
    assert!(rows.starts_with("row,case,") && rows.contains("origin,first,,m1,,,1,liver,30,"), "{rows}");

    let again = medley(["provenance", &path, "--csv", table_name]);
    assert!(again.code == Some(1) && again.err.contains("--force"), "{again:?}");
    let unknown = medley(["provenance", &path, "--case", "third"]);
    assert!(unknown.code == Some(1) && unknown.err.contains("it has: first, second"), "{unknown:?}");
    let nowhere = medley(["provenance", "no/such/study"]);
    assert!(nowhere.code == Some(1) && nowhere.err.contains("not a Medley study"), "{nowhere:?}");
    drop(open);
    assert_eq!(answer(["provenance", &path]), told, "looked at or opened, it is the same");
}
