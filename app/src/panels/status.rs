//! The line at the bottom: where the pointer is in the patient, what is there, and what runs.

use egui::{Align, Layout, RichText, Ui};
use medley_volume::Quantity;

use crate::state::training::Phase;
use crate::state::workbench::Workbench;
use crate::texts::labels::unnamed;
use crate::texts::numbers::duration;
use crate::texts::{slices, status as texts};

pub fn show(ui: &mut Ui, workbench: &Workbench) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        place(ui, workbench);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 14.0;
            saved(ui, workbench);
            training(ui, workbench);
        });
    });
}

fn place(ui: &mut Ui, workbench: &Workbench) {
    let Some(case) = &workbench.case else {
        ui.label(texts::OPEN_A_SCAN);
        return;
    };
    let at = workbench.views.pointer.unwrap_or(workbench.views.crosshair);
    let mono = |text: String| RichText::new(text).monospace();
    let [r, a, s] = at.0.to_array();
    let mm = texts::place(&[texts::side(r, 'R', 'L'), texts::side(a, 'A', 'P'), texts::side(s, 'S', 'I')]);
    ui.label(mono(mm)).on_hover_text(texts::place_hint([r, a, s]));
    let second = workbench.second.as_ref().and_then(|second| Some((second.value_at(at)?, second.volume.quantity())));
    let show_second = |ui: &mut Ui| {
        if let Some((value, quantity)) = second {
            let unit = if quantity == Quantity::Hounsfield { texts::HU } else { "" };
            ui.label(mono(slices::second_value(value, unit)));
        }
    };
    let Some(voxel) = case.volume.grid().voxel_at(at) else {
        ui.label(texts::OUTSIDE);
        show_second(ui);
        return;
    };
    ui.label(mono(texts::voxel(voxel.0)));
    if let Some(value) = case.volume.value(voxel) {
        let unit = if case.volume.quantity() == Quantity::Hounsfield { texts::HU } else { "" };
        let digits = if value.fract() == 0.0 { 0 } else { 2 };
        ui.label(mono(format!("{value:6.digits$}{unit}")));
    }
    show_second(ui);
    let label = case.mask.label(voxel).unwrap_or(0);
    let name = match label {
        0 => texts::BACKGROUND.to_owned(),
        _ => {
            let known = workbench.study.as_ref().and_then(|study| study.labels.get(label));
            known.map_or_else(|| unnamed(label), |label| label.name.clone())
        }
    };
    ui.label(name);
}

fn saved(ui: &mut Ui, workbench: &Workbench) {
    if workbench.case.is_none() {
        return;
    }
    let mut open = workbench.tabs.order().iter().filter_map(|id| workbench.case_of(*id));
    let is_saving = open.any(|case| case.unjournaled > 0);
    let (text, meaning) = if is_saving { (texts::SAVING, texts::SAVING_HINT) } else { (texts::KEPT, texts::KEPT_HINT) };
    ui.weak(text).on_hover_text(meaning);
}

fn training(ui: &mut Ui, workbench: &Workbench) {
    if let Some(proposing) = &workbench.proposing {
        ui.label(texts::proposing(&duration(proposing.since.elapsed().as_secs_f64())));
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(500));
    }
    let Some(run) = workbench.training.as_ref().filter(|run| run.is_active()) else { return };
    let text = match run.phase {
        Phase::Paused => texts::TRAINING_PAUSED.to_owned(),
        Phase::Stopping => texts::TRAINING_STOPS.to_owned(),
        _ => texts::training(run.progress.0, run.progress.1, run.seconds_left.map(duration).as_deref()),
    };
    ui.label(text);
}
