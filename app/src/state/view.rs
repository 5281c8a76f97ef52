//! How the open case is looked at. None of it changes the case.

use std::f64::consts::FRAC_PI_2;

use medley_volume::glam::{DQuat, DVec3};
use medley_volume::{AnatomicalPlane, Ras};

use super::slab::Slabs;
use super::slice_geometry::{Convention, SliceCamera};
use super::volume_look::VolumeLook;
use super::window_level::WindowLevel;
use crate::texts;

/// One of the four views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewKind {
    /// Slices across the body.
    Axial,
    /// Slices from front to back.
    Sagittal,
    /// Slices from ear to ear.
    Coronal,
    /// The whole volume from outside.
    Volume,
}

impl ViewKind {
    /// All four, in the order of the 2×2 layout: top left, top right, bottom left, bottom right.
    pub const ALL: [Self; 4] = [Self::Axial, Self::Sagittal, Self::Coronal, Self::Volume];

    /// Its accessible label, by which a test or a screen reader finds it.
    #[must_use]
    pub fn label(self) -> &'static str {
        texts::views::view(self)
    }

    /// The plane of its slices; none for the volume.
    #[must_use]
    pub fn plane(self) -> Option<AnatomicalPlane> {
        match self {
            Self::Axial => Some(AnatomicalPlane::Axial),
            Self::Sagittal => Some(AnatomicalPlane::Sagittal),
            Self::Coronal => Some(AnatomicalPlane::Coronal),
            Self::Volume => None,
        }
    }
}

/// How the 3D view turns voxels into light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VolumeMode {
    /// The scan by its transfer function, labels as surfaces within it.
    Rendering,
    /// The brightest value along each ray.
    MaximumIntensity,
    /// The mean value along each ray.
    MeanIntensity,
    /// The darkest value along each ray.
    MinimumIntensity,
    /// Labels only.
    Surfaces,
}

impl VolumeMode {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 5] = [Self::Rendering, Self::MaximumIntensity, Self::MeanIntensity, Self::MinimumIntensity, Self::Surfaces];

    /// Its name as a person reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        texts::views::volume_mode(self)
    }
}

/// From where the 3D view looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VolumeCamera {
    /// Turn about the patient's long axis in radians; 0 looks from the front.
    pub yaw: f64,
    /// Height of the eye in radians; 0 is level.
    pub pitch: f64,
    /// 1 shows the whole volume.
    pub zoom: f64,
}

impl Default for VolumeCamera {
    fn default() -> Self {
        Self { yaw: 0.45, pitch: 0.2, zoom: 1.0 }
    }
}

impl VolumeCamera {
    /// Turns the patient by radians: to the right, and downwards as far as straight from above or below.
    pub fn turn(&mut self, right: f64, down: f64) {
        self.yaw += right;
        self.pitch = (self.pitch + down).clamp(-FRAC_PI_2, FRAC_PI_2);
    }

    /// Turns the patient about the long axis as two fingers turn it that lie on it, clockwise by radians: seen from above and from below
    /// the picture follows them.
    pub fn twist(&mut self, clockwise: f64) {
        self.yaw -= clockwise * self.pitch.signum();
    }

    /// The directions on the screen in RAS: to the right, down, and away from the eye.
    #[must_use]
    pub fn directions(self) -> [DVec3; 3] {
        let (sin_yaw, cos_yaw) = self.yaw.sin_cos();
        let (sin_pitch, cos_pitch) = self.pitch.sin_cos();
        let away = DVec3::new(-sin_yaw * cos_pitch, -cos_yaw * cos_pitch, -sin_pitch);
        let right = DVec3::new(-cos_yaw, sin_yaw, 0.0);
        [right, away.cross(right), away]
    }
}

/// How labels lie over the scan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlay {
    /// Of the fill, 0 … 1.
    pub opacity: f32,
    /// Only the outline is drawn.
    pub is_outline: bool,
    /// Hidden for as long as a key is held.
    pub is_hidden: bool,
}

/// Which labels of a case are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The mask, and how a proposal differs from it.
    Everything,
    /// The mask alone.
    Mask,
    /// The proposal in place of the mask.
    Proposal,
}

/// Everything about the views.
#[derive(Debug, Clone)]
pub struct Views {
    /// Which side of a comparison they are: 0 that of the open case, 1 the other. Both are on the screen at the same time.
    pub side: usize,
    /// Which labels they show.
    pub subject: Subject,
    /// Cameras of the axial, sagittal and coronal view.
    pub cameras: [SliceCamera; 3],
    /// From where the 3D view looks.
    pub volume_camera: VolumeCamera,
    /// How the 3D view draws.
    pub volume_mode: VolumeMode,
    /// What the 3D view shows of the scan and its labels.
    pub volume_look: VolumeLook,
    /// The view that fills the window, if one does.
    pub maximised: Option<ViewKind>,
    /// Which side is left.
    pub convention: Convention,
    /// The place all views go through.
    pub crosshair: Ras,
    /// How the three planes are turned about it, out of the scan's own.
    pub turn: DQuat,
    /// What is drawn of the millimetres around each slice.
    pub slabs: Slabs,
    /// Slices are linear between voxels, not the nearest one.
    pub is_interpolated: bool,
    /// Which values are black and white.
    pub window: WindowLevel,
    /// How labels lie over the scan.
    pub overlay: Overlay,
    /// Where the pointer is in the patient, while it is over a slice.
    pub pointer: Option<Ras>,
}

impl Default for Views {
    fn default() -> Self {
        Self {
            side: 0,
            subject: Subject::Everything,
            cameras: [SliceCamera::default(); 3],
            volume_camera: VolumeCamera::default(),
            volume_mode: VolumeMode::Rendering,
            volume_look: VolumeLook::default(),
            maximised: None,
            convention: Convention::Radiological,
            crosshair: Ras(DVec3::ZERO),
            turn: DQuat::IDENTITY,
            slabs: Slabs::default(),
            is_interpolated: true,
            window: WindowLevel { width: 400.0, level: 40.0 },
            overlay: Overlay { opacity: 0.45, is_outline: false, is_hidden: false },
            pointer: None,
        }
    }
}

impl Views {
    /// All cameras as they were when the case was opened, and all planes straight.
    pub fn reset_cameras(&mut self) {
        self.turn = DQuat::IDENTITY;
        self.cameras = [SliceCamera::default(); 3];
        self.volume_camera = VolumeCamera::default();
    }

    /// Takes over what a person sets for the window and not for one case: which side is left, how labels and the 3D view are
    /// drawn, and whether one view fills the window.
    pub fn take_settings_of(&mut self, other: &Self) {
        self.volume_mode = other.volume_mode;
        self.maximised = other.maximised;
        self.convention = other.convention;
        self.overlay = other.overlay;
        self.volume_look.transfers.clone_from(&other.volume_look.transfers);
        self.pointer = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_front_the_patients_left_is_on_the_right_and_the_head_on_top() {
        let [right, down, away] = VolumeCamera { yaw: 0.0, pitch: 0.0, zoom: 1.0 }.directions();
        assert!((right - DVec3::NEG_X).length() < 1e-12);
        assert!((down - DVec3::NEG_Z).length() < 1e-12);
        assert!((away - DVec3::NEG_Y).length() < 1e-12);
    }

    #[test]
    fn a_twist_turns_the_picture_the_same_way_seen_from_above_and_from_below() {
        for pitch in [FRAC_PI_2, -FRAC_PI_2] {
            let mut camera = VolumeCamera { yaw: 0.3, pitch, zoom: 1.0 };
            let [on_the_right, ..] = camera.directions();
            camera.twist(0.1);
            let [right, down, _] = camera.directions();
            assert!(on_the_right.dot(right) > 0.99 && on_the_right.dot(down) > 0.09, "clockwise goes from the right to below");
        }
    }

    #[test]
    fn directions_stay_square_to_each_other() {
        let [right, down, away] = VolumeCamera { yaw: 1.1, pitch: -0.6, zoom: 1.0 }.directions();
        assert!(right.dot(down).abs() < 1e-12 && right.dot(away).abs() < 1e-12 && down.dot(away).abs() < 1e-12);
        assert!((right.length() - 1.0).abs() < 1e-12 && (down.length() - 1.0).abs() < 1e-12);
    }
}
