//! The tabs of the open cases, above the views; at their right, how the views stand and what is compared.

use egui::{
    Align, Align2, Color32, CornerRadius, FontId, Layout, PointerButton, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, vec2,
};
use medley_project::CaseId;

use super::widgets::named;
use super::{compare, layout_menu};
use crate::command::Command;
use crate::state::workbench::Workbench;
use crate::texts;

const HEIGHT: f32 = 24.0;
/// Width of a tab, in points: no wider, and not narrower unless the tabs scroll.
const WIDTHS: [f32; 2] = [116.0, 210.0];
/// A change that is not in the journal yet (Okabe and Ito's orange), and one that is not in the mask's file yet.
const ON_ITS_WAY: Color32 = Color32::from_rgb(230, 159, 0);
const IN_JOURNAL: Color32 = Color32::from_gray(140);

/// What a tab shows.
struct Tab {
    id: CaseId,
    name: String,
    is_shown: bool,
    is_compared: bool,
    has_proposal: bool,
    unjournaled: usize,
    unsaved: usize,
}

enum Wish {
    Show(CaseId),
    Close(CaseId),
}

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let tabs = tabs_of(workbench);
    let mut wish = None;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            layout_menu::show(ui, workbench);
            compare::menu(ui, workbench);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 2.0;
                let share = ui.available_width() / tabs.len().max(1) as f32 - 2.0;
                let width = share.clamp(WIDTHS[0], WIDTHS[1]);
                ScrollArea::horizontal().id_salt("tabs").scroll_bar_visibility(egui::scroll_area::ScrollBarVisibility::AlwaysHidden).show(
                    ui,
                    |ui| {
                        for shown in &tabs {
                            wish = tab(ui, shown, width).or(wish.take());
                        }
                    },
                );
            });
        });
    });
    match wish {
        Some(Wish::Show(id)) => workbench.switch_to(id),
        Some(Wish::Close(id)) => workbench.close_tab(id),
        None => {}
    }
}

fn tabs_of(workbench: &Workbench) -> Vec<Tab> {
    let shown = workbench.case.as_ref().map(|case| case.id);
    let cases = workbench.tabs.order().iter().filter_map(|id| workbench.case_of(*id));
    let tab = |case: &crate::state::open_case::OpenCase| Tab {
        id: case.id,
        name: case.name.clone(),
        is_shown: shown == Some(case.id),
        is_compared: workbench.compared() == Some(case.id),
        has_proposal: case.proposal.is_some(),
        unjournaled: case.unjournaled,
        unsaved: case.unsaved,
    };
    cases.map(tab).collect()
}

fn tab(ui: &mut Ui, tab: &Tab, width: f32) -> Option<Wish> {
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, tab.is_shown, texts::tabs::tab(&tab.name)));
    let close_place = Rect::from_center_size(rect.right_center() - vec2(14.0, 0.0), vec2(18.0, 18.0));
    let close = ui.interact(close_place, response.id.with("close"), Sense::click());
    named(&close, &texts::tabs::close(&tab.name));
    paint(ui, tab, rect, &response, &close);
    let is_closed = close.clicked() || response.clicked_by(PointerButton::Middle);
    let close_hint = Command::CloseTab.tooltip(ui.ctx());
    close.on_hover_text(close_hint);
    let response = response.on_hover_ui(|ui| {
        ui.label(&tab.name);
        ui.weak(texts::tabs::kept(tab.unjournaled, tab.unsaved));
        if tab.has_proposal {
            ui.weak(texts::tabs::HAS_PROPOSAL);
        }
        ui.weak(texts::tabs::HOW_TO_CLOSE);
    });
    if response.gained_focus() || (tab.is_shown && has_changed(ui, tab.id)) {
        response.scroll_to_me(None);
    }
    if is_closed {
        Some(Wish::Close(tab.id))
    } else if response.clicked() {
        Some(Wish::Show(tab.id))
    } else {
        None
    }
}

/// Whether another case than in the last frame is in the views.
fn has_changed(ui: &Ui, shown: CaseId) -> bool {
    let before = ui.data_mut(|data| data.get_temp_mut_or(egui::Id::unique("shown tab"), None).replace(shown));
    before != Some(shown)
}

fn paint(ui: &Ui, tab: &Tab, rect: Rect, response: &egui::Response, close: &egui::Response) {
    let visuals = ui.visuals();
    let is_hovered = response.hovered() || close.hovered();
    let fill = match (tab.is_shown, is_hovered) {
        (true, _) => visuals.widgets.inactive.weak_bg_fill,
        (false, true) => visuals.widgets.hovered.weak_bg_fill,
        (false, false) => visuals.faint_bg_color,
    };
    let painter = ui.painter();
    painter.rect_filled(rect, CornerRadius::same(4), fill);
    if tab.is_shown || tab.is_compared {
        let color = if tab.is_shown { visuals.selection.bg_fill } else { visuals.weak_text_color() };
        painter.hline(rect.x_range().shrink(4.0), rect.bottom() - 1.0, Stroke::new(2.0, color));
    }
    if response.has_focus() {
        painter.rect_stroke(rect, CornerRadius::same(4), visuals.selection.stroke, egui::StrokeKind::Inside);
    }
    let mut left = rect.left() + 9.0;
    if tab.unjournaled > 0 || tab.unsaved > 0 {
        let color = if tab.unjournaled > 0 { ON_ITS_WAY } else { IN_JOURNAL };
        painter.circle_filled(egui::pos2(left + 3.0, rect.center().y), 3.0, color);
        left += 12.0;
    }
    let color = if tab.is_shown { visuals.strong_text_color() } else { visuals.text_color() };
    let room = rect.right() - 26.0 - left;
    let mut text = egui::text::LayoutJob::simple_singleline(tab.name.clone(), FontId::proportional(13.0), color);
    text.wrap = egui::text::TextWrapping::truncate_at_width(room.max(8.0));
    let galley = painter.layout_job(text);
    painter.galley(egui::pos2(left, rect.center().y - galley.size().y / 2.0), galley, color);
    if close.hovered() {
        painter.rect_filled(close.rect, CornerRadius::same(3), visuals.widgets.hovered.bg_fill);
    }
    let color = if close.hovered() { visuals.strong_text_color() } else { visuals.weak_text_color() };
    painter.text(close.rect.center(), Align2::CENTER_CENTER, "×", FontId::proportional(15.0), color);
}
