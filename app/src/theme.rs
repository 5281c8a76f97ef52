//! How the window looks: dark for reading scans, light where the room is bright.

use egui::{Color32, Context, CornerRadius, Stroke, Theme, Visuals};

/// The accent of selections and running things (Okabe and Ito's blue).
const ACCENT: Color32 = Color32::from_rgb(0, 114, 178);

/// Sets both themes; dark is chosen at first.
pub fn install(context: &Context) {
    context.set_visuals_of(Theme::Dark, dark());
    context.set_visuals_of(Theme::Light, light());
    context.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(7.0, 5.0);
        style.spacing.button_padding = egui::vec2(7.0, 3.0);
        style.interaction.selectable_labels = false;
        style.text_styles.insert(egui::TextStyle::Small, egui::FontId::proportional(11.0));
    });
    context.set_theme(egui::ThemePreference::Dark);
}

fn rounded(mut visuals: Visuals) -> Visuals {
    let widgets = &mut visuals.widgets;
    for look in [&mut widgets.noninteractive, &mut widgets.inactive, &mut widgets.hovered, &mut widgets.active, &mut widgets.open] {
        look.corner_radius = CornerRadius::same(4);
    }
    visuals
}

fn dark() -> Visuals {
    let mut visuals = rounded(Visuals::dark());
    visuals.panel_fill = Color32::from_rgb(28, 30, 33);
    visuals.window_fill = Color32::from_rgb(34, 36, 40);
    visuals.extreme_bg_color = Color32::from_rgb(16, 17, 19);
    visuals.faint_bg_color = Color32::from_rgb(36, 39, 43);
    visuals.selection.bg_fill = ACCENT;
    visuals.selection.stroke = Stroke::new(1.0, Color32::WHITE);
    visuals.override_text_color = Some(Color32::from_gray(222));
    visuals
}

fn light() -> Visuals {
    let mut visuals = rounded(Visuals::light());
    visuals.panel_fill = Color32::from_rgb(245, 246, 248);
    visuals.selection.bg_fill = Color32::from_rgb(190, 222, 243);
    visuals.selection.stroke = Stroke::new(1.0, Color32::from_rgb(0, 60, 100));
    visuals.override_text_color = Some(Color32::from_gray(30));
    visuals
}
