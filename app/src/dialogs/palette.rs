use egui::text::LayoutJob;
use egui::{Align2, FontId, Key, Modal, Modifiers, Rect, Role, ScrollArea, Sense, TextEdit, TextFormat, Ui, WidgetInfo, pos2, vec2};

use crate::state::command_palette::{Item, found};
use crate::state::workbench::Workbench;
use crate::texts::palette as texts;

/// Width of the list and height of a row in it, in points.
const SIZE: [f32; 2] = [600.0, 26.0];
/// As many rows are seen at once.
const ROWS: usize = 12;

/// The command palette: a field, and what is found under it. The field keeps the keyboard; the arrow keys walk through the list.
pub fn palette_window(ui: &Ui, workbench: &mut Workbench) {
    if !workbench.hands.palette.is_open {
        return;
    }
    let context = ui.ctx().clone();
    let room = context.content_rect();
    let width = SIZE[0].min(room.width() - 40.0);
    let id = egui::Id::unique("command palette");
    let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, [0.0, (room.height() * 0.1).min(90.0)]);
    let mut done = None;
    let shown = Modal::new(id).area(area).show(&context, |ui| {
        ui.set_width(width);
        let steps = steps(ui);
        field(ui, workbench);
        let items = found(workbench, &context, &workbench.hands.palette.query);
        let chosen = &mut workbench.hands.palette.chosen;
        *chosen = (*chosen as isize + steps).clamp(0, (items.len() as isize - 1).max(0)) as usize;
        ui.add_space(4.0);
        if items.is_empty() {
            ui.weak(texts::NOTHING);
        }
        done = list(ui, &items, chosen, steps != 0);
        if ui.input(|input| input.key_pressed(Key::Enter)) {
            done = done.take().or_else(|| items.get(*chosen).cloned());
        }
        ui.separator();
        ui.weak(texts::HINT);
    });
    if let Some(item) = done.filter(|item| item.obstacle.is_none()) {
        workbench.hands.palette.close();
        item.run(workbench, &context);
    } else if shown.should_close() {
        workbench.hands.palette.close();
    }
}

/// How many rows the keys of this frame go down; they are not the field's.
fn steps(ui: &Ui) -> isize {
    let page = ROWS as isize - 1;
    let keys = [(Key::ArrowDown, 1), (Key::ArrowUp, -1), (Key::PageDown, page), (Key::PageUp, -page)];
    let pressed = |(key, steps)| ui.input_mut(|input| if input.consume_key(Modifiers::NONE, key) { steps } else { 0 });
    keys.into_iter().map(pressed).sum()
}

fn field(ui: &mut Ui, workbench: &mut Workbench) {
    let palette = &mut workbench.hands.palette;
    let edit = TextEdit::singleline(&mut palette.query).hint_text(texts::FIELD_HINT).desired_width(f32::INFINITY).margin(vec2(8.0, 5.0));
    let field = ui.add(edit);
    field.widget_info(|| WidgetInfo::labeled(Role::SearchInput, true, texts::FIELD));
    if field.changed() {
        palette.chosen = 0;
    }
    field.request_focus();
}

/// The rows; the one that was clicked.
fn list(ui: &mut Ui, items: &[Item], chosen: &mut usize, is_walking: bool) -> Option<Item> {
    let mut clicked = None;
    let spacing = ui.spacing().item_spacing.y;
    let height = (SIZE[1] + spacing) * ROWS.min(items.len()) as f32;
    let mut scroll = ScrollArea::vertical().max_height(height).auto_shrink([false, true]);
    if is_walking {
        // Rows that are not seen are not laid out, so that none can be scrolled to by itself.
        let top = *chosen as f32 * (SIZE[1] + spacing);
        let id = ui.scope_id().with("first row");
        let first: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(0.0);
        let first = first.clamp((top + SIZE[1] + spacing - height).max(0.0), top);
        ui.data_mut(|data| data.insert_temp(id, first));
        scroll = scroll.vertical_scroll_offset(first);
    }
    let output = scroll.show_rows(ui, SIZE[1], items.len(), |ui, range| {
        for at in range {
            let Some(item) = items.get(at) else { continue };
            let response = row(ui, item, at == *chosen);
            if response.hovered() && ui.input(|input| input.pointer.is_moving()) {
                *chosen = at;
            }
            if response.clicked() {
                clicked = Some(item.clone());
            }
        }
    });
    let id = ui.scope_id().with("first row");
    ui.data_mut(|data| data.insert_temp(id, output.state.clamped_offset().y));
    clicked
}

fn row(ui: &mut Ui, item: &Item, is_chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), SIZE[1]), Sense::click());
    let is_possible = item.obstacle.is_none();
    response.widget_info(|| WidgetInfo::selected(Role::Button, is_possible, is_chosen, texts::row(item)));
    let visuals = ui.visuals();
    let (strong, weak) = match (is_chosen, is_possible) {
        (true, true) => (visuals.selection.stroke.color, visuals.selection.stroke.color),
        (true, false) => (visuals.text_color(), visuals.text_color()),
        (false, true) => (visuals.text_color(), visuals.weak_text_color()),
        (false, false) => (visuals.weak_text_color(), visuals.weak_text_color()),
    };
    if is_chosen {
        let fill = if is_possible { visuals.selection.bg_fill } else { visuals.widgets.hovered.bg_fill };
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    let inner = rect.shrink2(vec2(8.0, 0.0));
    let end = trailing(ui, inner, item, weak);
    let title = Rect::from_min_max(inner.min, pos2((end - 12.0).max(inner.left()), inner.bottom()));
    let mut job = marked(&item.title, &item.letters, strong);
    job.wrap = egui::text::TextWrapping::truncate_at_width(title.width());
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    ui.painter().galley(pos2(title.left(), title.center().y - galley.size().y / 2.0), galley, strong);
    response
}

/// The keys at the right end, and where it belongs or why it cannot be done before them; where they begin.
fn trailing(ui: &Ui, rect: Rect, item: &Item, color: egui::Color32) -> f32 {
    let keys = ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, &item.keys, FontId::proportional(12.0), color);
    let note = item.obstacle.unwrap_or(item.group);
    let gap = if item.keys.is_empty() { 0.0 } else { 12.0 };
    let at = pos2(keys.left() - gap, rect.center().y);
    let limit = rect.width() * 0.55;
    let mut job = LayoutJob::simple_singleline(note.to_owned(), FontId::proportional(11.5), color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(limit);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let left = at.x - galley.size().x;
    ui.painter().galley(pos2(left, at.y - galley.size().y / 2.0), galley, color);
    left
}

/// A title with the letters that were looked for underlined.
fn marked(title: &str, letters: &[usize], color: egui::Color32) -> LayoutJob {
    let mut job = LayoutJob::default();
    for (at, letter) in title.char_indices() {
        let underline = if letters.contains(&at) { egui::Stroke::new(1.5, color) } else { egui::Stroke::NONE };
        let format = TextFormat { font_id: FontId::proportional(14.0), color, underline, ..TextFormat::default() };
        let mut bytes = [0; 4];
        job.append(letter.encode_utf8(&mut bytes), 0.0, format);
    }
    job
}
