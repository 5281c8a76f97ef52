//! Pictures of every panel and page. `MEDLEY_PANELS=all` takes them at three sizes in both themes, to be looked at; otherwise one size
//! is taken, so that a page which cannot be opened fails the test.

use eframe::egui::{Key, Modifiers};

use crate::SOON;
use crate::robot::Robot;

const CTRL_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

/// Pages that a key opens and Esc closes.
const PAGES: [(&str, Key, Modifiers); 7] = [
    ("palette", Key::P, Modifiers::COMMAND),
    ("keys", Key::F1, Modifiers::NONE),
    ("settings", Key::Comma, Modifiers::COMMAND),
    ("weights", Key::E, Modifiers::COMMAND),
    ("provenance", Key::I, Modifiers::COMMAND),
    ("3d-settings", Key::V, Modifiers::SHIFT),
    ("figure", Key::F, CTRL_SHIFT),
];

/// Takes the pictures. A case is open; everything ends as it was.
pub fn pictures_of_all_panels(robot: &Robot) {
    let is_all = std::env::var("MEDLEY_PANELS").is_ok_and(|value| value == "all");
    let sizes: &[[f32; 2]] = if is_all { &[[1280.0, 720.0], [1920.0, 1080.0], [3840.0, 2160.0]] } else { &[[1280.0, 720.0]] };
    for &[width, height] in sizes {
        robot.resize(width, height);
        for theme in ["dark", "light"] {
            pages(robot, &format!("panels-{width}x{height}-{theme}"));
            robot.press("Light or dark");
            robot.rest();
        }
    }
    robot.resize(1280.0, 800.0);
}

fn pages(robot: &Robot, name: &str) {
    robot.press("Crosshair");
    robot.screenshot(&format!("{name}-window"));
    for (page, key, modifiers) in PAGES {
        robot.key(key, modifiers);
        robot.screenshot(&format!("{name}-{page}"));
        robot.key(Key::Escape, Modifiers::NONE);
        robot.rest();
    }
    robot.key(Key::H, Modifiers::NONE);
    robot.screenshot(&format!("{name}-histogram"));
    robot.key(Key::H, Modifiers::NONE);
    for tool in ["Brush", "Grow", "Region"] {
        robot.press(tool);
        robot.screenshot(&format!("{name}-{}", tool.to_lowercase()));
    }
    robot.press("Crosshair");
    robot.press("Threshold");
    robot.wait_for("Apply", SOON);
    robot.screenshot(&format!("{name}-threshold"));
    robot.key(Key::Escape, Modifiers::NONE);
    robot.wait("the operation to be dropped", SOON, |robot| !robot.is_enabled("Apply"));
}
