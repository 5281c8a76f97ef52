//! What the tool in the hand works with.

use egui::{ComboBox, DragValue, RichText, Slider, Ui};

use super::widgets::named;
use crate::state::correction::PaintOver;
use crate::state::tools::{ActiveTool, BrushSettings};
use crate::state::workbench::Workbench;
use crate::texts::correct as texts;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    match workbench.tool {
        ActiveTool::Brush | ActiveTool::Eraser => brush(ui, workbench),
        ActiveTool::Fill => {
            ui.checkbox(&mut workbench.correction.seed.is_3d, texts::IN_3D).on_hover_text(texts::SEED_3D_HINT);
        }
        ActiveTool::Grow => grow(ui, workbench),
        _ => {}
    }
    if workbench.tool.changes_mask() {
        if matches!(workbench.tool, ActiveTool::Brush | ActiveTool::Eraser | ActiveTool::Fill | ActiveTool::Grow) {
            ui.separator();
        }
        rules(ui, workbench);
        ui.separator();
    }
    let hint = match workbench.tool {
        ActiveTool::Crosshair => texts::CROSSHAIR_HINT,
        ActiveTool::WindowLevel => texts::WINDOW_HINT,
        ActiveTool::Distance | ActiveTool::Angle | ActiveTool::Region => texts::MEASURE_HINT,
        ActiveTool::Contour => texts::CONTOUR_HINT,
        ActiveTool::LiveWire => texts::LIVE_WIRE_HINT,
        ActiveTool::Fill => texts::FILL_HINT,
        ActiveTool::Grow => texts::TOLERANCE_HINT,
        ActiveTool::Brush | ActiveTool::Eraser => texts::BRUSH_HINT,
    };
    ui.label(RichText::new(hint).weak().small());
}

fn brush(ui: &mut Ui, workbench: &mut Workbench) {
    let slider =
        Slider::new(&mut workbench.brush.radius_mm, BrushSettings::RADIUS_RANGE_MM).logarithmic(true).suffix(" mm").max_decimals(1);
    let label = ui.label(texts::RADIUS);
    ui.spacing_mut().slider_width = 72.0;
    ui.add(slider).labelled_by(label.id).on_hover_text(texts::RADIUS_HINT);
    for (is_square, text) in [(false, texts::ROUND), (true, texts::SQUARE)] {
        let is_chosen = workbench.brush.is_square == is_square;
        if ui.selectable_label(is_chosen, text).clicked() {
            workbench.brush.is_square = is_square;
        }
    }
    ui.checkbox(&mut workbench.brush.is_ball, texts::IN_3D).on_hover_text(texts::BRUSH_3D_HINT);
}

fn grow(ui: &mut Ui, workbench: &mut Workbench) {
    let seed = &mut workbench.correction.seed;
    if seed.learns_range {
        let label = ui.label(texts::FACTOR);
        ui.add(DragValue::new(&mut seed.factor).speed(0.05).range(0.1..=20.0).max_decimals(2)).labelled_by(label.id);
    } else {
        let label = ui.label(texts::TOLERANCE);
        ui.add(DragValue::new(&mut seed.tolerance).speed(0.5).range(0.0..=1e6).max_decimals(1))
            .labelled_by(label.id)
            .on_hover_text(texts::TOLERANCE_HINT);
    }
    ui.checkbox(&mut seed.learns_range, texts::LEARNS).on_hover_text(texts::LEARNS_HINT);
    let label = ui.label(texts::REACH);
    ui.add(DragValue::new(&mut seed.radius_mm).speed(0.5).range(1.0..=1000.0).suffix(" mm").max_decimals(0))
        .labelled_by(label.id)
        .on_hover_text(texts::REACH_HINT);
    ui.checkbox(&mut seed.is_3d, texts::IN_3D).on_hover_text(texts::SEED_3D_HINT);
    ui.checkbox(&mut seed.fills_holes, texts::CLOSES_HOLES);
}

/// Over what tools may paint.
fn rules(ui: &mut Ui, workbench: &mut Workbench) {
    let labels = workbench.study.iter().flat_map(|study| study.labels.labels());
    let labels: Vec<(PaintOver, String)> =
        [(PaintOver::Everything, texts::OVER_EVERYTHING.to_owned()), (PaintOver::Background, texts::OVER_BACKGROUND.to_owned())]
            .into_iter()
            .chain(labels.map(|label| (PaintOver::Label(label.value), label.name.clone())))
            .collect();
    let over = &mut workbench.correction.over;
    let chosen = labels.iter().find(|(rule, _)| rule == over).map_or(texts::OVER_EVERYTHING, |(_, name)| name.as_str());
    ui.label(texts::OVER);
    let combo = ComboBox::from_id_salt("paint over").selected_text(chosen).width(96.0).show_ui(ui, |ui| {
        for (rule, name) in &labels {
            ui.selectable_value(over, *rule, name);
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::OVER));
    combo.response.on_hover_text(texts::OVER_HINT);
    let range = workbench.case.as_ref().map_or((0.0, 1.0), |case| case.value_range);
    let mut has_range = workbench.correction.values.is_some();
    if ui.checkbox(&mut has_range, texts::ONLY_VALUES).on_hover_text(texts::ONLY_VALUES_HINT).changed() {
        workbench.correction.values = has_range.then(|| workbench.views.window.range());
    }
    if let Some(values) = &mut workbench.correction.values {
        let step = ((range.1 - range.0) / 500.0).max(1e-3);
        let low = ui.add(DragValue::new(&mut values.low).speed(step).max_decimals(1));
        named(&low, texts::FROM);
        ui.label(texts::TO);
        let high = ui.add(DragValue::new(&mut values.high).speed(step).max_decimals(1));
        named(&high, texts::TO);
    }
}
