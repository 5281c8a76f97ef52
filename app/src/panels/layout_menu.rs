//! The menu of layouts: each with a little picture of itself.

use egui::containers::menu::MenuButton;
use egui::{Button, CornerRadius, Rect, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

use crate::command::Command;
use crate::state::layout::{LayoutKind, picture};
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;
use crate::texts;

/// The menu's button shows the layout that is chosen.
pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let layout = workbench.shown_layout();
    let size = vec2(22.0, 15.0);
    let button = Button::new("").min_size(size + vec2(16.0, 8.0));
    let (response, _) = MenuButton::from_button(button).ui(ui, |ui| menu(ui, workbench));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::layout::MENU));
    let stroke = ui.style().interact(&response).fg_stroke;
    draw(ui, layout.kind, Rect::from_center_size(response.rect.center(), size), stroke);
    response.on_hover_text(format!("{}: {}", texts::layout::MENU, texts::layout::kind(layout.kind)));
}

fn menu(ui: &mut Ui, workbench: &mut Workbench) {
    ui.set_width(264.0);
    for kind in LayoutKind::ALL {
        let command = Command::Layout(kind);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 30.0), Sense::click());
        let is_chosen = workbench.shown_layout().kind == kind;
        response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, is_chosen, command.title()));
        let visuals = ui.style().interact_selectable(&response, is_chosen);
        if is_chosen || response.hovered() || response.has_focus() {
            ui.painter().rect_filled(rect, CornerRadius::same(4), visuals.weak_bg_fill);
        }
        let icon = Rect::from_min_size(rect.left_center() + vec2(8.0, -10.0), vec2(30.0, 20.0));
        draw(ui, kind, icon, Stroke::new(1.0, visuals.text_color()));
        let font = egui::TextStyle::Button.resolve(ui.style());
        let color = visuals.text_color();
        ui.painter().text(rect.left_center() + vec2(48.0, 0.0), egui::Align2::LEFT_CENTER, command.title(), font.clone(), color);
        let keys = command.shortcut_text(ui.ctx());
        let weak = if is_chosen { color } else { ui.visuals().weak_text_color() };
        ui.painter().text(rect.right_center() - vec2(8.0, 0.0), egui::Align2::RIGHT_CENTER, keys, font, weak);
        if response.clicked() {
            command.run(workbench, &ui.ctx().clone());
            ui.close();
        }
    }
    ui.separator();
    let label = ui.label(texts::layout::MAIN);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let layout = workbench.shown_layout_mut();
        for view in ViewKind::ALL {
            let is_main = layout.kind.has_main() && layout.main == view;
            let button = ui.add(Button::new(texts::views::short(view)).selected(is_main)).labelled_by(label.id);
            button.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_main, texts::layout::large(view.label())));
            if button.clicked() {
                layout.main = view;
                if !layout.kind.has_main() {
                    layout.kind = LayoutKind::LargeFirst;
                }
            }
        }
    });
    ui.add_space(2.0);
    if ui.button(texts::layout::RESET_LINES).clicked() {
        workbench.shown_layout_mut().reset_lines();
        ui.close();
    }
}

/// A little picture of a layout.
fn draw(ui: &Ui, kind: LayoutKind, place: Rect, stroke: Stroke) {
    for pane in picture(kind, place) {
        ui.painter().rect_stroke(pane, 1.0, Stroke::new(1.0, stroke.color), egui::StrokeKind::Inside);
    }
}
