//! Everything that can be pressed or typed into has a name for a screen reader, in every state of the window.

use egui::accessibility::is_input;
use egui::accesskit::Action;
use egui::{Key, KeyboardShortcut, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use medley_learn::Finding;
use medley_learn::task::ClassProbability;
use medley_nn::weights::Task;

use crate::command::Command;
use crate::dialogs::Purpose;
use crate::state::notices::Severity;
use crate::state::tools::ActiveTool;
use crate::state::view::ViewKind;
use crate::state::workbench::{ShownFinding, Workbench};
use crate::testing::{empty_workbench, sample_workbench};

/// A window of the usual size without a GPU.
fn window(workbench: Workbench) -> Harness<'static, Workbench> {
    let builder = Harness::builder().with_size([1280.0, 800.0]).with_accessibility_check(false);
    let mut harness = builder.build_ui_state(|ui, workbench: &mut Workbench| super::show(ui, workbench), workbench);
    harness.run_steps(4);
    harness
}

/// What can be acted upon or have the keyboard, and has no name.
fn unnamed(harness: &Harness<'static, Workbench>) -> Vec<String> {
    let nodes = harness.root().children_recursive().map(|node| node.accesskit_node());
    let nodes = nodes.filter(|node| !node.is_hidden());
    let can_be_acted_upon = nodes.filter(|node| {
        let data = node.data();
        (is_input(node.role()) && !data.is_read_only()) || data.supports_action(Action::Focus)
    });
    let has_name = |name: Option<String>| name.is_some_and(|name| name.chars().any(char::is_alphanumeric));
    let nameless = can_be_acted_upon.filter(|node| !has_name(node.label()) && !has_name(node.data().placeholder().map(str::to_owned)));
    nameless.map(|node| format!("{:?} at {:?} with {:?}", node.role(), node.raw_bounds(), node.label())).collect()
}

fn check(harness: &mut Harness<'static, Workbench>, state: &str) {
    harness.run_steps(3);
    let named = harness.root().children_recursive().filter(|node| node.accesskit_node().label().is_some()).count();
    assert!(named > 10, "{state}: the window is all but empty");
    let unnamed = unnamed(harness);
    assert!(unnamed.is_empty(), "{state}: {} without a name:\n{}", unnamed.len(), unnamed.join("\n"));
}

#[test]
fn what_has_no_name_is_found() {
    let mut harness = Harness::builder().with_accessibility_check(false).build_ui_state(
        |ui, _: &mut Workbench| {
            ui.allocate_exact_size(egui::vec2(20.0, 20.0), egui::Sense::click());
            ui.add(egui::Button::new("×"));
            ui.text_edit_singleline(&mut String::new());
            let _ = ui.button("Named");
        },
        empty_workbench(),
    );
    harness.run_steps(3);
    assert_eq!(unnamed(&harness).len(), 3, "{:?}", unnamed(&harness));
}

#[test]
fn nothing_is_nameless_where_nothing_is_open() {
    let mut harness = window(empty_workbench());
    check(&mut harness, "nothing open");
    for severity in [Severity::Done, Severity::Warning, Severity::Error] {
        harness.state_mut().notices.push(severity, format!("A sentence of {severity:?}."));
    }
    check(&mut harness, "notices");
    Command::Palette.run(harness.state_mut(), &egui::Context::default());
    check(&mut harness, "palette");
    harness.state_mut().hands.palette.query = "no such thing at all".to_owned();
    check(&mut harness, "nothing found");
    harness.state_mut().hands.close();
    harness.state_mut().hands.is_settings_open = true;
    check(&mut harness, "settings");
    harness.state_mut().hands.is_settings_open = false;
    harness.state_mut().dialogs.ask_for_path(Purpose::OpenScan);
    check(&mut harness, "field for a path");
    harness.state_mut().dialogs.close();
    harness.state_mut().dialogs.asks_to_close = true;
    check(&mut harness, "closing during a training");
}

#[test]
fn nothing_is_nameless_on_the_page_of_shortcuts() {
    let mut harness = window(empty_workbench());
    harness.state_mut().hands.sheet.toggle();
    check(&mut harness, "shortcuts");
    let key = |key| KeyboardShortcut::new(Modifiers::COMMAND, key);
    harness.state_mut().hands.settings.keymap.bind(Command::Undo, key(Key::J));
    check(&mut harness, "a key that was chosen");
    harness.state_mut().hands.sheet.listen(Command::OpenScan);
    check(&mut harness, "listening");
    let hands = &mut harness.state_mut().hands;
    hands.sheet.press(key(Key::J), &mut hands.settings.keymap);
    check(&mut harness, "keys of another command");
}

#[test]
fn nothing_is_nameless_while_a_case_is_open() {
    let (workbench, _folder) = sample_workbench();
    let mut harness = window(workbench);
    for tool in ActiveTool::ALL {
        harness.state_mut().tool = tool;
        check(&mut harness, tool.name());
    }
    for kind in ViewKind::ALL {
        harness.state_mut().views.maximised = Some(kind);
        check(&mut harness, kind.label());
    }
    harness.state_mut().views.maximised = None;
    for task in Task::ALL {
        harness.state_mut().choices.task = task;
        check(&mut harness, "a task");
    }
    Command::Weights.run(harness.state_mut(), &egui::Context::default());
    check(&mut harness, "weights");
    harness.state_mut().weights_page.is_open = false;
    let found = crate::testing::found_box();
    let classes = vec![ClassProbability { class: "pelvis".to_owned(), probability: 0.7 }];
    for finding in [Finding::Boxes(vec![found]), Finding::Boxes(Vec::new()), Finding::Classes(classes)] {
        harness.state_mut().finding = Some(ShownFinding { model: "a".to_owned(), finding });
        check(&mut harness, "a finding");
    }
}

#[test]
fn keys_that_are_pressed_on_the_page_of_shortcuts_are_chosen_and_do_nothing_else() {
    let mut harness = window(empty_workbench());
    harness.key_press(Key::F1);
    harness.run_steps(3);
    assert!(harness.state().hands.sheet.is_open, "F1 opens it");
    harness.state_mut().hands.sheet.listen(Command::Undo);
    harness.run_steps(2);
    harness.key_press(Key::F1);
    harness.run_steps(3);
    let sheet = &harness.state().hands.sheet;
    assert!(sheet.is_open && sheet.choosing().is_some(), "F1 belongs to this page: it asks");
    harness.state_mut().hands.sheet.listen(Command::Undo);
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::ALT, Key::Num7);
    harness.run_steps(3);
    assert_eq!(harness.state().hands.settings.keymap.owner(KeyboardShortcut::new(Modifiers::ALT, Key::Num7)), Some(Command::Undo));
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(!harness.state().hands.sheet.is_open, "Esc closes it");
}

#[test]
fn the_palette_is_walked_through_and_done_by_the_keyboard_alone() {
    let mut harness = window(empty_workbench());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_steps(3);
    assert!(harness.state().hands.palette.is_open);
    harness.event(egui::Event::Text("erase".to_owned()));
    harness.run_steps(3);
    assert_eq!(harness.state().hands.palette.query, "erase");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert_eq!((harness.state().tool, harness.state().hands.palette.is_open), (ActiveTool::Eraser, false));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::P);
    harness.run_steps(3);
    harness.key_press(Key::ArrowDown);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(3);
    assert_eq!(harness.state().hands.palette.chosen, 2);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(!harness.state().hands.palette.is_open);
}

#[test]
fn settings_hold_at_once() {
    let mut harness = window(empty_workbench());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Minus);
    harness.run_steps(3);
    assert_eq!(harness.state().hands.settings.scale_percent, 90);
    assert!((harness.ctx.zoom_factor() - 0.9).abs() < 1e-6);
    harness.state_mut().hands.settings.theme = crate::state::settings::ThemeChoice::Light;
    harness.run_steps(2);
    assert_eq!(harness.ctx.theme(), egui::Theme::Light);
}
