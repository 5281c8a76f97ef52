//! Texts stay in one place: what panels, dialogs, state and commands tell is found here, not in them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names of places in egui's memory and the like, which nobody reads.
const IDS: [&str; 12] = [
    "advanced choices",
    "advanced training",
    "classes found",
    "command palette",
    "file dialog",
    "first row",
    "first side",
    "learning scroll",
    "second side",
    "status log",
    "study scroll",
    "window preset",
];

/// What stands before the name of a place in egui's memory, of a thread, or of a type in an attribute, and before a reason.
const BEFORE_IDS: [&str; 10] =
    ["id_salt(", "with(", "with((", "unique(", "unique((", "Grid::new(", "Builder::new().name(", "from=", "into=", "reason="];

/// Words of files and of the system, which no language changes.
const WORDS_OF_FILES: [&str; 9] =
    ["medley measurements", "RAS millimetres", "MemTotal:", "Ctrl+", "Shift+", "Alt+", "Ctrl", "Shift", "Alt"];

/// The table of commands holds their titles and is one place itself; the page for the handbook is written by a test.
const OF_THEIR_OWN: [&str; 2] = ["command/table.rs", "command/page.rs"];

/// Signs that are the same in every language.
const UNITS: [&str; 5] = [" mm", " HU", " mL", " px", " dpi"];

/// The string literals of a source text that people might read: with a space between letters, or beginning with a capital. Not
/// those of comments and tests.
fn readable(source: &str) -> Vec<String> {
    let mut found = literals(source);
    found.retain(|text| is_readable(text) && !IDS.contains(&text.as_str()) && !WORDS_OF_FILES.contains(&text.as_str()));
    found
}

fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source.chars().peekable();
    let mut before = String::new();
    while let Some(letter) = rest.next() {
        if !letter.is_whitespace() {
            before.push(letter);
        }
        match letter {
            '/' if rest.peek() == Some(&'/') => rest.by_ref().take_while(|&letter| letter != '\n').for_each(drop),
            // A quotation mark or a backslash as a character.
            '\'' if matches!(rest.peek(), Some('"' | '\\')) => drop((rest.next(), rest.next())),
            '"' => {
                let mut text = String::new();
                while let Some(letter) = rest.next().filter(|&letter| letter != '"') {
                    text.push(match (letter, rest.peek()) {
                        ('\\', Some('n')) => rest.next().map_or(' ', |_| '\n'),
                        ('\\', _) => rest.next().unwrap_or_default(),
                        _ => letter,
                    });
                }
                let is_id = BEFORE_IDS.iter().any(|call| before.trim_end_matches('"').ends_with(call));
                if !is_id {
                    found.push(text);
                }
                before.clear();
            }
            _ => {}
        }
    }
    found
}

fn is_readable(text: &str) -> bool {
    let text = UNITS.iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
    let outside_braces = text.split('{').map(|part| part.rsplit('}').next().unwrap_or_default()).collect::<Vec<_>>().join("0");
    let letters: Vec<char> = outside_braces.chars().collect();
    let has_words =
        letters.windows(2).any(|pair| (pair[0] == ' ' && pair[1].is_alphabetic()) || (pair[0].is_alphabetic() && pair[1] == ' '));
    has_words || (letters.len() > 1 && letters[0].is_uppercase() && letters[1].is_lowercase())
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of sources").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

#[test]
fn texts_stand_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let all = ["panels", "dialogs", "state", "command"].map(|folder| sources(&root.join(folder))).concat();
    assert!(all.len() > 100, "the sources are not where they were");
    let mut stray = Vec::new();
    for path in all {
        let name = path.strip_prefix(&root).expect("within").to_string_lossy().replace('\\', "/");
        let is_of_tests = name.contains("/tests") || name.ends_with("tests.rs") || name.ends_with("accessibility.rs");
        if is_of_tests || OF_THEIR_OWN.contains(&name.as_str()) {
            continue;
        }
        let texts = readable(&std::fs::read_to_string(&path).expect("a source"));
        stray.extend(texts.into_iter().map(|text| format!("{name}: “{text}”")));
    }
    assert!(stray.is_empty(), "texts belong into app/src/texts:\n{}", stray.join("\n"));
}

#[test]
fn every_text_is_shown_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut times = HashMap::<String, usize>::new();
    for path in sources(&root) {
        let source = std::fs::read_to_string(&path).expect("a source");
        let words = source.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        words.filter(|word| !word.is_empty()).for_each(|word| *times.entry(word.to_owned()).or_default() += 1);
    }
    let mut unused = Vec::new();
    for path in sources(&root.join("texts")) {
        let source = std::fs::read_to_string(&path).expect("a source");
        let declared = source.lines().filter_map(|line| line.strip_prefix("pub fn ").or(line.strip_prefix("pub const ")));
        let names =
            declared.map(|rest| rest.strip_prefix("fn ").unwrap_or(rest).split(['(', ':', '<']).next().unwrap_or_default().to_owned());
        unused.extend(names.filter(|name| times[name] < 2).map(|name| format!("{name} of {}", path.display())));
    }
    assert!(unused.is_empty(), "translated, but never read: {unused:?}");
}

#[test]
fn the_fonts_have_every_letter_of_the_texts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/texts");
    let mut all: Vec<String> = sources(&folder)
        .iter()
        .filter(|path| !path.ends_with("literals.rs"))
        .flat_map(|path| literals(&std::fs::read_to_string(path).expect("a source")))
        .collect();
    all.extend(crate::command::TABLE.iter().map(|entry| entry.title.to_owned()));
    let context = egui::Context::default();
    let _ = context.run_ui(egui::RawInput::default(), |_| {});
    let font = egui::FontId::proportional(14.0);
    let missing: Vec<char> =
        context.fonts_mut(|fonts| all.concat().chars().filter(|&letter| letter != '\n' && !fonts.has_glyph(&font, letter)).collect());
    assert!(all.len() > 100 && missing.is_empty(), "no glyphs for {missing:?}");
}

#[test]
fn what_people_might_read_is_told_from_what_they_do_not() {
    let source = "let a = \"Open it\"; // \"not this one\"\nlet b = '\"'; f(\"{a} of {b}\", \"salt\", \"é\", \"Fine\", \"{x:.1} mm\");\n#[cfg(test)]\nmod tests { \"nor this\" }";
    assert_eq!(readable(source), ["Open it", "{a} of {b}", "Fine"]);
}
