//! The study and its cases.

use egui::containers::menu::MenuButton;
use egui::{Button, RichText, Ui};
use medley_nn::weights::Task;
use medley_project::{CaseId, CaseInfo, CaseStatus, Role};

use super::class_field;
use super::widgets::{empty_hint, heading, list_row, name_button, named};
use crate::command::Command;
use crate::state::workbench::Workbench;
use crate::texts::{cases as texts, views};

/// Width of the button behind a case's name, in points.
const ROLE_WIDTH: f32 = 66.0;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(study) = &workbench.study else {
        heading(ui, texts::STUDY);
        empty_hint(ui, texts::NO_STUDY);
        return;
    };
    heading(ui, &study.name);
    if study.cases.is_empty() {
        empty_hint(ui, texts::NO_CASE);
    }
    let open = workbench.case.as_ref().map(|case| case.id);
    let mut wishes = Wishes::default();
    let has_classes = workbench.choices.task == Task::Classify;
    let may_change = workbench.read_only_obstacle().is_none();
    let known_classes = workbench.known_classes();
    for case in &study.cases {
        let is_open = open == Some(case.id);
        list_row(
            ui,
            &mut wishes,
            |ui, wishes| corrected(ui, case, may_change, wishes),
            |ui, wishes| drop(ui.add_enabled_ui(may_change, |ui| role(ui, case, wishes))),
            |ui, wishes| {
                let hover = format!("{}\n{}", case.name, case.image.display());
                if ui.add(name_button(ui, &case.name, is_open)).on_hover_text(hover).clicked() && !is_open {
                    wishes.load = Some(case.id);
                }
            },
        );
        if is_open {
            ui.horizontal(|ui| {
                if let Some(status) = super::provenance::status_box(ui, case.status, may_change) {
                    wishes.status = Some((case.id, status));
                }
                let button = ui.button(Command::Provenance.title());
                named(&button, Command::Provenance.title());
                wishes.provenance = button.on_hover_text(Command::Provenance.tooltip(ui.ctx())).clicked();
            });
        }
        if has_classes && let Some(class) = class_field::show(ui, case, &known_classes, &mut workbench.class_draft) {
            wishes.class = Some((case.id, class));
        }
    }
    if let Some(name) = &workbench.loading {
        ui.label(views::opening(name));
        ui.horizontal(|ui| super::views::opening(ui, workbench));
    }
    if let Some(id) = wishes.load {
        workbench.load_case(id);
    }
    if let Some((id, is_corrected)) = wishes.corrected {
        workbench.set_corrected(id, is_corrected);
    }
    if let Some((id, status)) = wishes.status {
        workbench.set_status(id, status);
    }
    if wishes.provenance {
        workbench.toggle_provenance();
    }
    if let Some((id, role)) = wishes.role {
        workbench.set_role(id, role);
    }
    if let Some((id, class)) = wishes.class {
        workbench.set_class(id, &class);
    }
    ui.add_space(4.0);
    let tooltip = Command::OpenScan.tooltip(ui.ctx());
    if ui.button(texts::ADD_SCAN).on_hover_text(tooltip).clicked() {
        Command::OpenScan.run(workbench, &ui.ctx().clone());
    }
}

/// What was pressed in the list.
#[derive(Default)]
struct Wishes {
    load: Option<CaseId>,
    corrected: Option<(CaseId, bool)>,
    role: Option<(CaseId, Role)>,
    status: Option<(CaseId, CaseStatus)>,
    provenance: bool,
    class: Option<(CaseId, String)>,
}

fn corrected(ui: &mut Ui, case: &CaseInfo, may_change: bool, wishes: &mut Wishes) {
    let mut is_corrected = case.is_corrected;
    let mark = ui.add_enabled(may_change, egui::Checkbox::without_text(&mut is_corrected));
    mark.widget_info(|| {
        let name = texts::is_corrected(&case.name);
        egui::WidgetInfo::selected(egui::Role::CheckBox, may_change, case.is_corrected, name)
    });
    if mark.on_hover_text(texts::CORRECTED_HINT).changed() {
        wishes.corrected = Some((case.id, is_corrected));
    }
}

fn role(ui: &mut Ui, case: &CaseInfo, wishes: &mut Wishes) {
    let button = Button::new(RichText::new(texts::role(case.role)).small()).min_size(egui::vec2(ROLE_WIDTH, 20.0));
    let (menu, _) = MenuButton::from_button(button).ui(ui, |ui| {
        for choice in [Role::Training, Role::Validation, Role::Unassigned] {
            if ui.selectable_label(case.role == choice, texts::role(choice)).clicked() {
                wishes.role = Some((case.id, choice));
                ui.close();
            }
        }
    });
    menu.on_hover_text(texts::ROLE_HINT);
}
