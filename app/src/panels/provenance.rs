//! The page of who did what.

use egui::{Align2, Color32, Grid, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, Window};
use medley_annotate::Author;
use medley_project::provenance::{CaseProvenance, iso_time};
use medley_project::{CaseStatus, EditInfo};

use super::widgets::{command_button_named, empty_hint, heading, named};
use crate::command::Command;
use crate::dialogs::draw_again_if_grown;
use crate::state::provenance::Origins;
use crate::state::workbench::Workbench;
use crate::texts::provenance as texts;

/// Height of the list of changes, in points; longer ones scroll.
const HEIGHT: f32 = 230.0;
/// Width of the page, in points.
const WIDTH: f32 = 640.0;

pub fn window(ui: &Ui, workbench: &mut Workbench) {
    if let Some(after) = workbench.provenance.look_again_after() {
        ui.ctx().request_repaint_after(after);
    }
    if !workbench.provenance.is_open {
        return;
    }
    let mut is_open = true;
    let room = ui.ctx().content_rect().size();
    let title = workbench.case.as_ref().map_or_else(|| texts::TITLE.to_owned(), |case| format!("{}: {}", texts::TITLE, case.name));
    let window =
        Window::new(title).id(egui::Id::unique("provenance")).pivot(Align2::CENTER_CENTER).default_pos(ui.ctx().content_rect().center());
    let shown = window.collapsible(false).resizable(false).open(&mut is_open).show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(WIDTH));
        ScrollArea::vertical().max_height(room.y - 120.0).show(ui, |ui| contents(ui, workbench));
    });
    if let Some(shown) = shown {
        draw_again_if_grown(ui, &shown.response);
    }
    workbench.provenance.is_open &= is_open;
}

fn contents(ui: &mut Ui, workbench: &mut Workbench) {
    who(ui, workbench);
    ui.separator();
    let told = workbench.provenance.told.as_ref().map(|(_, told)| told);
    match (told, &workbench.case) {
        (_, None) => empty_hint(ui, texts::NO_CASE),
        (None, Some(_)) => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(texts::READING);
            });
        }
        (Some(told), Some(_)) => {
            summary(ui, workbench, told);
            ui.add_space(6.0);
            heading(ui, texts::EDITS);
            edits(ui, &told.edits);
            if !told.status_log.is_empty() {
                ui.add_space(6.0);
                heading(ui, texts::STATUS_LOG);
                log(ui, told);
            }
        }
    }
    ui.add_space(6.0);
    ui.separator();
    ui.horizontal_wrapped(|ui| {
        origins_button(ui, workbench);
        command_button_named(ui, workbench, Command::SaveProvenance, texts::EXPORT).on_hover_text(texts::EXPORT_HINT);
    });
}

/// Who sits here.
fn who(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(study) = &workbench.study else { return };
    let kept = study.reviewer.clone().unwrap_or_default();
    let may_change = workbench.read_only_obstacle().is_none();
    let mut text = workbench.provenance.reviewer_draft.clone().unwrap_or_else(|| kept.clone());
    let mut is_done = false;
    ui.horizontal(|ui| {
        let label = ui.label(texts::REVIEWER);
        let field = TextEdit::singleline(&mut text).hint_text(texts::REVIEWER_EMPTY).desired_width(120.0).char_limit(32);
        let response = ui.add_enabled(may_change, field).labelled_by(label.id).on_hover_text(texts::REVIEWER_HINT);
        if response.changed() {
            workbench.provenance.reviewer_draft = Some(text.clone());
        }
        is_done = response.lost_focus();
    });
    ui.label(RichText::new(texts::REVIEWER_HINT).weak().small());
    if is_done && text != kept {
        workbench.set_reviewer(&text);
    }
}

fn summary(ui: &mut Ui, workbench: &Workbench, told: &CaseProvenance) {
    heading(ui, texts::ORIGINS);
    ui.label(texts::untouched(told.untouched_model_voxels(), told.labelled_voxels()));
    if told.unreadable > 0 {
        ui.label(RichText::new(texts::unreadable(told.unreadable)).color(ui.visuals().warn_fg_color));
    }
    let labels = workbench.study.as_ref().map(|study| &study.labels);
    Grid::new("origins").num_columns(4).spacing([22.0, 3.0]).striped(true).show(ui, |ui| {
        head(ui, &texts::ORIGIN_COLUMNS);
        for origin in told.origins.iter().filter(|origin| origin.label != 0) {
            ui.label(texts::source(origin.source.as_ref()));
            let label = labels.and_then(|labels| labels.get(origin.label));
            ui.horizontal(|ui| {
                let [r, g, b] = label.map_or_else(|| medley_volume::LabelTable::palette(origin.label), |label| label.color);
                let (swatch, _) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
                ui.painter().rect_filled(swatch, 2.0, Color32::from_rgb(r, g, b));
                ui.label(label.map_or_else(|| origin.label.to_string(), |label| label.name.clone()));
            });
            number(ui, origin.voxels.to_string());
            number(ui, format!("{:.2}", origin.millilitres));
            ui.end_row();
        }
    });
}

fn edits(ui: &mut Ui, edits: &[EditInfo]) {
    if edits.is_empty() {
        empty_hint(ui, texts::NO_EDITS);
        return;
    }
    let row_height = ui.text_style_height(&egui::TextStyle::Body);
    let widths = [150.0, 150.0, 160.0, 80.0, 60.0];
    row(ui, widths, texts::EDIT_COLUMNS.map(|text| RichText::new(text).weak()));
    // The newest on top.
    ScrollArea::vertical().id_salt("edits").max_height(HEIGHT).auto_shrink([false, true]).show_rows(
        ui,
        row_height,
        edits.len(),
        |ui, rows| {
            for edit in rows.filter_map(|row| edits.get(edits.len() - 1 - row)) {
                let who = match (&edit.author, &edit.reviewer) {
                    (Author::Person, Some(reviewer)) => reviewer.clone(),
                    (Author::Person, None) => crate::texts::history::PERSON.to_owned(),
                    (Author::Model(model), Some(reviewer)) => format!("{model} ({reviewer})"),
                    (Author::Model(model), None) => model.clone(),
                };
                let state = if edit.is_in_mask { "" } else { texts::UNDONE };
                let cells = [time(edit.at_ms), who, edit.tool.title().to_owned(), edit.changed.to_string(), state.to_owned()];
                row(ui, widths, cells.map(|text| if edit.is_in_mask { RichText::new(text) } else { RichText::new(text).weak() }));
            }
        },
    );
}

fn log(ui: &mut Ui, told: &CaseProvenance) {
    Grid::new("status log").num_columns(3).spacing([22.0, 3.0]).show(ui, |ui| {
        for change in told.status_log.iter().rev().take(20) {
            ui.label(time(change.at_ms));
            ui.label(change.reviewer.as_deref().unwrap_or(crate::texts::history::PERSON));
            ui.label(texts::status(change.status));
            ui.end_row();
        }
    });
}

fn origins_button(ui: &mut Ui, workbench: &mut Workbench) {
    let (text, is_free) = match workbench.provenance.origins {
        Origins::Off => (texts::SHOW, workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::may_paint)),
        Origins::Shown => (texts::HIDE, true),
        Origins::Coming | Origins::Leaving => (texts::WORKING, false),
    };
    let button = ui.add_enabled(is_free, egui::Button::new(text).selected(workbench.provenance.origins == Origins::Shown));
    named(&button, text);
    if button.clicked() {
        workbench.toggle_origins();
    }
}

/// The status of a case, as a box to choose from; what was chosen.
pub(super) fn status_box(ui: &mut Ui, now: CaseStatus, may_change: bool) -> Option<CaseStatus> {
    let mut chosen = None;
    ui.add_enabled_ui(may_change, |ui| {
        let combo = egui::ComboBox::from_id_salt("status of the case").selected_text(texts::status(now)).width(112.0);
        let shown = combo.show_ui(ui, |ui| {
            for status in CaseStatus::ALL {
                if ui.selectable_label(status == now, texts::status(status)).on_hover_text(texts::status_hint(status)).clicked() {
                    chosen = Some(status);
                }
            }
        });
        shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, may_change, texts::STATUS_OF_CASE));
        shown.response.on_hover_text(texts::status_hint(now));
    });
    chosen.filter(|chosen| *chosen != now)
}

fn head(ui: &mut Ui, columns: &[&str]) {
    columns.iter().for_each(|text| drop(ui.label(RichText::new(*text).weak())));
    ui.end_row();
}

/// Cells of fixed widths; the fourth is a number.
fn row<const N: usize>(ui: &mut Ui, widths: [f32; N], cells: [RichText; N]) {
    ui.horizontal(|ui| {
        for (n, (width, text)) in widths.into_iter().zip(cells).enumerate() {
            let layout =
                if n == 3 { egui::Layout::right_to_left(egui::Align::Center) } else { egui::Layout::left_to_right(egui::Align::Center) };
            let height = ui.text_style_height(&egui::TextStyle::Body);
            ui.allocate_ui_with_layout(egui::vec2(width, height), layout, |ui| {
                ui.set_min_width(width);
                ui.add(egui::Label::new(text).truncate());
            });
        }
    });
}

fn number(ui: &mut Ui, text: String) {
    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| ui.label(text));
}

/// To the minute, in UTC, as files have it.
fn time(at_ms: i64) -> String {
    iso_time(at_ms).get(..16).unwrap_or_default().replace('T', " ")
}
