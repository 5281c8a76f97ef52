//! The real window, driven through the accessibility tree it publishes: open the sample, paint, save, undo, fine-tune, propose,
//! accept, undo. Needs a display (`scripts/test` brings one) and runs on the main thread, as window systems ask for.
//!
//! `MEDLEY_SCREENSHOTS` names the folder for the pictures of each step; without it they go to `target/window-screenshots`.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test with a main function of its own is not compiled as a test"
)]

mod correcting;
mod hub;
mod lost;
mod panels;
mod robot;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use eframe::egui::{Key, Modifiers, PointerButton, Pos2, Rect, vec2};
use medley::sample::{FIRST, SECOND, VALIDATION};
use medley::state::workbench::OpenFirst;
use medley_project::{CaseInfo, Study};
use medley_volume::LabelMap;
use robot::Robot;

/// Opening, saving and the like; generous, for a machine that does other work too.
const SOON: Duration = Duration::from_secs(120);
/// A short training or a proposal on two busy cores with software drawing beside it.
const LATER: Duration = Duration::from_secs(900);

/// What *Get* fetches from.
static HUB: OnceLock<hub::Hub> = OnceLock::new();

/// What a robot does in a window.
type Script = fn(&Robot);

/// Set in the process that is killed in the middle of its work.
const PAINTER: &str = "MEDLEY_TEST_PAINTER";

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        println!("window: test");
        return ExitCode::SUCCESS;
    }
    if std::env::var_os(PAINTER).is_some() {
        return open_window(paint_until_killed);
    }
    let filters: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |name: &str| filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()));
    let data = tempfile::tempdir().expect("a temporary folder");
    if is_wanted("killed_while_painting_every_stroke_is_there") {
        killed_while_painting_every_stroke_is_there(&data.path().join("killed"));
        println!("test killed_while_painting_every_stroke_is_there ... ok");
    }
    let hub = hub::Hub::open(hub::Shop::default());
    // SAFETY: the hub's thread reads no environment, and no other runs yet.
    #[expect(unsafe_code, reason = "the window reads its data folder and its hub from the environment")]
    unsafe {
        std::env::set_var("MEDLEY_DATA_DIR", data.path().join("loop"));
        std::env::set_var("MEDLEY_HUB", hub.address());
        std::env::remove_var("MEDLEY_WEIGHTS_DIR");
    }
    let _ = HUB.set(hub);
    let scripts: [(&str, Script); 2] =
        [("the_whole_loop", the_whole_loop), ("lost_devices_take_nothing_with_them", lost::devices_take_nothing_with_them)];
    for (name, script) in scripts.into_iter().filter(|(name, _)| is_wanted(name)) {
        if open_window(script) != ExitCode::SUCCESS {
            return ExitCode::FAILURE;
        }
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

/// Opens the window on the sample study with a robot in it and lets `script` drive it from another thread.
fn open_window(script: Script) -> ExitCode {
    let screenshots = std::env::var_os("MEDLEY_SCREENSHOTS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/window-screenshots"), PathBuf::from);
    let (outbox, outcome) = std::sync::mpsc::channel();
    let there: OnceCell<Robot> = OnceCell::new();
    let code = medley::window::open_dressed(OpenFirst::Sample, |context, window| {
        if let Some(robot) = there.get() {
            robot.move_to(&context.egui_ctx);
        } else {
            let robot = there.get_or_init(|| Robot::install(&context.egui_ctx, screenshots.clone())).clone();
            let outbox = outbox.clone();
            std::thread::spawn(move || {
                let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| script(&robot)));
                if result.is_err() {
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| robot.screenshot("failed")));
                }
                let _ = outbox.send(result.is_ok());
                robot.close();
            });
        }
        lost::may_lose_its_device(context, window)
    });
    if code != ExitCode::SUCCESS {
        eprintln!("the window could not be opened; run the tests with scripts/test, which brings a display and a driver");
        return ExitCode::FAILURE;
    }
    if outcome.try_recv() == Ok(true) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The mask as 3D Slicer's segmentation, the chosen label's surface, and the labels' names there and back.
fn masks_surfaces_and_names_go_to_other_programs(robot: &Robot, mask: &medley_volume::LabelMap) {
    let folder = std::env::temp_dir().join(format!("medley-window-exports-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let choose = |command: &str, hint: &str, path: &Path| {
        robot.press("File");
        robot.wait_for(command, SOON);
        robot.press(command);
        robot.wait("a field for the path", SOON, |robot| robot.text_with(hint).is_some());
        let label = robot.text_with(hint).expect("just seen");
        robot.type_into(&label, &path.display().to_string());
        robot.wait("the answer", SOON, |robot| {
            robot.text_with(&path.display().to_string()).is_some_and(|text| text != path.display().to_string())
        });
        robot.press("Dismiss");
    };
    let segments = folder.join("mask.seg.nrrd");
    choose("Save mask as…", "with .stl, .ply", &segments);
    let (read, names) = medley_io::open_labels_with_table(&segments).expect("a segmentation");
    assert!(read.labels == *mask, "the segmentation holds the mask");
    assert_eq!(names.get(1).map(|label| label.name.as_str()), Some("spleen"));
    robot.press("aorta");
    choose("Save mask as…", "with .stl, .ply", &folder.join("label.stl"));
    robot.press("spleen");
    assert!(std::fs::metadata(folder.join("label.stl")).expect("a surface").len() > 84);
    let table = folder.join("names.ctbl");
    choose("Save label names as…", "(ITK-SNAP) or", &table);
    let text = std::fs::read_to_string(&table).expect("a table");
    assert!(text.contains("spleen"));
    std::fs::write(&table, text.replace("spleen", "milza")).expect("written");
    choose("Read label names…", "colour table of", &table);
    robot.wait_for("milza", SOON);
    robot.screenshot("08b-names-read");
    std::fs::write(&table, text).expect("written");
    choose("Read label names…", "colour table of", &table);
    robot.wait_for("spleen", SOON);
    let _ = std::fs::remove_dir_all(&folder);
}

/// A slab, planes turned by keys, another case of the study over the open one; then everything as it was.
fn slices_are_thickened_turned_and_overlaid(robot: &Robot) {
    robot.key(Key::T, Modifiers::NONE);
    robot.wait_for("Slab of Axial view: MIP 10 mm", SOON);
    robot.key(Key::CloseBracket, Modifiers::NONE);
    robot.wait_for("Slab of Coronal view: MIP 12 mm", SOON);
    for _ in 0..4 {
        robot.key(Key::ArrowRight, Modifiers::ALT);
        robot.key(Key::ArrowDown, Modifiers::ALT);
    }
    robot.press("Second scan Choose…");
    let other = format!("Lay {} over the open scan", SECOND.name);
    robot.wait_for(&other, SOON);
    robot.press(&other);
    robot.wait_for("Remove the second scan", SOON);
    robot.rest();
    robot.screenshot("03b-slabs-turned-and-overlaid");
    robot.press("Remove the second scan");
    robot.wait_for("Second scan Choose…", SOON);
    robot.key(Key::Home, Modifiers::ALT);
    for _ in 0..3 {
        robot.key(Key::T, Modifiers::NONE);
    }
    robot.wait_for("Slab of Sagittal view: Slice", SOON);
    while let Some(notice) = robot.text_with("lies elsewhere in the patient") {
        robot.press("Dismiss");
        robot.wait("the notice to go", SOON, |robot| robot.text_with(&notice).is_none());
    }
}

fn the_whole_loop(robot: &Robot) {
    let study = medley::places::sample_study();
    open_sample(robot);
    robot.screenshot("01-sample-opened");
    weights_are_fetched_imported_and_chosen(robot);
    robot.press("Save mask");
    robot.wait("the mask to be saved", SOON, |robot| robot.text_with("saved in the study").is_some());
    robot.press("Dismiss");
    let mask = mask_file(&study);
    let before = read_when_new(&mask, None);

    // A stroke with the brush in the axial view, across the middle of what is labelled.
    robot.press("Brush");
    let axial = robot.place_of("Axial view");
    robot.drag(PointerButton::Primary, &line(axial, [-60.0, 40.0], [70.0, -30.0], 12));
    robot.wait_for("All changes kept", SOON);
    robot.screenshot("02-stroke-painted");
    robot.press("Save mask");
    let painted = read_when_new(&mask, Some(&before));
    let changed: Vec<u16> = (0..painted.len()).filter(|&o| painted.at(o) != before.at(o)).map(|o| painted.at(o)).collect();
    assert!(changed.len() > 20, "only {} voxels were painted", changed.len());
    assert!(changed.iter().all(|&label| label == 1), "the active label is 1");

    robot.key(Key::Z, Modifiers::COMMAND);
    robot.wait("the undo to be kept", SOON, |robot| robot.sees("All changes kept") && robot.is_enabled("Redo"));
    robot.press("Save mask");
    let undone = read_when_new(&mask, Some(&painted));
    assert!(undone == before, "undo brings the mask back exactly");
    robot.screenshot("03-stroke-undone");

    correcting::every_tool_changes_the_mask_and_is_undone(robot, &mask, &undone);
    slices_are_thickened_turned_and_overlaid(robot);

    panels::pictures_of_all_panels(robot);

    // A short fine-tuning; the window must keep drawing while it runs.
    robot.press("Crosshair");
    robot.set_number("Steps", 6.0);
    robot.press("Fine-tune");
    robot.wait("the first step", LATER, |robot| robot.text_with("Step ").is_some());
    robot.forget_frame_times();
    for notch in 0..40 {
        robot.turn_wheel(axial.center(), if notch % 20 < 10 { 1.0 } else { -1.0 }, Modifiers::NONE);
    }
    let [(median, p95), (own, own_p95)] = robot.frame_times_ms();
    println!(
        "while training, software drawing on {} cores: frame to frame {median:.0} ms (p95 {p95:.0}), the window's own code {own:.1} ms (p95 {own_p95:.1})",
        std::thread::available_parallelism().map_or(0, usize::from)
    );
    robot.screenshot("04-training");
    robot.wait("the training to end", LATER, |robot| robot.sees("Training finished"));
    robot.screenshot("05-training-finished");

    robot.press("Propose");
    robot.wait("the proposal", LATER, |robot| robot.sees("Accept proposal"));
    robot.screenshot("06-proposal");
    robot.press("Compare");
    robot.wait_for("Mask against proposal", SOON);
    robot.press("Mask against proposal");
    robot.wait_for(&format!("Axial view of {}", FIRST.name), SOON);
    robot.screenshot("06b-mask-against-proposal");
    robot.key(Key::Escape, Modifiers::NONE);
    robot.wait("the comparison to be over", SOON, |robot| !robot.sees("Leave comparison"));
    robot.press("Accept proposal");
    robot.wait("the accepted proposal to be kept", SOON, |robot| robot.sees("All changes kept") && !robot.sees("Accept proposal"));
    robot.screenshot("07-accepted");
    robot.press("Save mask");
    let accepted = read_when_new(&mask, Some(&undone));
    assert!(accepted != before, "the proposal is in the mask");

    robot.press("Undo");
    robot.wait("the undo to be kept", SOON, |robot| robot.sees("All changes kept") && robot.is_enabled("Redo"));
    robot.press("Save mask");
    let taken_back = read_when_new(&mask, Some(&accepted));
    assert!(taken_back == before, "one undo takes the whole acceptance back");
    robot.screenshot("08-acceptance-undone");

    masks_surfaces_and_names_go_to_other_programs(robot, &taken_back);

    // A long fine-tuning, with another head and loss, is held, let go and ended.
    robot.press("Advanced");
    robot.wait_for("Deep supervision", SOON);
    assert!(robot.is_enabled("Deep supervision"), "the usual head has coarser results");
    choose(robot, "Head of the network", "DenseASPP (coarse, wide view)");
    robot.wait("the head to be taken", SOON, |robot| !robot.is_enabled("Deep supervision"));
    choose(robot, "Loss to minimise", "Tversky (fewer misses)");
    choose(robot, "Memory of a training step", "Least memory, slower");
    choose(robot, "Normalisation of the encoder", "Frozen statistics");
    assert!(!robot.sees("Width"), "the starter has its own width");
    robot.screenshot("09-advanced");
    choose(robot, "Encoder weights to start from", "From scratch");
    robot.wait_for("Width", SOON);
    robot.screenshot("09b-from-scratch");
    choose(robot, "Encoder weights to start from", "Bundled starter encoder");
    robot.wait("the starter's own width", SOON, |robot| !robot.sees("Width"));
    robot.set_number("Steps", 300.0);
    robot.press("Fine-tune");
    robot.wait("the first step", LATER, |robot| robot.text_with("Step ").is_some());
    robot.press("Pause or resume training");
    robot.wait("the pause", SOON, |robot| robot.text_with("Paused at step").is_some());
    robot.screenshot("10-paused");
    robot.press("Pause or resume training");
    robot.wait("the training to go on", LATER, |robot| robot.text_with("Step ").is_some());
    robot.press("Stop training");
    robot.wait("the end", LATER, |robot| robot.sees("Training stopped"));

    other_tasks(robot);

    // A scan dropped onto the window becomes a case of the study; what is no scan is refused with a sentence.
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/io/tests/data");
    robot.drop_file(files.join("bad_text.nii"));
    robot.wait("the refusal", SOON, |robot| robot.text_with("bad_text.nii").is_some());
    robot.screenshot("11-refused");
    robot.drop_file(files.join("oblique_ail.nii.gz"));
    robot.wait_for("oblique_ail", SOON);
    robot.wait("the scan to be open", SOON, |robot| robot.sees("All changes kept") && !robot.is_enabled("Undo"));
    robot.screenshot("12-dropped-scan");
    one_of_several_series_is_opened(robot, &files.join("dicom/made"));

    // A data set is looked through before it becomes cases.
    robot.drop_file(Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/sample"));
    robot.wait("the data set to be looked through", LATER, |robot| robot.text_with("cases can be used").is_some());
    robot.screenshot("17-data-set");
    let import = robot.text_with("Import ").expect("a button");
    robot.press(&import);
    robot.wait("its cases", LATER, |robot| robot.text_with("patient_b").is_some() && robot.sees("All changes kept"));
    robot.screenshot("18-data-set-imported");
    open_cases_stand_in_tabs_and_side_by_side(robot);
}

/// A second case is opened beside the first; both stay open, are gone through by their tabs, and are compared.
fn open_cases_stand_in_tabs_and_side_by_side(robot: &Robot) {
    let (first, second) = (format!("Tab of {}", FIRST.name), format!("Tab of {}", SECOND.name));
    robot.press(SECOND.name);
    robot.wait_for(&second, SOON);
    robot.press(&first);
    // The first case's changes were taken back one by one; nothing was ever changed in the second.
    robot.wait("the first case with its history", SOON, |robot| robot.is_enabled("Redo"));
    robot.key(Key::Tab, Modifiers::COMMAND);
    robot.key(Key::Tab, Modifiers::COMMAND | Modifiers::SHIFT);
    robot.wait("the first case again", SOON, |robot| robot.is_enabled("Redo"));
    robot.press(&second);
    robot.wait("the second case", SOON, |robot| !robot.is_enabled("Redo"));
    robot.screenshot("19-tabs");

    robot.press("Compare");
    let with_first = format!("Compare with {}", FIRST.name);
    robot.wait_for(&with_first, SOON);
    robot.press(&with_first);
    let beside = format!("Axial view of {}", FIRST.name);
    robot.wait_for(&beside, SOON);
    let [open, other] = ["Axial view", &beside].map(|view| robot.place_of(view));
    assert!(open.right() <= other.left() && open.size() == other.size(), "{open:?} beside {other:?}");
    robot.turn_wheel(other.center(), 3.0, Modifiers::NONE);
    robot.screenshot("20-side-by-side");
    // A click makes the other side the one that tools work on.
    robot.drag(PointerButton::Primary, &[other.center(), other.center()]);
    robot.wait_for(&format!("Axial view of {}", SECOND.name), SOON);
    assert_eq!(robot.place_of("Axial view"), other, "what is looked at stays where it is");
    robot.press("Curtain");
    robot.screenshot("21-curtain");
    robot.key(Key::Escape, Modifiers::NONE);
    robot.wait("the comparison to be over", SOON, |robot| !robot.sees("Leave comparison"));

    robot.press("Layout of the views");
    robot.wait_for("Three slices in a row", SOON);
    robot.press("Three slices in a row");
    robot.wait("three slices", SOON, |robot| robot.sees("Coronal view") && !robot.sees("3D view"));
    robot.screenshot("22-row");
    robot.key(Key::Num1, Modifiers::ALT);
    robot.wait_for("3D view", SOON);
    robot.press(&format!("Close {}", SECOND.name));
    robot.wait("the tab to be gone", SOON, |robot| !robot.sees(&second));
}

/// A folder of DICOM files: what is in it is shown, one is opened, painted on and saved as a segmentation of its study.
fn one_of_several_series_is_opened(robot: &Robot, folder: &Path) {
    robot.drop_file(folder.to_owned());
    robot.wait("the list of series", SOON, |robot| robot.text_with("Add all").is_some());
    robot.screenshot("15-series");
    let found = medley_io::dicom::scan(folder).expect("series").series;
    let series = found.iter().find(|series| series.is_volume()).expect("a volume");
    robot.press(&format!("Open {}", series.title()));
    robot.wait("the series to be open", SOON, |robot| robot.text_with("Add all").is_none() && robot.sees("All changes kept"));
    robot.press("Brush");
    let axial = robot.place_of("Axial view");
    robot.drag(PointerButton::Primary, &line(axial, [-30.0, -10.0], [30.0, 10.0], 8));
    robot.wait("the stroke to be kept", SOON, |robot| robot.sees("All changes kept") && robot.is_enabled("Undo"));
    robot.screenshot("16-series-painted");
    let path = std::env::temp_dir().join(format!("medley-window-{}.dcm", std::process::id()));
    robot.press("File");
    robot.wait_for("Save mask as…", SOON);
    robot.press("Save mask as…");
    robot.wait("a field for the path", SOON, |robot| robot.text_with("with .stl, .ply").is_some());
    robot.type_into(&robot.text_with("with .stl, .ply").expect("just seen"), &path.display().to_string());
    robot.wait("the file", SOON, |robot| robot.text_with("Segmentation saved").is_some());
    let read = medley_io::dicom::open_segmentation(&path).expect("a segmentation");
    assert!(read.labels.counts().contains_key(&1), "the stroke is in it");
    let _ = std::fs::remove_file(&path);
}

/// Takes something from a list.
fn choose(robot: &Robot, list: &str, option: &str) {
    robot.press(list);
    robot.wait_for(option, SOON);
    robot.press(option);
    robot.rest();
}

/// Scans are given classes and learned; the model says of which class the open scan is. Boxes can be chosen as well.
fn other_tasks(robot: &Robot) {
    robot.press("Task to learn");
    robot.press("Detect: boxes");
    robot.wait_for("Label whose pieces are objects", SOON);
    robot.screenshot("12-task-boxes");
    robot.set_number("Steps", 30.0);
    robot.press("Fine-tune");
    robot.wait("the model of boxes in the list", LATER, |robot| robot.text_with("finds boxes ·").is_some());
    robot.press("Propose");
    robot.wait("the boxes", LATER, |robot| robot.sees("Dismiss findings"));
    let first = robot.text_with("Go to box 1:").expect("thirty steps are enough to find something");
    robot.press(&first);
    robot.screenshot("12b-boxes-found");
    robot.press("Dismiss findings");
    robot.press("Task to learn");
    robot.press("Classify: whole scans");
    for (case, class) in [(FIRST.name, "pelvis"), (SECOND.name, "abdomen"), (VALIDATION.name, "abdomen")] {
        robot.type_into(&format!("Class of {case}"), class);
    }
    robot.screenshot("13-task-classes");
    robot.set_number("Steps", 4.0);
    robot.press("Fine-tune");
    robot.wait("the model in the list", LATER, |robot| robot.text_with("classifies whole scans ·").is_some());
    robot.press("Propose");
    robot.wait("the classes", LATER, |robot| robot.sees("Dismiss findings"));
    robot.screenshot("14-classes-found");
    robot.press("Dismiss findings");
    robot.press("Task to learn");
    robot.press("Segment: masks");
}

/// The page of weights: what it says while there is nothing, a transfer stopped and gone on with, a refusal, a file brought in, a choice.
fn weights_are_fetched_imported_and_chosen(robot: &Robot) {
    let hub = HUB.get().expect("the hub is open");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/nn/tests/data");
    let checkpoint = std::fs::read(data.join("r10b_w6.no_counters.legacy.pth")).expect("a fixture");
    let address = "/TencentMedicalNet/MedicalNet-Resnet10/resolve/main/resnet_10.pth";
    hub.change(|shop| {
        shop.files = [(address.to_owned(), checkpoint.clone())].into();
        shop.is_held = true;
    });
    robot.press("Weights");
    robot.wait("the page", SOON, |robot| robot.text_with("Nothing was fetched or imported yet").is_some());
    robot.screenshot("01b-weights-none-yet");
    assert_eq!(hub.asked_count(), 0, "nothing is fetched that nobody asked for");

    robot.press("Get resnet_10");
    robot.wait("half of the file", SOON, |_| hub.asked_count() == 1);
    robot.wait("the transfer", SOON, |robot| robot.sees("Stop fetching resnet_10"));
    robot.screenshot("01c-weights-on-their-way");
    robot.press("Stop fetching resnet_10");
    robot.wait("the end", SOON, |robot| robot.is_enabled("Get resnet_10"));
    robot.press("Get resnet_10");
    hub.change(|shop| shop.is_held = false);
    robot.wait("the weights", SOON, |robot| robot.is_enabled("Start from resnet_10"));
    assert_eq!(hub.asked().iter().filter(|asked| asked.range.is_some()).count(), 1, "it goes on where it was stopped");
    robot.press("Dismiss");

    robot.press("Get resnet_18");
    robot.wait("the refusal", SOON, |robot| robot.text_with("the hub has no such file").is_some());
    robot.screenshot("01d-weights-refused");
    robot.drop_file(data.join("r10b_w6.fp16.zip.pth"));
    robot.wait("the imported file", SOON, |robot| robot.is_enabled("Start from r10b_w6.fp16.zip"));
    robot.press("Dismiss");
    robot.press("Start from resnet_10");
    robot.screenshot("01e-weights-chosen");
    robot.press("Light or dark");
    robot.screenshot("01f-weights-in-the-light");
    robot.press("Light or dark");
    robot.key(Key::Escape, Modifiers::NONE);
    robot.wait("the page to be closed", SOON, |robot| !robot.sees("Start from resnet_10"));
    assert!(robot.sees("resnet_10"), "the training panel says what it starts from");
    robot.press("Weights");
    robot.press("Start from Bundled starter encoder");
    robot.key(Key::Escape, Modifiers::NONE);
}

/// The file of the open case's mask.
fn mask_file(study: &Path) -> PathBuf {
    let masks = std::fs::read_dir(study.join("masks")).expect("the masks' folder");
    let lower = masks.filter_map(Result::ok).map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("lower"));
    lower.expect("the mask of the lower abdomen")
}

fn open_sample(robot: &Robot) {
    robot.wait_for(FIRST.name, SOON);
    robot.wait_for("All changes kept", SOON);
}

/// Points on a line through a view, relative to its middle.
fn line(view: Rect, from: [f32; 2], to: [f32; 2], points: usize) -> Vec<Pos2> {
    let (from, to) = (vec2(from[0], from[1]), vec2(to[0], to[1]));
    (0..points).map(|n| view.center() + from + (to - from) * (n as f32 / (points - 1) as f32)).collect()
}

/// The mask once its file holds something else than `old`.
fn read_when_new(path: &Path, old: Option<&LabelMap>) -> LabelMap {
    let began = std::time::Instant::now();
    loop {
        if let Ok(read) = medley_io::open_labels(path)
            && old.is_none_or(|old| *old != read.labels)
        {
            return read.labels;
        }
        assert!(began.elapsed() < SOON, "{} was not written anew", path.display());
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Paints stroke after stroke, says when each is kept, and never ends.
fn paint_until_killed(robot: &Robot) {
    open_sample(robot);
    robot.press("Brush");
    let axial = robot.place_of("Axial view");
    for stroke in 0.. {
        let down = -80.0 + (stroke % 16) as f32 * 10.0;
        robot.drag(PointerButton::Primary, &line(axial, [-80.0, down], [80.0, down + 6.0], 5));
        robot.wait_for("All changes kept", SOON);
        println!("kept {}", stroke + 1);
    }
}

/// The window is killed with SIGKILL while it paints; every stroke it had finished is in the study.
fn killed_while_painting_every_stroke_is_there(data: &Path) {
    use std::io::BufRead;
    let program = std::env::current_exe().expect("this test");
    let mut painter =
        Command::new(program).env(PAINTER, "1").env("MEDLEY_DATA_DIR", data).stdout(Stdio::piped()).spawn().expect("the painter starts");
    let output = std::io::BufReader::new(painter.stdout.take().expect("piped"));
    let mut kept = 0;
    for line in output.lines() {
        if let Some(count) = line.expect("a line").strip_prefix("kept ") {
            kept = count.parse().expect("a number");
        }
        if kept >= 7 {
            break;
        }
    }
    painter.kill().expect("SIGKILL");
    painter.wait().expect("it is gone");
    assert!(kept >= 7, "the painter ended early, after {kept} strokes");
    let study = Study::open(&data.join("Sample study")).expect("the study opens although its program was killed");
    let case: CaseInfo = study.cases().expect("cases").into_iter().find(|case| case.name == FIRST.name).expect("the case");
    let strokes = study.edits(case.id).expect("edits").into_iter().filter(|edit| edit.tool == medley_annotate::Tool::Brush).count();
    assert!(strokes >= kept, "{kept} strokes were finished, {strokes} are there");
    let loaded = study.load_case(case.id).expect("the case loads");
    assert!(loaded.history.len() >= kept, "and every one can be undone");
}
