//! The command palette: everything that can be done or gone to, found by a few letters.

use egui::Context;
use medley_project::CaseId;
use medley_volume::Quantity;

use super::tools::ActiveTool;
use super::window_level::{CT_PRESETS, WindowLevel};
use super::workbench::Workbench;
use crate::command::{Command, TABLE, search};
use crate::texts::palette as texts;

/// The palette as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandPalette {
    /// It is shown.
    pub is_open: bool,
    /// What was typed.
    pub query: String,
    /// Which of the found is chosen by the keyboard.
    pub chosen: usize,
}

impl CommandPalette {
    /// Opens it empty, or closes it.
    pub fn toggle(&mut self) {
        *self = Self { is_open: !self.is_open, ..Self::default() };
    }

    /// Closes it; whether it was open.
    pub fn close(&mut self) -> bool {
        std::mem::take(self).is_open
    }
}

/// What a row of the palette does.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// An action.
    Command(Command),
    /// Paint a label.
    Label(u16),
    /// Open a case.
    Case(CaseId),
    /// Show these values between black and white.
    Window(WindowLevel),
    /// Show nearly all values between black and white.
    WholeRange,
}

/// A row of the palette.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// What it does.
    pub target: Target,
    /// Its name among those done before, in no language. A case has none: its name may be a patient's.
    pub id: Option<String>,
    /// What it is called.
    pub title: String,
    /// Where it belongs.
    pub group: &'static str,
    /// Its keys, as a person reads them.
    pub keys: String,
    /// Why it cannot be done now.
    pub obstacle: Option<&'static str>,
    /// The letters of the title that were looked for, as byte offsets.
    pub letters: Vec<usize>,
}

/// What is not in the title but in the title with its group counts so much less.
const BY_GROUP: i32 = 12;
/// What cannot be done counts so much less.
const OBSTRUCTED: i32 = 10;
/// What was done last counts so much more; what was done before that a little less, and so on.
const JUST_DONE: i32 = 12;

impl Item {
    /// Does it.
    pub fn run(&self, workbench: &mut Workbench, context: &Context) {
        if self.obstacle.is_some() {
            return;
        }
        if let Some(id) = &self.id {
            workbench.hands.settings.remember_done(id);
        }
        match &self.target {
            Target::Command(command) => command.run(workbench, context),
            Target::Label(value) => {
                workbench.active_label = *value;
                if !workbench.tool.is_painting() {
                    Command::Take(ActiveTool::Brush).run(workbench, context);
                }
            }
            Target::Case(id) => workbench.load_case(*id),
            Target::Window(window) => workbench.views.window = *window,
            Target::WholeRange => {
                if let Some(case) = &workbench.case {
                    workbench.views.window = WindowLevel::percentile(&case.volume);
                }
            }
        }
    }
}

/// What matches a query, best first; all there is for an empty one, what was done last first.
#[must_use]
pub fn found(workbench: &Workbench, context: &Context, query: &str) -> Vec<Item> {
    let recent = &workbench.hands.settings.recent;
    let mut ranked: Vec<(i32, Item)> = Vec::new();
    for mut item in items(workbench, context) {
        let by_title = search::find(query, &item.title);
        let by_group =
            || search::find(query, &format!("{} {}", item.title, item.group)).map(|found| (found.score - BY_GROUP, found.letters));
        let Some((mut score, letters)) = by_title.map(|found| (found.score, found.letters)).or_else(by_group) else { continue };
        item.letters = letters.into_iter().filter(|&at| at < item.title.len()).collect();
        let done = item.id.as_ref().and_then(|id| recent.iter().position(|other| other == id));
        score += done.map_or(0, |at| (JUST_DONE - at as i32).max(1));
        if item.obstacle.is_some() {
            score -= OBSTRUCTED;
        }
        ranked.push((score, item));
    }
    // Stable: what ranks alike stays in the order of the table.
    ranked.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    ranked.into_iter().map(|(_, item)| item).collect()
}

fn items(workbench: &Workbench, context: &Context) -> Vec<Item> {
    let item =
        |target, id, title: String, group| Item { target, id, title, group, keys: String::new(), obstacle: None, letters: Vec::new() };
    let of_table = TABLE.iter().filter(|entry| ![Command::Palette, Command::Cancel].contains(&entry.command)).map(|entry| Item {
        keys: entry.command.shortcut_text(context),
        obstacle: entry.command.obstacle(workbench),
        ..item(Target::Command(entry.command), Some(entry.id.to_owned()), entry.title.trim_end_matches('…').to_owned(), entry.group.title())
    });
    let mut all: Vec<Item> = of_table.collect();
    if let Some(study) = &workbench.study {
        let obstacle = workbench.case.is_none().then_some(crate::texts::commands::OPEN_A_SCAN);
        let label = |label: &medley_volume::Label| {
            let id = format!("label:{}", label.name);
            Item { obstacle, ..item(Target::Label(label.value), Some(id), texts::paint(&label.name), texts::LABELS) }
        };
        all.extend(study.labels.labels().iter().map(label));
        let open = workbench.case.as_ref().map(|case| case.id);
        let case = |case: &medley_project::CaseInfo| Item {
            obstacle: (open == Some(case.id)).then_some(texts::IS_OPEN),
            ..item(Target::Case(case.id), None, texts::open_case(&case.name), texts::CASES)
        };
        all.extend(study.cases.iter().map(case));
    }
    if let Some(open) = &workbench.case {
        if open.volume.quantity() == Quantity::Hounsfield {
            let preset = |preset: super::window_level::Preset| {
                let id = format!("window:{}/{}", preset.window.width, preset.window.level);
                item(Target::Window(preset.window), Some(id), texts::window(preset.name), texts::WINDOWS)
            };
            all.extend(CT_PRESETS.into_iter().map(preset));
        }
        all.push(item(Target::WholeRange, Some("window-percentile".to_owned()), texts::WHOLE_RANGE.to_owned(), texts::WINDOWS));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{empty_workbench, sample_workbench};

    fn titles(workbench: &Workbench, query: &str) -> Vec<String> {
        found(workbench, &Context::default(), query).into_iter().map(|item| item.title).collect()
    }

    #[test]
    fn labels_cases_and_windows_are_found_and_done() {
        let (mut workbench, _folder) = sample_workbench();
        let context = Context::default();
        let liver = found(&workbench, &context, "paint liver").remove(0);
        liver.run(&mut workbench, &context);
        let value = workbench.study.as_ref().and_then(|study| study.labels.find("liver")).map(|label| label.value);
        assert_eq!((Some(workbench.active_label), workbench.tool), (value, ActiveTool::Brush));
        found(&workbench, &context, "window bone").remove(0).run(&mut workbench, &context);
        assert_eq!(workbench.hands.settings.recent, ["window:2000/400", "label:liver"], "what is kept is of no language");
        assert_eq!(workbench.views.window.preset().map(|preset| preset.name), Some("Bone"));
        let other = workbench
            .study
            .as_ref()
            .expect("a study")
            .cases
            .iter()
            .find(|case| workbench.case.as_ref().is_some_and(|open| open.id != case.id));
        let name = other.expect("another case").name.clone();
        found(&workbench, &context, &format!("open case {name}")).remove(0).run(&mut workbench, &context);
        assert_eq!(workbench.loading, Some(name.clone()));
        assert!(!workbench.hands.settings.recent.iter().any(|id| id.contains(&name)), "names of cases are not kept in settings");
    }

    #[test]
    fn what_was_done_last_comes_first_and_what_cannot_be_done_later() {
        let mut workbench = empty_workbench();
        workbench.hands.settings.remember_done("tool-eraser");
        assert_eq!(titles(&workbench, "")[0], "Eraser");
        let all = found(&workbench, &Context::default(), "");
        let first_obstacle = all.iter().position(|item| item.obstacle.is_some()).expect("no scan is open");
        assert!(all[first_obstacle..].iter().all(|item| item.obstacle.is_some()));
        let undo = all.iter().find(|item| item.title == "Undo").expect("listed");
        assert!(undo.obstacle.is_some());
        undo.run(&mut workbench, &Context::default());
        assert_eq!(workbench.hands.settings.recent, ["tool-eraser"], "what cannot be done was not done");
    }

    #[test]
    fn a_group_finds_what_is_in_it() {
        let workbench = empty_workbench();
        let tools = titles(&workbench, "tools");
        assert!(["Brush", "Eraser", "Crosshair"].iter().all(|tool| tools.iter().any(|title| title == tool)), "{tools:?}");
    }
}
