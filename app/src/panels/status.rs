//! The line at the bottom: where the pointer is in the patient, what is there, and what runs.

use egui::{Align, Layout, RichText, Ui};
use medley_volume::Quantity;

use crate::state::training::{Phase, duration_text};
use crate::state::workbench::Workbench;
use crate::texts::slices;

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
        ui.label("Open a scan, or drop one onto the window.");
        return;
    };
    let at = workbench.views.pointer.unwrap_or(workbench.views.crosshair);
    let mono = |text: String| RichText::new(text).monospace();
    let [r, a, s] = at.0.to_array();
    let side =
        |value: f64, positive: char, negative: char| format!("{:6.1} {}", value.abs(), if value >= 0.0 { positive } else { negative });
    let mm = format!("{} {} {} mm", side(r, 'R', 'L'), side(a, 'A', 'P'), side(s, 'S', 'I'));
    ui.label(mono(mm)).on_hover_text(format!("Place in the patient, RAS: {r:.2}, {a:.2}, {s:.2} mm"));
    let second = workbench.second.as_ref().and_then(|second| Some((second.value_at(at)?, second.volume.quantity())));
    let show_second = |ui: &mut Ui| {
        if let Some((value, quantity)) = second {
            let unit = if quantity == Quantity::Hounsfield { " HU" } else { "" };
            ui.label(mono(slices::second_value(value, unit)));
        }
    };
    let Some(voxel) = case.volume.grid().voxel_at(at) else {
        ui.label("outside the scan");
        show_second(ui);
        return;
    };
    let [i, j, k] = voxel.0;
    ui.label(mono(format!("voxel {i:3} {j:3} {k:3}")));
    if let Some(value) = case.volume.value(voxel) {
        let unit = if case.volume.quantity() == Quantity::Hounsfield { " HU" } else { "" };
        let digits = if value.fract() == 0.0 { 0 } else { 2 };
        ui.label(mono(format!("{value:6.digits$}{unit}")));
    }
    show_second(ui);
    let label = case.mask.label(voxel).unwrap_or(0);
    let name = match label {
        0 => "background".to_owned(),
        _ => {
            workbench.study.as_ref().and_then(|study| study.labels.get(label)).map_or_else(|| format!("label {label}"), |l| l.name.clone())
        }
    };
    ui.label(name);
}

fn saved(ui: &mut Ui, workbench: &Workbench) {
    if workbench.case.is_none() {
        return;
    }
    let mut open = workbench.tabs.order().iter().filter_map(|id| workbench.case_of(*id));
    let (text, meaning) = if open.any(|case| case.unjournaled > 0) {
        ("Saving…", "The last change is on its way to the disk")
    } else {
        ("All changes kept", "Every change is in the study's journal: nothing is lost if the program ends now")
    };
    ui.weak(text).on_hover_text(meaning);
}

fn training(ui: &mut Ui, workbench: &Workbench) {
    if let Some(proposing) = &workbench.proposing {
        ui.label(format!("Proposing… {}", duration_text(proposing.since.elapsed().as_secs_f64())));
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(500));
    }
    let Some(run) = workbench.training.as_ref().filter(|run| run.is_active()) else { return };
    let left = run.seconds_left.map_or_else(String::new, |s| format!(", {} left", duration_text(s)));
    let text = match run.phase {
        Phase::Paused => "Training paused".to_owned(),
        Phase::Stopping => "Training stops…".to_owned(),
        _ => format!("Training {} of {}{left}", run.progress.0, run.progress.1),
    };
    ui.label(text);
}
