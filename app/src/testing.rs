//! A window's state without a window, for tests.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_learn::task::FoundBox;

use crate::sample::unpack_study;
use crate::state::workbench::{OpenFirst, Workbench};

/// Wakes this thread when there is something new, as it would wake a window.
fn waker() -> Arc<dyn Fn() + Send + Sync> {
    let thread = std::thread::current();
    Arc::new(move || thread.unpark())
}

/// Nothing is open.
pub fn empty_workbench() -> Workbench {
    Workbench::new(None, &OpenFirst::Nothing, waker()).expect("threads")
}

/// The sample study is open, and its first case; the folder goes with the last value.
pub fn sample_workbench() -> (Workbench, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let study = folder.path().join("study");
    (open(&study), folder)
}

fn open(study: &Path) -> Workbench {
    drop(unpack_study(study).expect("unpacked"));
    let mut workbench = Workbench::new(None, &OpenFirst::Path(study.to_owned()), waker()).expect("threads");
    wait(&mut workbench, |workbench| workbench.case.is_some());
    workbench
}

/// Takes in what arrives until it is so.
pub fn wait(workbench: &mut Workbench, is_so: impl Fn(&Workbench) -> bool) {
    let begin = Instant::now();
    while !is_so(workbench) {
        workbench.poll();
        std::thread::park_timeout(Duration::from_millis(50));
        let told: Vec<String> = workbench.notices.shown().iter().map(|notice| notice.text.clone()).collect();
        assert!(begin.elapsed() < Duration::from_secs(300), "it does not come: {told:?}");
    }
}

/// A nodule, as a model of boxes finds one.
pub fn found_box() -> FoundBox {
    FoundBox {
        label: 1,
        class: "nodule".to_owned(),
        score: 0.5,
        voxel_low: [0.0; 3],
        voxel_high: [1.0; 3],
        ras_low_mm: [-10.0, 20.0, 300.0],
        ras_high_mm: [-5.0, 40.0, 310.0],
    }
}
