//! The page of keys in the handbook, made from the table.

use egui::ModifierNames;

use super::{Group, TABLE};
use crate::state::settings::PaintingButton;
use crate::texts::shortcuts;

/// The page, as `docs/keyboard.md` holds it.
fn page() -> String {
    let mut text = String::from(
        "# Keyboard, mouse, touch and pen\n\n\
         In the window F1 shows this list, finds in it, and lets you choose other keys: click the keys of a command and press the new\n\
         ones. Keys that another command has are taken from it only if you say so. On macOS, read ⌘ for Ctrl.\n\n\
         Ctrl+P finds commands, labels, cases and windows of values by a few of their letters, and says why something cannot be done.\n",
    );
    let mut table = |title: &str, head: &str, rows: Vec<(String, &str)>| {
        text.push_str(&format!("\n## {title}\n\n| {head} | what it does |\n| --- | --- |\n"));
        rows.into_iter().for_each(|(keys, meaning)| text.push_str(&format!("| {keys} | {meaning} |\n")));
    };
    for group in Group::ALL {
        let of_group = TABLE.iter().filter(|entry| entry.group == group);
        let rows = of_group.map(|entry| {
            let keys = entry.keys.iter().map(|key| format!("`{}`", key.format(&ModifierNames::NAMES, false)));
            (keys.collect::<Vec<_>>().join(" or "), entry.title)
        });
        table(group.title(), "keys", rows.collect());
    }
    let owned = |rows: &[(&str, &'static str)]| rows.iter().map(|(gesture, meaning)| ((*gesture).to_owned(), *meaning)).collect();
    table(shortcuts::MOUSE, "gesture", owned(&shortcuts::mouse(PaintingButton::Left)));
    table(shortcuts::TOUCH, "gesture", owned(&shortcuts::TOUCHES));
    text
}

/// `MEDLEY_WRITE_DOCS=1` writes it anew.
#[test]
fn the_handbook_says_what_the_table_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/keyboard.md");
    if std::env::var_os("MEDLEY_WRITE_DOCS").is_some() {
        std::fs::write(&path, page()).expect("written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(kept == page(), "docs/keyboard.md is not what the table says: run this test with MEDLEY_WRITE_DOCS=1");
}
