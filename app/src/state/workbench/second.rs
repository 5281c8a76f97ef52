//! The scan that lies over the open one, and planes that are turned.

use medley_volume::AnatomicalPlane;

use super::Workbench;
use crate::state::clerk::Request;
use crate::state::notices::Severity;
use crate::state::second_scan::{SecondScan, SecondSource};

impl Workbench {
    /// Reads a scan that is to lie over the open one; it comes when it has been read.
    pub fn load_second(&mut self, source: SecondSource) {
        let Some(case) = &self.case else { return };
        let grid = *case.volume.grid();
        self.second_loading = Some(source.clone());
        self.clerk.ask(Request::LoadSecond(source, grid));
    }

    /// Takes the second scan away, or no longer waits for one.
    pub fn remove_second(&mut self) {
        self.second = None;
        self.second_loading = None;
    }

    /// Shows the second scan, or leaves it out for now.
    pub fn toggle_second(&mut self) {
        if let Some(second) = &mut self.second {
            second.look.is_hidden = !second.look.is_hidden;
        }
    }

    /// Turns the other two planes about the crosshair, as seen in the view of `plane`: radians, clockwise on the screen.
    pub fn turn_planes(&mut self, plane: AnatomicalPlane, angle: f64) {
        if let Some(case) = &self.case {
            self.views.turn_in(case.volume.grid(), plane, angle);
        }
    }

    /// Puts all planes back along the scan's own axes.
    pub fn straighten_planes(&mut self) {
        if let Some(case) = &self.case {
            self.views.straighten(case.volume.grid());
        }
    }

    pub(super) fn take_second(&mut self, mut second: SecondScan) {
        // It may have been read for a case that is no longer open, or for nobody.
        if self.second_loading.take_if(|waited| *waited == second.source).is_none() {
            return;
        }
        // Another one of the same kind is looked at as the last one was.
        if let Some(before) = self.second.as_ref().filter(|before| before.volume.quantity() == second.volume.quantity()) {
            second.look.map = before.look.map;
            second.look.opacity = before.look.opacity;
            second.look.blend = before.look.blend;
        }
        // Another device may have taken the place of that on which it was put.
        if let Some((device, _)) = &self.gpu
            && second.texture.as_ref().is_some_and(|texture| !texture.is_on(device))
        {
            second.texture = None;
            self.clerk.ask(Request::ShowSecond(std::sync::Arc::clone(&second.volume)));
        }
        self.second = Some(second);
    }

    pub(super) fn fail_second(&mut self, sentence: String) {
        self.second_loading = None;
        self.notices.push(Severity::Error, sentence);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use medley_io::StoredGeometry;
    use medley_volume::glam::{DAffine3, DVec3};
    use medley_volume::{Grid, Quantity, Ras, Scaling, Volume, Voxels};

    use super::*;
    use crate::render::tests::easel::Easel;
    use crate::sample::{SECOND, unpack_study};
    use crate::state::clerk::Gpu;
    use crate::state::workbench::OpenFirst;
    use crate::texts::slices;

    /// A window's state without a window, on the sample study.
    fn workbench(folder: &Path, gpu: Option<Gpu>) -> Workbench {
        drop(unpack_study(folder).expect("unpacked"));
        let thread = std::thread::current();
        let wake = Arc::new(move || thread.unpark());
        let mut workbench = Workbench::new(gpu, &OpenFirst::Path(folder.to_owned()), wake).expect("threads");
        wait(&mut workbench, |workbench| workbench.case.is_some());
        workbench
    }

    fn wait(workbench: &mut Workbench, is_there: impl Fn(&Workbench) -> bool) {
        let begin = Instant::now();
        while !is_there(workbench) {
            workbench.poll();
            std::thread::park_timeout(Duration::from_millis(50));
            assert!(begin.elapsed() < Duration::from_secs(120), "it does not come: {:?}", told(workbench));
        }
    }

    fn told(workbench: &Workbench) -> Vec<String> {
        workbench.notices.shown().iter().map(|notice| notice.text.clone()).collect()
    }

    /// A scan of one value, 10 mm to a side, around a place.
    fn write_scan(path: &Path, around: Ras, value: i16) {
        let affine = DAffine3::from_translation(around.0 - 4.5) * DAffine3::from_scale(DVec3::ONE);
        let grid = Grid::new([10; 3], affine).expect("a usable affine");
        let volume = Volume::new(grid, Voxels::I16(vec![value; grid.len()]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        medley_io::write_volume(path, &volume, &StoredGeometry::of_grid(&grid)).expect("written");
    }

    #[test]
    fn a_second_scan_comes_from_a_case_or_a_file_and_what_fails_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = Easel::new().state;
        let mut workbench = workbench(&folder.path().join("study"), Some((state.device, state.queue)));
        let other = workbench.study.iter().flat_map(|study| &study.cases).find(|case| case.name == SECOND.name).expect("a case").id;
        workbench.load_second(SecondSource::Case(other));
        wait(&mut workbench, |workbench| workbench.second.is_some());
        assert_eq!(workbench.second.as_ref().map(|second| second.name.as_str()), Some(SECOND.name));

        let crosshair = workbench.views.crosshair;
        let path = folder.path().join("pet.nii.gz");
        write_scan(&path, crosshair, 321);
        workbench.load_second(SecondSource::File(path.clone()));
        wait(&mut workbench, |workbench| workbench.second_loading.is_none());
        let second = workbench.second.as_ref().expect("a second scan");
        assert_eq!((second.name.as_str(), second.value_at(crosshair)), ("pet", Some(321.0)));
        assert_eq!(second.value_at(Ras(crosshair.0 + 200.0)), None);

        workbench.load_second(SecondSource::File(folder.path().join("nowhere.nii.gz")));
        wait(&mut workbench, |workbench| workbench.second_loading.is_none());
        assert!(told(&workbench).iter().any(|sentence| sentence.contains("nowhere.nii.gz")), "{:?}", told(&workbench));
        assert_eq!(workbench.second.as_ref().map(|second| second.name.as_str()), Some("pet"), "the last one stays");

        let far = folder.path().join("far.nii.gz");
        write_scan(&far, Ras(crosshair.0 + 5000.0), 1);
        workbench.load_second(SecondSource::File(far));
        wait(&mut workbench, |workbench| workbench.second_loading.is_none());
        assert!(told(&workbench).contains(&slices::second_lies_elsewhere("far")), "{:?}", told(&workbench));

        workbench.load_second(SecondSource::File(path));
        workbench.remove_second();
        workbench.load_case(other);
        wait(&mut workbench, |workbench| workbench.case.as_ref().is_some_and(|case| case.id == other));
        assert!(workbench.second.is_none(), "a scan that nobody waits for, or of another case, lies over this one");
    }

    #[test]
    fn without_a_device_a_sentence_says_why() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut workbench = workbench(&folder.path().join("study"), None);
        let case = workbench.case.as_ref().expect("open").id;
        workbench.load_second(SecondSource::Case(case));
        wait(&mut workbench, |workbench| workbench.second_loading.is_none());
        assert_eq!(told(&workbench), [slices::NO_DEVICE]);
    }
}
