//! The list of steps: a click goes to one, a button takes one back alone.

use egui::{Button, RichText, ScrollArea, Ui, WidgetInfo};
use medley_annotate::{Author, History, Step};

use super::widgets::{empty_hint, heading, named};
use crate::clock::now_ms;
use crate::state::open_case::OpenCase;
use crate::state::workbench::Workbench;
use crate::texts::history as texts;

/// Height of the list, in points; longer ones scroll.
const HEIGHT: f32 = 190.0;
/// The list beside the button goes back this far; the context menu of the long list has no end.
const MOST: usize = 200;
/// Height of a row, in points.
const ROW: f32 = 20.0;

/// What was pressed.
enum Wish {
    /// Go to where so many steps are done.
    JumpTo(usize),
    TakeBack(usize),
}

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(case) = &workbench.case else { return };
    ui.add_space(10.0);
    heading(ui, texts::HEADING);
    let count = case.history.len() + case.history.redo_len();
    if count == 0 {
        empty_hint(ui, texts::EMPTY);
        return;
    }
    let mut wish = None;
    // The newest on top, the beginning below all steps.
    let now = case.history.len();
    ScrollArea::vertical().id_salt("history scroll").max_height(HEIGHT).auto_shrink([false, true]).show_rows(
        ui,
        ROW,
        count + 1,
        |ui, rows| {
            for row in rows {
                match count.checked_sub(row + 1) {
                    Some(at) => step_row(ui, case, at, workbench.chosen_step, &mut wish),
                    None => beginning(ui, now == 0, &mut wish),
                }
            }
        },
    );
    take_back(ui, workbench, &mut wish);
    match wish {
        Some(Wish::JumpTo(position)) => {
            workbench.chosen_step = None;
            workbench.jump_to(position);
        }
        Some(Wish::TakeBack(step)) => workbench.take_back_only(step),
        None => {}
    }
}

fn step_row(ui: &mut Ui, case: &OpenCase, at: usize, chosen: Option<usize>, wish: &mut Option<Wish>) {
    let Some(Step { edit, is_done }) = case.history.step(at) else { return };
    let is_now = at + 1 == case.history.len();
    let title = edit.title();
    let mut text = RichText::new(&title);
    if !is_done {
        text = text.weak().italics();
    }
    let age = RichText::new(texts::ago(now_ms() - edit.at_ms)).small();
    let age = if is_now { age.color(ui.visuals().selection.stroke.color) } else { age.weak() };
    let button = Button::new(text).right_text(age).selected(is_now).frame_when_inactive(is_now || chosen == Some(at)).truncate();
    let response = ui.add(button.min_size(egui::vec2(ui.available_width(), ROW)));
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_now, texts::step_name(at + 1, &title, is_done, is_now)));
    let who = match &edit.author {
        Author::Person => texts::PERSON,
        Author::Model(model) => model.as_str(),
    };
    let hint = texts::step_hint(who, &texts::ago(now_ms() - edit.at_ms), edit.changed, edit.region.shape());
    let response = response.on_hover_text(hint);
    if response.clicked() {
        *wish = Some(Wish::JumpTo(at + 1));
    }
    response.context_menu(|ui| {
        let button = ui.add_enabled(is_done, Button::new(texts::TAKE_BACK));
        if button.on_hover_text(texts::TAKE_BACK_HINT).on_disabled_hover_text(texts::CHOOSE_A_DONE_STEP).clicked() {
            *wish = Some(Wish::TakeBack(at));
            ui.close();
        }
    });
}

fn beginning(ui: &mut Ui, is_now: bool, wish: &mut Option<Wish>) {
    let button = Button::new(texts::BEGINNING).selected(is_now).frame_when_inactive(is_now).min_size(egui::vec2(ui.available_width(), ROW));
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_now, texts::BEGINNING));
    if response.on_hover_text(texts::BEGINNING_HINT).clicked() {
        *wish = Some(Wish::JumpTo(0));
    }
}

/// For the step that a click chose, or a keyboard: a click on a step goes there, so the step to take back is chosen with the list
/// beside the button.
fn take_back(ui: &mut Ui, workbench: &mut Workbench, wish: &mut Option<Wish>) {
    let Some(history) = workbench.case.as_ref().map(|case| &case.history) else { return };
    let done = history.len();
    let chosen = workbench.chosen_step.filter(|&at| at < done).or_else(|| done.checked_sub(1));
    let obstacle = workbench.change_obstacle().or(chosen.is_none().then_some(texts::CHOOSE_A_DONE_STEP));
    let choice = ui.horizontal(|ui| {
        let button = ui.add_enabled(obstacle.is_none(), Button::new(texts::TAKE_BACK));
        named(&button, texts::TAKE_BACK);
        let button = button.on_hover_text(texts::TAKE_BACK_HINT).on_disabled_hover_text(obstacle.unwrap_or_default());
        if let (true, Some(at)) = (button.clicked(), chosen) {
            *wish = Some(Wish::TakeBack(at));
        }
        choose_step(ui, history, chosen)
    });
    // Nothing chosen means the last step, also after the next one.
    if choice.inner != chosen {
        workbench.chosen_step = choice.inner;
    }
}

/// Which step the button takes back: no jump, unlike a click in the list.
fn choose_step(ui: &mut Ui, history: &History, chosen: Option<usize>) -> Option<usize> {
    let name = |at: usize| history.step(at).map(|step| format!("{} {}", at + 1, step.edit.title())).unwrap_or_default();
    let mut choice = chosen;
    let combo = egui::ComboBox::from_id_salt("step to take back")
        .selected_text(chosen.map(name).unwrap_or_default())
        .width(ui.available_width())
        .truncate();
    let shown = combo.show_ui(ui, |ui| {
        for at in (0..history.len()).rev().take(MOST) {
            if ui.selectable_label(chosen == Some(at), name(at)).clicked() {
                choice = Some(at);
            }
        }
    });
    shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, texts::STEP_TO_TAKE_BACK));
    choice
}
