//! Two cases, or a mask and a proposal for it, looked at together.
//!
//! # Map
//! - this file: what is compared with what, and how; `linked`: one side goes where the other one is

mod linked;
#[cfg(test)]
mod tests;

use medley_project::CaseId;
use medley_volume::Grid;
use medley_volume::glam::{DVec2, DVec3};

use super::layout::{Layout, LayoutKind};
use super::view::Views;

pub use linked::carry;

/// What stands beside the open case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Another open case.
    Case(CaseId),
    /// The same case once more, with the proposal in place of its mask.
    Proposal,
}

/// How two sides share the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareMode {
    /// Next to each other.
    SideBySide,
    /// One over the other, parted by a line that can be dragged.
    Curtain,
    /// By turns in the same place.
    Flicker,
}

impl CompareMode {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 3] = [Self::SideBySide, Self::Curtain, Self::Flicker];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::SideBySide => Self::Curtain,
            Self::Curtain => Self::Flicker,
            Self::Flicker => Self::SideBySide,
        }
    }
}

/// A comparison that is under way. Tools work on the open case only; the other side is looked at.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// What stands beside the open case.
    pub other: Other,
    /// The open case is on the left (or on top, or under the curtain's left).
    pub is_open_first: bool,
    /// How the sides share the window.
    pub mode: CompareMode,
    /// Where the curtain hangs, as a part of the width.
    pub curtain: f32,
    /// One side goes where the other one is.
    pub is_linked: bool,
    /// Both show values in the same window.
    pub is_window_linked: bool,
    /// From a place of the open case to the same one of the other, in mm RAS.
    pub offset_mm: DVec3,
    /// The views of each side.
    pub layout: Layout,
    /// How the proposal is looked at, where it is the other side.
    pub views: Views,
    /// The main button went down over the other side and is not up again.
    pub is_other_pressed: bool,
    followed: Option<Followed>,
}

/// How both sides stood when one last followed the other.
#[derive(Debug, Clone, PartialEq)]
struct Followed {
    open: Stand,
    other: Stand,
    sizes: [DVec2; 3],
}

/// All of the views that is linked.
#[derive(Debug, Clone, PartialEq)]
struct Stand {
    crosshair: DVec3,
    cameras: [super::slice_geometry::SliceCamera; 3],
    volume_camera: super::view::VolumeCamera,
    window: super::window_level::WindowLevel,
}

impl Stand {
    fn of(views: &Views) -> Self {
        Self { crosshair: views.crosshair.0, cameras: views.cameras, volume_camera: views.volume_camera, window: views.window }
    }
}

impl Comparison {
    /// The open case on the left, `other` on the right.
    #[must_use]
    pub fn with(other: Other, views: Views, offset_mm: DVec3, is_window_linked: bool) -> Self {
        Self {
            other,
            is_open_first: true,
            mode: CompareMode::SideBySide,
            curtain: 0.5,
            is_linked: true,
            is_window_linked,
            offset_mm,
            layout: Layout::of(LayoutKind::Single),
            views,
            is_other_pressed: false,
            followed: None,
        }
    }

    /// Lets the side that was moved since the last time lead the other one; the open case leads at first. `sizes` are those of
    /// the axial, sagittal and coronal view in points, the same on both sides. Returns whether the open case was moved.
    pub fn follow(&mut self, open: (&Grid, &mut Views), other: (&Grid, &mut Views), sizes: [DVec2; 3]) -> bool {
        if !self.is_linked {
            self.followed = None;
            return false;
        }
        let (open_grid, open) = open;
        let (other_grid, other) = other;
        let now = Followed { open: Stand::of(open), other: Stand::of(other), sizes };
        let before = self.followed.as_ref();
        if before == Some(&now) {
            return false;
        }
        // Only what was moved leads: to and fro on grids that stand askew to each other would wander.
        let other_leads = before.is_some_and(|before| before.open == now.open && before.other != now.other && before.sizes == now.sizes);
        if other_leads {
            carry((other_grid, other), (open_grid, open), -self.offset_mm, sizes);
            if self.is_window_linked {
                open.window = other.window;
            }
        } else {
            carry((open_grid, open), (other_grid, other), self.offset_mm, sizes);
            if self.is_window_linked {
                other.window = open.window;
            }
        }
        self.followed = Some(Followed { open: Stand::of(open), other: Stand::of(other), sizes });
        other_leads
    }

    /// Another case became the open one: the same place of the other side lies elsewhere from it, and it leads at first.
    pub fn realign(&mut self, offset_mm: DVec3) {
        self.offset_mm = offset_mm;
        self.followed = None;
    }

    /// Takes both crosshairs as the same place from now on.
    pub fn link_here(&mut self, open: &Views, other: &Views) {
        self.offset_mm = other.crosshair.0 - open.crosshair.0;
        self.link();
    }

    /// Takes equal coordinates as the same place from now on.
    pub fn link_by_coordinates(&mut self) {
        self.offset_mm = DVec3::ZERO;
        self.link();
    }

    /// Links or unlinks the sides; the open case leads at first.
    pub fn toggle_link(&mut self) {
        self.is_linked = !self.is_linked;
        self.followed = None;
    }

    /// Shows both sides in the open one's window of values, or each in its own.
    pub fn toggle_window_link(&mut self) {
        self.is_window_linked = !self.is_window_linked;
        self.followed = None;
    }

    /// The other side becomes the open one: everything stays where it is on the screen.
    pub fn turn_round(&mut self, left: CaseId) {
        self.other = Other::Case(left);
        self.is_open_first = !self.is_open_first;
        self.offset_mm = -self.offset_mm;
        self.followed = None;
    }

    fn link(&mut self) {
        self.is_linked = true;
        self.followed = None;
    }
}

/// From a place of one scan to the same one of another, as far as their coordinates tell: none, if they overlap or lie next to
/// each other, as scans of one sitting do; else from one's middle to the other's.
#[must_use]
pub fn usual_offset(open: &Grid, other: &Grid) -> DVec3 {
    let (a, b) = (box_of(open), box_of(other));
    // The next scan of a sitting begins a slice further.
    let slice = open.spacing().into_iter().chain(other.spacing()).fold(0.0, f64::max);
    let meet = a[0].cmple(b[1] + slice).all() && b[0].cmple(a[1] + slice).all();
    if meet { DVec3::ZERO } else { other.center().0 - open.center().0 }
}

/// The smallest and largest coordinates of a grid in mm RAS, from outer face to outer face.
fn box_of(grid: &Grid) -> [DVec3; 2] {
    let shape = grid.shape();
    let corner = |n: usize| {
        let voxel = std::array::from_fn(|axis| if n >> axis & 1 == 0 { -0.5 } else { shape[axis] as f64 - 0.5 });
        grid.ras_from_voxel().transform_point3(DVec3::from_array(voxel))
    };
    let corners: [DVec3; 8] = std::array::from_fn(corner);
    [corners.into_iter().fold(corners[0], DVec3::min), corners.into_iter().fold(corners[0], DVec3::max)]
}
