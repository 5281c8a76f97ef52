//! The scan that lies over the open one: which it is and how it is drawn.

use egui::containers::menu::MenuButton;
use egui::{Button, ComboBox, DragValue, Mesh, ProgressBar, Rect, RichText, Sense, Shape, Slider, Ui, vec2};
use medley_project::CaseId;
use medley_volume::Quantity;

use super::widgets::{command_button_named, empty_hint, named, section};
use crate::command::Command;
use crate::render::ColorMap;
use crate::state::second_scan::{Blend, SecondScan, SecondSource};
use crate::state::window_level::WindowLevel;
use crate::state::workbench::Workbench;
use crate::texts::slices;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    if workbench.case.is_none() {
        return;
    }
    section(ui, slices::SECOND, |ui| content(ui, workbench));
}

fn content(ui: &mut Ui, workbench: &mut Workbench) {
    if let Some(source) = workbench.second_loading.clone() {
        reading(ui, workbench, &source);
        return;
    }
    if workbench.second.is_none() {
        empty_hint(ui, slices::SECOND_EMPTY);
        choose(ui, workbench, slices::CHOOSE);
        return;
    }
    if let Some(second) = &mut workbench.second {
        ui.horizontal(|ui| {
            let mut is_shown = !second.look.is_hidden;
            let tooltip = Command::ToggleSecond.tooltip(ui.ctx());
            let shown = ui.checkbox(&mut is_shown, "");
            shown.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, is_shown, Command::ToggleSecond.title()));
            shown.on_hover_text(tooltip);
            second.look.is_hidden = !is_shown;
            ui.add(egui::Label::new(RichText::new(&second.name).strong()).truncate());
        });
        look(ui, second);
    }
    ui.horizontal(|ui| {
        choose(ui, workbench, slices::CHOOSE_OTHER);
        command_button_named(ui, workbench, Command::RemoveSecond, slices::REMOVE);
    });
}

/// How far it has been read, and a way out.
fn reading(ui: &mut Ui, workbench: &mut Workbench, source: &SecondSource) {
    let name = match source {
        SecondSource::Case(id) => name_of(workbench, *id),
        SecondSource::File(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
    };
    ui.label(slices::reading(&name));
    ui.horizontal(|ui| {
        let bar = ui.add(ProgressBar::new(workbench.fraction_read()).desired_width(ui.available_width().min(180.0)).show_percentage());
        named(&bar, &slices::reading(&name));
        if ui.button(slices::GIVE_UP).clicked() {
            workbench.stop_opening();
        }
    });
}

/// The menu of scans that may be the second one.
fn choose(ui: &mut Ui, workbench: &mut Workbench, text: &str) {
    let open = workbench.case.as_ref().map(|case| case.id);
    let cases = workbench.study.iter().flat_map(|study| &study.cases).filter(|case| Some(case.id) != open);
    let others: Vec<(CaseId, String)> = cases.map(|case| (case.id, case.name.clone())).collect();
    let mut chosen = None;
    let (response, _) = MenuButton::from_button(Button::new(text)).ui(ui, |ui| {
        egui::ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for (id, name) in others {
                let row = ui.button(&name);
                named(&row, &slices::lay_over(&name));
                if row.clicked() {
                    chosen = Some(id);
                    ui.close();
                }
            }
        });
        if ui.button(slices::FROM_FILE).clicked() {
            Command::OpenSecond.run(workbench, &ui.ctx().clone());
            ui.close();
        }
    });
    named(&response, &format!("{} {}", slices::SECOND, text));
    if let Some(id) = chosen {
        workbench.load_second(SecondSource::Case(id));
    }
}

fn name_of(workbench: &Workbench, id: CaseId) -> String {
    let cases = workbench.study.iter().flat_map(|study| &study.cases);
    cases.into_iter().find(|case| case.id == id).map(|case| case.name.clone()).unwrap_or_default()
}

fn look(ui: &mut Ui, second: &mut SecondScan) {
    egui::Grid::new("second scan").num_columns(2).spacing([8.0, 5.0]).show(ui, |ui| {
        let label = ui.label(slices::COLORS);
        colors(ui, second).labelled_by(label.id).on_hover_text(slices::COLORS_HINT);
        ui.end_row();
        let label = ui.label(slices::BLEND);
        blends(ui, second).labelled_by(label.id);
        ui.end_row();
        let label = ui.label(slices::OPACITY);
        ui.spacing_mut().slider_width = (ui.available_width() - 60.0).clamp(60.0, 130.0);
        ui.add(Slider::new(&mut second.look.opacity, 0.0..=1.0).fixed_decimals(2)).labelled_by(label.id);
        ui.end_row();
        ui.label(slices::VALUES);
        ui.horizontal(|ui| values(ui, second));
        ui.end_row();
    });
    let (bar, response) = ui.allocate_exact_size(vec2(ui.available_width(), 10.0), Sense::hover());
    gradient(ui, bar, second.look.map);
    let unit = if second.volume.quantity() == Quantity::Hounsfield { " HU" } else { "" };
    let [low, high] = [second.look.window.low(), second.look.window.high()].map(|value| format!("{value:.0}{unit}"));
    response.on_hover_text(format!("{low} … {high}"));
    ui.add_space(3.0);
}

fn colors(ui: &mut Ui, second: &mut SecondScan) -> egui::Response {
    let map = &mut second.look.map;
    ComboBox::from_id_salt("second colours")
        .selected_text(slices::color_map(*map))
        .width(150.0)
        .show_ui(ui, |ui| {
            for other in ColorMap::ALL {
                ui.horizontal(|ui| {
                    let (swatch, _) = ui.allocate_exact_size(vec2(44.0, 12.0), Sense::hover());
                    gradient(ui, swatch, other);
                    ui.selectable_value(map, other, slices::color_map(other));
                });
            }
        })
        .response
}

fn blends(ui: &mut Ui, second: &mut SecondScan) -> egui::Response {
    let blend = &mut second.look.blend;
    ComboBox::from_id_salt("second blend")
        .selected_text(slices::blend(*blend))
        .width(150.0)
        .show_ui(ui, |ui| {
            for other in Blend::ALL {
                ui.selectable_value(blend, other, slices::blend(other)).on_hover_text(slices::blend_hint(other));
            }
        })
        .response
        .on_hover_text(slices::blend_hint(*blend))
}

/// The values with the first and the last colour.
fn values(ui: &mut Ui, second: &mut SecondScan) {
    let window = second.look.window;
    let (mut low, mut high) = (window.low(), window.high());
    let speed = ((second.value_range.1 - second.value_range.0) / 400.0).max(1e-6);
    let digits = if speed >= 1.0 { 0 } else { 2 };
    for (value, name) in [(&mut low, slices::LOWEST), (&mut high, slices::HIGHEST)] {
        let field = ui.add(DragValue::new(value).speed(speed).max_decimals(digits));
        field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::SpinButton, true, name));
        field.on_hover_text(name);
    }
    if low != window.low() || high != window.high() {
        let (low, high) = (low.min(high - speed / 10.0), high);
        second.look.window = WindowLevel { width: high - low, level: (low + high) / 2.0 };
    }
    if ui.small_button(slices::AUTOMATIC).on_hover_text(slices::AUTOMATIC_HINT).clicked() {
        second.look.window = second.percentile_window;
    }
}

/// A colour map from left to right.
fn gradient(ui: &Ui, rect: Rect, map: ColorMap) {
    const STEPS: u32 = 32;
    let mut mesh = Mesh::default();
    for n in 0..=STEPS {
        let level = n as f32 / STEPS as f32;
        let [r, g, b] = map.color(f64::from(level));
        let (x, color) = (rect.left() + level * rect.width(), egui::Color32::from_rgb(r, g, b));
        mesh.colored_vertex(egui::pos2(x, rect.top()), color);
        mesh.colored_vertex(egui::pos2(x, rect.bottom()), color);
        if n < STEPS {
            mesh.add_triangle(2 * n, 2 * n + 1, 2 * n + 2);
            mesh.add_triangle(2 * n + 1, 2 * n + 3, 2 * n + 2);
        }
    }
    ui.painter().add(Shape::mesh(mesh));
}
