//! Settings as JSON. Each one is read by itself: one that makes no sense leaves the others as they were set.

use serde_json::{Map, Value, json};

use super::{PaintingButton, Settings, ThemeChoice};
use crate::command::Keymap;

/// The names of themes in the file: these never change.
const THEMES: [(ThemeChoice, &str); 3] = [(ThemeChoice::Dark, "dark"), (ThemeChoice::Light, "light"), (ThemeChoice::System, "system")];

/// The names of mouse buttons in the file.
const BUTTONS: [(PaintingButton, &str); 2] = [(PaintingButton::Left, "left"), (PaintingButton::Right, "right")];

fn named<T: Copy>(names: &[(T, &str)], value: &Value) -> Option<T> {
    names.iter().find(|(_, name)| value.as_str() == Some(name)).map(|(value, _)| *value)
}

fn name_of<T: PartialEq>(names: &[(T, &'static str)], value: &T) -> &'static str {
    names.iter().find(|(known, _)| known == value).map_or("", |(_, name)| name)
}

impl Settings {
    /// As the file holds them.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut all = self.unknown.clone();
        let known = [
            ("theme", json!(name_of(&THEMES, &self.theme))),
            ("high_contrast", json!(self.is_high_contrast)),
            ("scale_percent", json!(self.scale_percent)),
            ("reduced_motion", json!(self.is_motion_reduced)),
            ("safe_label_colors", json!(self.has_safe_label_colors)),
            ("painting_button", json!(name_of(&BUTTONS, &self.painting_button))),
            ("reversed_wheel", json!(self.is_wheel_reversed)),
            ("pen_pressure", json!(self.has_pen_pressure)),
            ("open_cases_gib", json!(self.open_cases_gib)),
            ("layout", json!(self.layout)),
            ("transfer_functions", json!(self.transfers)),
            ("keys", json!(self.keymap.to_settings())),
            ("recent", json!(self.recent)),
        ];
        all.extend(known.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(all)
    }

    /// What [`Settings::to_json`] gave, and the names of settings that make no sense, which are as in a new program.
    #[must_use]
    pub fn from_json(all: Map<String, Value>) -> (Self, Vec<&'static str>) {
        let mut reading = Reading { all, senseless: Vec::new() };
        let usual = Self::default();
        let settings = Self {
            theme: reading.take("theme", |value| named(&THEMES, value)).unwrap_or_default(),
            is_high_contrast: reading.take("high_contrast", Value::as_bool).unwrap_or_default(),
            scale_percent: reading.take("scale_percent", scale).unwrap_or(usual.scale_percent),
            is_motion_reduced: reading.take("reduced_motion", Value::as_bool).unwrap_or_default(),
            has_safe_label_colors: reading.take("safe_label_colors", Value::as_bool).unwrap_or_default(),
            painting_button: reading.take("painting_button", |value| named(&BUTTONS, value)).unwrap_or_default(),
            is_wheel_reversed: reading.take("reversed_wheel", Value::as_bool).unwrap_or_default(),
            has_pen_pressure: reading.take("pen_pressure", Value::as_bool).unwrap_or_default(),
            open_cases_gib: reading.take("open_cases_gib", open_cases).unwrap_or_default(),
            layout: reading.take("layout", |value| serde_json::from_value(value.clone()).ok()).unwrap_or_default(),
            transfers: reading.take("transfer_functions", |value| serde_json::from_value(value.clone()).ok()).unwrap_or_default(),
            keymap: reading.take("keys", keymap).unwrap_or_default(),
            recent: reading.take("recent", |value| serde_json::from_value(value.clone()).ok()).unwrap_or_default(),
            unknown: reading.all,
        };
        (settings, reading.senseless)
    }
}

fn scale(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|percent| u16::try_from(percent).ok()).filter(|percent| Settings::SCALE_RANGE.contains(percent))
}

/// `null` means what is usual.
fn open_cases(value: &Value) -> Option<Option<f64>> {
    if value.is_null() {
        return Some(None);
    }
    value.as_f64().filter(|gib| Settings::OPEN_CASES_RANGE_GIB.contains(gib)).map(Some)
}

fn keymap(value: &Value) -> Option<Keymap> {
    serde_json::from_value(value.clone()).ok().map(|keys| Keymap::from_settings(&keys))
}

/// What is left of a file while it is read.
struct Reading {
    all: Map<String, Value>,
    senseless: Vec<&'static str>,
}

impl Reading {
    fn take<T>(&mut self, name: &'static str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = self.all.remove(name)?;
        let read = read(&value);
        if read.is_none() {
            self.senseless.push(name);
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use egui::{Key, KeyboardShortcut, Modifiers};

    use medley_volume::Quantity;

    use super::*;
    use crate::command::Command;
    use crate::state::layout::{Layout, LayoutKind};
    use crate::state::view::ViewKind;

    fn object(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn every_setting_survives_being_written() {
        let mut settings = Settings {
            theme: ThemeChoice::System,
            is_high_contrast: true,
            scale_percent: 175,
            is_motion_reduced: true,
            has_safe_label_colors: true,
            painting_button: PaintingButton::Right,
            is_wheel_reversed: true,
            has_pen_pressure: true,
            recent: vec!["undo".to_owned()],
            open_cases_gib: Some(2.5),
            layout: Layout::of(LayoutKind::LargeLast),
            ..Settings::default()
        };
        settings.layout.main = ViewKind::Coronal;
        settings.transfers.of_mut(Quantity::Hounsfield).set_shift(120.0);
        settings.keymap.bind(Command::Undo, KeyboardShortcut::new(Modifiers::ALT, Key::U));
        let Value::Object(written) = settings.to_json() else { panic!("no object") };
        let (read, senseless) = Settings::from_json(written);
        assert_eq!(read, settings);
        assert_eq!(senseless, Vec::<&str>::new());
    }

    #[test]
    fn what_another_version_set_is_kept_and_what_makes_no_sense_alone_is_lost() {
        let text = r#"{"theme": "light", "scale_percent": 9000, "high_contrast": "very", "spoken": {"speed": 2},
                       "keys": {"teleport": ["Ctrl+J"], "undo": ["Alt+U"]}}"#;
        let (settings, senseless) = Settings::from_json(object(text));
        assert_eq!((settings.theme, settings.scale_percent), (ThemeChoice::Light, 100));
        assert_eq!(senseless, ["high_contrast", "scale_percent"]);
        let written = settings.to_json();
        assert_eq!(written["spoken"]["speed"], 2);
        assert_eq!(written["keys"]["teleport"][0], "Ctrl+J");
        assert_eq!(written["keys"]["undo"][0], "Alt+U");
    }

    #[test]
    fn a_layout_a_curve_or_an_amount_of_memory_that_makes_no_sense_is_the_usual_one() {
        let curve = r#"{"points": [{"at": 5.0, "opacity": 9.0, "color": [1, 2, 3]}], "opacity": -4.0, "shift": 1e300}"#;
        let text = format!(
            r#"{{"layout": {{"kind": "spiral"}}, "open_cases_gib": -1, "high_contrast": true,
                "transfer_functions": {{"hounsfield": {curve}, "arbitrary": 7}}}}"#
        );
        let (settings, senseless) = Settings::from_json(object(&text));
        assert_eq!(senseless, ["open_cases_gib", "layout", "transfer_functions"]);
        assert_eq!(settings, Settings { is_high_contrast: true, ..Settings::default() });
        // A curve that can be read is made sound.
        let text = format!(r#"{{"transfer_functions": {{"hounsfield": {curve}, "arbitrary": {curve}}}}}"#);
        let (settings, senseless) = Settings::from_json(object(&text));
        let function = settings.transfers.of(Quantity::Hounsfield);
        assert!(senseless.is_empty() && function.points().len() == 2 && function.opacity() == 0.0);
        // A layout of another version has cuts that this one does not know, and misses some.
        let (settings, senseless) = Settings::from_json(object(r#"{"layout": {"kind": "row", "cuts": {"row": [0.2, 0.4], "ring": 3}}}"#));
        assert!(senseless.is_empty() && settings.layout.kind == LayoutKind::Row);
    }
}
