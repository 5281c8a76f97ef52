//! Saves a mask of each scan of a folder as the window does: a study, an edit, the study's own file. For `tests/peers/overlay.py`.
//!
//! The mask holds 1 where the scan is above 500 and 2 where it is above 900.

use std::error::Error;
use std::path::Path;

use medley_annotate::{Author, Edit, Tool};
use medley_project::{Role, Study};
use medley_volume::{LabelMap, LabelTable};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("name a folder of scans")?;
    let folder = Path::new(&folder);
    let study = Study::create(&folder.join("study"), &LabelTable::from_names([(1, "bright"), (2, "brighter")]))?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(stem) = name.strip_suffix(".nii.gz") else { continue };
        let case = study.add_case(stem, &path, Role::Training)?;
        let open = study.load_case(case)?;
        let values = open.volume.to_f32();
        let mut wanted = LabelMap::empty(*open.volume.grid());
        values.iter().enumerate().for_each(|(at, &value)| wanted.set(at, u16::from(value > 500.0) + u16::from(value > 900.0)));
        if let Some(edit) = Edit::between(&open.mask, &wanted, Author::Person, Tool::Script, 0)? {
            study.journal_edit(case, &edit)?;
        }
        study.save_mask(case, &wanted)?;
    }
    Ok(())
}
