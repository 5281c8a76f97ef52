//! The four looks.

use egui::style::WidgetVisuals;
use egui::{Color32, CornerRadius, Stroke, Theme, Visuals};

/// What a look is made of.
struct Colors {
    /// Behind panels, windows, and what is typed or listed.
    panel: Color32,
    window: Color32,
    sunken: Color32,
    faint: Color32,
    /// Text, and text of lesser weight.
    text: Color32,
    weak: Color32,
    /// Buttons at rest, under the pointer, and pressed or with the focus.
    fills: [Color32; 3],
    /// Their outlines.
    outlines: [Color32; 3],
    /// What is chosen, and the text on it.
    chosen: Color32,
    on_chosen: Color32,
    /// Lines between panels.
    line: Color32,
    warning: Color32,
    error: Color32,
    link: Color32,
}

const fn gray(value: u8) -> Color32 {
    Color32::from_gray(value)
}

const fn rgb(r: u8, g: u8, b: u8) -> Color32 {
    Color32::from_rgb(r, g, b)
}

const DARK: Colors = Colors {
    panel: rgb(28, 30, 33),
    window: rgb(34, 36, 40),
    sunken: rgb(16, 17, 19),
    faint: rgb(36, 39, 43),
    text: gray(222),
    weak: gray(168),
    fills: [rgb(50, 54, 59), rgb(64, 69, 76), rgb(60, 66, 74)],
    outlines: [rgb(108, 114, 122), rgb(150, 158, 168), rgb(86, 180, 233)],
    // Okabe and Ito's blue, a little brighter.
    chosen: rgb(8, 120, 186),
    on_chosen: Color32::WHITE,
    line: rgb(60, 64, 70),
    warning: rgb(240, 170, 40),
    error: rgb(255, 130, 120),
    link: rgb(120, 190, 245),
};

const LIGHT: Colors = Colors {
    panel: rgb(245, 246, 248),
    window: rgb(252, 252, 253),
    sunken: Color32::WHITE,
    faint: rgb(235, 237, 240),
    text: gray(28),
    weak: gray(88),
    fills: [rgb(228, 231, 235), rgb(214, 219, 225), rgb(205, 212, 220)],
    outlines: [rgb(134, 140, 148), rgb(90, 98, 108), rgb(0, 92, 150)],
    chosen: rgb(0, 98, 158),
    on_chosen: Color32::WHITE,
    line: rgb(200, 204, 210),
    warning: rgb(140, 74, 0),
    error: rgb(178, 20, 20),
    link: rgb(0, 90, 160),
};

const DARK_HIGH: Colors = Colors {
    panel: Color32::BLACK,
    window: rgb(8, 8, 8),
    sunken: Color32::BLACK,
    faint: rgb(22, 22, 22),
    text: Color32::WHITE,
    weak: gray(200),
    fills: [rgb(20, 20, 20), rgb(52, 52, 52), rgb(52, 52, 52)],
    outlines: [gray(190), Color32::WHITE, rgb(255, 221, 0)],
    chosen: rgb(120, 205, 255),
    on_chosen: Color32::BLACK,
    line: gray(150),
    warning: rgb(255, 196, 60),
    error: rgb(255, 165, 155),
    link: rgb(150, 210, 255),
};

const LIGHT_HIGH: Colors = Colors {
    panel: Color32::WHITE,
    window: Color32::WHITE,
    sunken: Color32::WHITE,
    faint: gray(238),
    text: Color32::BLACK,
    weak: gray(56),
    fills: [gray(240), gray(218), gray(218)],
    outlines: [gray(70), Color32::BLACK, rgb(0, 60, 160)],
    chosen: rgb(0, 60, 110),
    on_chosen: Color32::WHITE,
    line: gray(90),
    warning: rgb(100, 50, 0),
    error: rgb(140, 0, 0),
    link: rgb(0, 60, 130),
};

/// The look of a theme.
pub(super) fn of(theme: Theme, is_high_contrast: bool) -> Visuals {
    match (theme, is_high_contrast) {
        (Theme::Dark, false) => with(Visuals::dark(), &DARK, 1.0),
        (Theme::Dark, true) => with(Visuals::dark(), &DARK_HIGH, 1.5),
        (Theme::Light, false) => with(Visuals::light(), &LIGHT, 1.0),
        (Theme::Light, true) => with(Visuals::light(), &LIGHT_HIGH, 1.5),
    }
}

/// Whether a look is one of high contrast.
pub(super) fn is_high_contrast(visuals: &Visuals) -> bool {
    [DARK_HIGH.panel, LIGHT_HIGH.panel].contains(&visuals.panel_fill)
}

fn with(mut visuals: Visuals, colors: &Colors, outline: f32) -> Visuals {
    let state = |fill: Color32, line: Color32, width: f32, expansion: f32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(width, line),
        corner_radius: CornerRadius::same(4),
        fg_stroke: Stroke::new(1.2, colors.text),
        expansion,
    };
    let [rest, hovered, active] = colors.fills;
    let lines = colors.outlines;
    visuals.widgets.noninteractive = state(colors.panel, colors.line, 1.0, 0.0);
    visuals.widgets.inactive = state(rest, lines[0], outline, 0.0);
    visuals.widgets.hovered = state(hovered, lines[1], outline, 0.0);
    visuals.widgets.active = state(active, lines[2], 2.0, 0.0);
    visuals.widgets.open = state(hovered, lines[1], outline, 0.0);
    visuals.selection.bg_fill = colors.chosen;
    visuals.selection.stroke = Stroke::new(1.2, colors.on_chosen);
    visuals.panel_fill = colors.panel;
    visuals.window_fill = colors.window;
    visuals.window_stroke = Stroke::new(1.0, lines[0]);
    visuals.extreme_bg_color = colors.sunken;
    visuals.text_edit_bg_color = Some(colors.sunken);
    visuals.faint_bg_color = colors.faint;
    visuals.code_bg_color = colors.faint;
    visuals.weak_text_color = Some(colors.weak);
    visuals.hyperlink_color = colors.link;
    visuals.warn_fg_color = colors.warning;
    visuals.error_fg_color = colors.error;
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::notices::Severity;
    use crate::theme::{contrast_ratio, curve_colors, good_color, progress_color, severity_color};

    /// All four, with the contrast that their text must have.
    fn looks() -> [(&'static str, Visuals, f64); 4] {
        [
            ("dark", of(Theme::Dark, false), 4.5),
            ("light", of(Theme::Light, false), 4.5),
            ("dark, high contrast", of(Theme::Dark, true), 7.0),
            ("light, high contrast", of(Theme::Light, true), 7.0),
        ]
    }

    #[test]
    fn text_is_read_on_whatever_lies_behind_it() {
        for (name, visuals, least) in looks() {
            let behind = [visuals.panel_fill, visuals.window_fill, visuals.extreme_bg_color, visuals.faint_bg_color];
            let mut texts = vec![
                visuals.widgets.noninteractive.fg_stroke.color,
                visuals.weak_text_color(),
                visuals.warn_fg_color,
                visuals.error_fg_color,
                visuals.hyperlink_color,
                good_color(&visuals),
            ];
            texts.extend([Severity::Done, Severity::Warning, Severity::Error].map(|severity| severity_color(&visuals, severity)));
            let mut pairs: Vec<(Color32, Color32)> = behind.iter().flat_map(|&back| texts.iter().map(move |&text| (text, back))).collect();
            let widgets = &visuals.widgets;
            for look in [&widgets.noninteractive, &widgets.inactive, &widgets.hovered, &widgets.active, &widgets.open] {
                pairs.extend([(look.fg_stroke.color, look.bg_fill), (look.fg_stroke.color, look.weak_bg_fill)]);
            }
            pairs.push((visuals.selection.stroke.color, visuals.selection.bg_fill));
            pairs.push((visuals.widgets.inactive.fg_stroke.color, progress_color(&visuals)));
            for (text, back) in pairs {
                let ratio = contrast_ratio(text, back);
                assert!(ratio >= least, "{name}: {text:?} on {back:?} has {ratio:.2}");
            }
        }
    }

    #[test]
    fn plain_text_has_the_highest_contrast_in_every_look() {
        for (name, visuals, _) in looks() {
            for back in [visuals.panel_fill, visuals.window_fill, visuals.extreme_bg_color, visuals.faint_bg_color] {
                let ratio = contrast_ratio(visuals.text_color(), back);
                assert!(ratio >= 7.0, "{name}: {ratio:.2}");
            }
        }
    }

    #[test]
    fn what_can_be_pressed_what_is_chosen_and_what_has_the_focus_stand_out() {
        for (name, visuals, _) in looks() {
            let widgets = &visuals.widgets;
            for back in [visuals.panel_fill, visuals.window_fill] {
                let marks = [widgets.inactive.bg_stroke, widgets.hovered.bg_stroke, widgets.active.bg_stroke, widgets.open.bg_stroke];
                let mut marks: Vec<Color32> = marks.iter().map(|stroke| stroke.color).collect();
                marks.extend([visuals.selection.bg_fill, super::super::focus::color(&visuals)]);
                marks.extend(curve_colors(&visuals));
                for mark in marks {
                    let ratio = contrast_ratio(mark, back);
                    assert!(ratio >= 3.0, "{name}: {mark:?} on {back:?} has {ratio:.2}");
                }
            }
        }
    }
}
