//! How the window looks: dark for reading scans, light where the room is bright, and either with high contrast.
//!
//! # Map
//! - this file: putting a person's choices into force; `visuals`: the four looks; `contrast`: how far two colours are apart
//! - [`focus`]: the ring around what has the keyboard

mod contrast;
pub mod focus;
mod visuals;

pub use contrast::contrast_ratio;

use egui::{Color32, Context, Theme, ThemePreference, Visuals};

use crate::state::notices::Severity;
use crate::state::settings::{Settings, ThemeChoice};

/// How long a page takes to open, in seconds, unless motion is reduced.
const ANIMATION_S: f32 = 0.08;

/// Makes the window look as its user set it.
pub fn apply(context: &Context, settings: &Settings) {
    for theme in [Theme::Dark, Theme::Light] {
        context.set_visuals_of(theme, visuals::of(theme, settings.is_high_contrast));
    }
    context.all_styles_mut(|style| {
        style.spacing.item_spacing = egui::vec2(7.0, 5.0);
        style.spacing.button_padding = egui::vec2(7.0, 3.0);
        style.interaction.selectable_labels = false;
        style.animation_time = if settings.is_motion_reduced { 0.0 } else { ANIMATION_S };
        style.scroll_animation =
            if settings.is_motion_reduced { egui::style::ScrollAnimation::none() } else { egui::style::ScrollAnimation::default() };
        style.text_styles.insert(egui::TextStyle::Small, egui::FontId::proportional(11.0));
    });
    context.set_theme(match settings.theme {
        ThemeChoice::Dark => ThemePreference::Dark,
        ThemeChoice::Light => ThemePreference::Light,
        ThemeChoice::System => ThemePreference::System,
    });
    // Its keys are commands here, so that they are listed and can be chosen.
    context.options_mut(|options| options.zoom_with_keyboard = false);
    context.set_zoom_factor(f32::from(settings.scale_percent) / 100.0);
}

/// The colour of a mark beside a sentence.
#[must_use]
pub fn severity_color(visuals: &Visuals, severity: Severity) -> Color32 {
    match severity {
        Severity::Done => good_color(visuals),
        Severity::Warning => visuals.warn_fg_color,
        Severity::Error => visuals.error_fg_color,
    }
}

/// The colour of a text that says that something went well.
#[must_use]
pub fn good_color(visuals: &Visuals) -> Color32 {
    match (visuals.dark_mode, visuals::is_high_contrast(visuals)) {
        (true, false) => Color32::from_rgb(110, 205, 130),
        (true, true) => Color32::from_rgb(140, 245, 160),
        (false, false) => Color32::from_rgb(0, 105, 50),
        (false, true) => Color32::from_rgb(0, 75, 30),
    }
}

/// The fill of a bar that shows how far something is, on which ordinary text can be read.
#[must_use]
pub fn progress_color(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { Color32::from_rgb(0, 84, 132) } else { Color32::from_rgb(170, 212, 240) }
}

/// A line in a plot: told apart from the other one in both themes.
#[must_use]
pub fn curve_colors(visuals: &Visuals) -> [Color32; 2] {
    if visuals.dark_mode {
        [Color32::from_rgb(230, 159, 0), Color32::from_rgb(86, 180, 233)]
    } else {
        [Color32::from_rgb(176, 92, 0), Color32::from_rgb(0, 100, 165)]
    }
}
