//! Every tool once in the real window: it changes the mask, and one undo brings the mask back exactly.

use std::path::Path;
use std::time::{Duration, Instant};

use eframe::egui::{Key, Modifiers, PointerButton, Pos2, Rect};
use medley_volume::LabelMap;

use crate::robot::Robot;
use crate::{SOON, choose, line};

/// The label that is active at first, and another.
const ACTIVE: &str = "spleen";

/// The mask in the study's folder as it was last written.
struct Kept<'a> {
    robot: &'a Robot,
    file: &'a Path,
    mask: LabelMap,
}

impl Kept<'_> {
    /// What `gesture` does to the mask: the new one.
    fn after(&mut self, what: &str, gesture: impl FnOnce(&Robot)) -> LabelMap {
        gesture(self.robot);
        // Tools work on a thread of their own: the mask is written until it is another.
        let began = Instant::now();
        loop {
            self.robot.wait(&format!("{what} to be kept"), SOON, |robot| robot.sees("All changes kept"));
            self.robot.press("Save mask");
            self.robot.rest();
            match medley_io::open_labels(self.file) {
                Ok(read) if read.labels != self.mask => return std::mem::replace(&mut self.mask, read.labels),
                _ => std::thread::sleep(Duration::from_millis(100)),
            }
            assert!(began.elapsed() < SOON, "{what} does not change the mask; the window shows: {}", self.robot.everything());
        }
    }

    /// The same, taken back again.
    fn there_and_back(&mut self, what: &str, gesture: impl FnOnce(&Robot)) {
        let before = self.after(what, gesture);
        self.after(&format!("the undo of {what}"), |robot| robot.key(Key::Z, Modifiers::COMMAND));
        assert!(self.mask == before, "one undo takes {what} back exactly");
    }

    fn voxels(&self, label: u16) -> usize {
        self.mask.counts().get(&label).copied().unwrap_or(0)
    }
}

fn click(robot: &Robot, at: Pos2) {
    robot.drag(PointerButton::Primary, &[at, at]);
    robot.rest();
}

/// The corners of a square about the middle of a view, moved by some points.
fn square(view: Rect, moved: [f32; 2], half: f32) -> [Pos2; 4] {
    let middle = view.center() + moved.into();
    [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]].map(|[x, y]| middle + eframe::egui::vec2(x * half, y * half))
}

fn contour(robot: &Robot, tool: &str, corners: [Pos2; 4]) {
    robot.press(tool);
    corners.into_iter().for_each(|corner| click(robot, corner));
    robot.key(Key::Enter, Modifiers::NONE);
}

/// An operation of the panel, with something done to its options, applied.
fn operation(robot: &Robot, name: &str, choose_options: impl FnOnce(&Robot)) {
    robot.press(name);
    robot.wait_for("Apply", SOON);
    choose_options(robot);
    robot.wait("what would change", SOON, |robot| robot.text_with(" mL   − ").is_some());
    robot.screenshot(&format!("30-{}", name.to_lowercase().replace(' ', "-")));
    robot.press("Apply");
}

/// Drives every tool. The sample's first case is open, and ends as it began.
pub fn every_tool_changes_the_mask_and_is_undone(robot: &Robot, file: &Path, mask: &LabelMap) {
    let axial = robot.place_of("Axial view");
    let mut kept = Kept { robot, file, mask: mask.clone() };
    let start = mask.clone();
    robot.press(ACTIVE);
    let corners = square(axial, [-70.0, 60.0], 22.0);

    // A contour, and what can be done inside it.
    kept.after("a contour", |robot| contour(robot, "Contour", corners));
    robot.screenshot("29-contour");
    kept.there_and_back("a fill", |robot| {
        robot.press("liver");
        robot.press("Fill");
        click(robot, axial.center() + [-70.0, 60.0].into());
    });
    robot.press(ACTIVE);
    kept.there_and_back("a grown region", |robot| {
        robot.press("Grow");
        click(robot, axial.center() + [60.0, 70.0].into());
    });
    kept.there_and_back("a live-wire contour", |robot| contour(robot, "Live-wire", square(axial, [70.0, 40.0], 25.0)));
    kept.there_and_back("a square brush", |robot| {
        robot.press("Brush");
        robot.press("Square");
        robot.drag(PointerButton::Primary, &line(axial, [40.0, 60.0], [70.0, 60.0], 4));
        robot.press("Round");
    });

    // Operations on the whole label.
    kept.there_and_back("a threshold", |robot| operation(robot, "Threshold", |_| {}));
    kept.there_and_back("a margin", |robot| operation(robot, "Margin", |robot| robot.set_number("Grow by", 4.0)));
    kept.there_and_back("a margin by direction", |robot| {
        operation(robot, "Margin", |robot| {
            robot.press("By direction");
            robot.wait_for("Head", SOON);
            robot.set_number("Head", 8.0);
        });
    });
    kept.there_and_back("smoothing", |robot| {
        operation(robot, "Smooth", |robot| {
            robot.press("Opening: spikes go");
            robot.set_number("Reach", 8.0);
        });
    });
    kept.there_and_back("merged labels", |robot| operation(robot, "Combine labels", |robot| choose(robot, "Other label", "liver")));
    kept.there_and_back("a crop", |robot| {
        operation(robot, "Crop", |robot| {
            robot.press("All labels, not only the active one");
            robot.set_number("Head – feet", 6.0);
        });
    });
    kept.there_and_back("a copied slice", |robot| robot.key(Key::ArrowUp, Modifiers::COMMAND));

    // Two slices with a gap between them.
    robot.press("Crosshair");
    robot.turn_wheel(axial.center(), 3.0, Modifiers::NONE);
    kept.after("a second contour", |robot| contour(robot, "Contour", corners));
    kept.there_and_back("interpolated slices", |robot| operation(robot, "Interpolate slices", |_| {}));
    kept.there_and_back("islands", |robot| operation(robot, "Islands", |_| {}));

    // A hole in the second contour.
    let whole = kept.voxels(1);
    kept.after("an erased spot", |robot| {
        robot.press("Eraser");
        let middle = axial.center() + [-70.0, 60.0].into();
        robot.drag(PointerButton::Primary, &[middle, middle]);
    });
    assert!(kept.voxels(1) < whole, "something was erased");
    kept.after("filled holes", |robot| operation(robot, "Fill holes", |robot| robot.press("Also what is closed within a slice")));
    assert_eq!(kept.voxels(1), whole, "the hole is closed");
    kept.there_and_back("a wall", |robot| operation(robot, "Hollow", |robot| robot.set_number("Wall", 1.0)));

    // Everything back to the beginning.
    robot.press("Crosshair");
    for _ in 0..4 {
        robot.key(Key::Z, Modifiers::COMMAND);
        robot.wait("the undo", SOON, |robot| robot.sees("All changes kept"));
    }
    kept.after("the last undo", |_| {});
    assert!(kept.mask == start, "everything is as it began");
}
