//! The class of a whole scan, entered in the list of cases.

use egui::containers::menu::MenuButton;
use egui::{Button, Role, TextEdit, Ui, WidgetInfo};
use medley_project::{CaseId, CaseInfo};

use crate::texts::classes as texts;

/// Typing that is not finished: the field that has the keyboard, and what stands in it.
pub type Draft = Option<(CaseId, String)>;

/// A field for a case's class, and a menu of those that other cases have. Returns the class once it is entered.
pub fn show(ui: &mut Ui, case: &CaseInfo, known: &[String], draft: &mut Draft) -> Option<String> {
    let mut entered = None;
    ui.horizontal(|ui| {
        ui.add_space(22.0);
        ui.small(texts::CLASS);
        let menu = Button::new(texts::MENU_MARK).small();
        let (menu, _) = MenuButton::from_button(menu).ui(ui, |ui| {
            if known.is_empty() {
                ui.weak(texts::NONE_YET);
            }
            for class in known {
                if ui.selectable_label(case.class.as_deref() == Some(class), class).clicked() {
                    entered = Some(class.clone());
                    ui.close();
                }
            }
        });
        super::widgets::named(&menu, &texts::choose(&case.name));
        let is_typed = draft.as_ref().is_some_and(|(id, _)| *id == case.id);
        let mut text = match draft {
            Some((id, text)) if *id == case.id => text.clone(),
            _ => case.class.clone().unwrap_or_default(),
        };
        let field = TextEdit::singleline(&mut text).hint_text(texts::FIELD_HINT).desired_width(f32::INFINITY);
        let field = ui.add(field).on_hover_text(texts::MEANING);
        let name = texts::field(&case.name);
        field.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, &name));
        if field.changed() {
            *draft = Some((case.id, text.clone()));
        }
        if field.lost_focus() && (is_typed || field.changed()) {
            *draft = None;
            entered = Some(text);
        }
    });
    entered
}
