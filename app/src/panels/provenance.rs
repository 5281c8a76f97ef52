//! The page of who did what.

use egui::{Align, Align2, Color32, Layout, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, Window};
use medley_annotate::Author;
use medley_project::provenance::{CaseProvenance, OriginCount, iso_time};
use medley_project::{CaseStatus, EditInfo};
use medley_volume::LabelTable;

use super::widgets::{command_button_named, empty_hint, heading, named};
use crate::command::Command;
use crate::dialogs::draw_again_if_grown;
use crate::state::provenance::Origins;
use crate::state::workbench::Workbench;
use crate::texts::provenance as texts;

/// What the page needs beside its lists, in points.
const BESIDE_LISTS: f32 = 330.0;
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
    let window = Window::new(title).id(egui::Id::unique("provenance")).anchor(Align2::CENTER_CENTER, [0.0, 0.0]);
    let shown = window.collapsible(false).resizable(false).open(&mut is_open).show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(WIDTH));
        contents(ui, workbench, (room.y - BESIDE_LISTS).max(180.0));
    });
    if let Some(shown) = shown {
        draw_again_if_grown(ui, &shown.response);
    }
    workbench.provenance.is_open &= is_open;
}

/// `room` is the height of its three lists together, in points; longer ones scroll.
fn contents(ui: &mut Ui, workbench: &mut Workbench, room: f32) {
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
            summary(ui, workbench, told, room * 0.35);
            ui.add_space(6.0);
            heading(ui, texts::EDITS);
            edits(ui, &told.edits, room * 0.45);
            if !told.status_log.is_empty() {
                ui.add_space(6.0);
                heading(ui, texts::STATUS_LOG);
                log(ui, told, room * 0.2);
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

fn summary(ui: &mut Ui, workbench: &Workbench, told: &CaseProvenance, height: f32) {
    heading(ui, texts::ORIGINS);
    ui.label(texts::untouched(told.untouched_model_voxels(), told.labelled_voxels()));
    if told.unreadable > 0 {
        ui.label(RichText::new(texts::unreadable(told.unreadable)).color(ui.visuals().warn_fg_color));
    }
    let labels = workbench.study.as_ref().map(|study| &study.labels);
    let origins: Vec<&OriginCount> = told.origins.iter().filter(|origin| origin.label != 0).collect();
    let widths = [150.0, 20.0, 190.0, -80.0, -80.0];
    row(ui, widths, texts::ORIGIN_COLUMNS.map(|text| RichText::new(text).weak()));
    list(ui, "origins", height, origins.len(), |ui, at| {
        let Some(origin) = origins.get(at) else { return };
        let label = labels.and_then(|labels| labels.get(origin.label));
        let [r, g, b] = label.map_or_else(|| LabelTable::palette(origin.label), |label| label.color);
        let name = label.map_or_else(|| origin.label.to_string(), |label| label.name.clone());
        let (voxels, millilitres) = (origin.voxels.to_string(), format!("{:.2}", origin.millilitres));
        let cells = [texts::source(origin.source.as_ref()), String::new(), name, voxels, millilitres];
        let shown = row(ui, widths, cells.map(RichText::new));
        let swatch = egui::Rect::from_center_size(shown[1].center(), egui::vec2(11.0, 11.0));
        ui.painter().rect_filled(swatch, 2.0, Color32::from_rgb(r, g, b));
    });
}

fn edits(ui: &mut Ui, edits: &[EditInfo], height: f32) {
    if edits.is_empty() {
        empty_hint(ui, texts::NO_EDITS);
        return;
    }
    let widths = [130.0, 160.0, 170.0, -70.0, 60.0];
    row(ui, widths, texts::EDIT_COLUMNS.map(|text| RichText::new(text).weak()));
    // The newest on top.
    list(ui, "edits", height, edits.len(), |ui, at| {
        let Some(edit) = edits.iter().rev().nth(at) else { return };
        let who = match (&edit.author, &edit.reviewer) {
            (Author::Person, Some(reviewer)) => reviewer.clone(),
            (Author::Person, None) => crate::texts::history::PERSON.to_owned(),
            (Author::Model(model), Some(reviewer)) => format!("{model} ({reviewer})"),
            (Author::Model(model), None) => model.clone(),
        };
        let state = if edit.is_in_mask { "" } else { texts::UNDONE };
        let cells = [time(edit.at_ms), who, edit.tool.title().to_owned(), edit.changed.to_string(), state.to_owned()];
        row(ui, widths, cells.map(|text| if edit.is_in_mask { RichText::new(text) } else { RichText::new(text).weak() }));
    });
}

fn log(ui: &mut Ui, told: &CaseProvenance, height: f32) {
    let changes = &told.status_log;
    list(ui, "status log", height, changes.len(), |ui, at| {
        let Some(change) = changes.iter().rev().nth(at) else { return };
        let who = change.reviewer.as_deref().unwrap_or(crate::texts::history::PERSON);
        let cells = [time(change.at_ms), who.to_owned(), texts::status(change.status).to_owned()];
        row(ui, [130.0, 160.0, 170.0], cells.map(RichText::new));
    });
}

/// So many rows, of which only those in sight are laid out; no higher than `height`.
fn list(ui: &mut Ui, name: &str, height: f32, count: usize, mut show: impl FnMut(&mut Ui, usize)) {
    let row_height = ui.text_style_height(&egui::TextStyle::Body);
    let area = ScrollArea::vertical().id_salt(name).max_height(height).min_scrolled_height(height).auto_shrink([false, true]);
    area.show_rows(ui, row_height, count, |ui, rows| rows.for_each(|at| show(ui, at)));
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

/// Cells of fixed widths, those below 0 aligned to the right; where they lie.
fn row<const N: usize>(ui: &mut Ui, widths: [f32; N], cells: [RichText; N]) -> [egui::Rect; N] {
    let height = ui.text_style_height(&egui::TextStyle::Body);
    let mut places = [egui::Rect::NOTHING; N];
    ui.horizontal(|ui| {
        for ((place, width), text) in places.iter_mut().zip(widths).zip(cells) {
            let layout = if width < 0.0 { Layout::right_to_left(Align::Center) } else { Layout::left_to_right(Align::Center) };
            let size = egui::vec2(width.abs(), height);
            let cell = ui.allocate_ui_with_layout(size, layout, |ui| {
                ui.set_min_size(size);
                ui.add(egui::Label::new(text).truncate());
            });
            *place = cell.response.rect;
        }
    });
    places
}

/// To the minute, in UTC, as files have it.
fn time(at_ms: i64) -> String {
    iso_time(at_ms).get(..16).unwrap_or_default().replace('T', " ")
}
