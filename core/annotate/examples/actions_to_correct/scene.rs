//! What is to be corrected, and what the simulated person knows.

use medley_volume::distance::depth_mm_squared;
use medley_volume::{IndexBox, LabelMap, Volume, VolumeError};

use crate::frame::Frame;
use crate::gesture::Aim;

/// Voxels around the organ and its proposal that the person looks at.
const AROUND: usize = 16;

/// A scan, a proposal and the truth of one label.
pub struct Scene {
    pub scan: Volume,
    pub proposal: LabelMap,
    pub label: u16,
    /// The part of the scan that is looked at.
    pub frame: Frame,
    /// For each voxel of the scan whether it belongs to the organ.
    pub truth: Vec<bool>,
    /// The same for each cell of the frame.
    pub wanted: Vec<bool>,
    room: [Room; 2],
}

/// Squared distances, mm², to the nearest place where a brush would do harm.
struct Room {
    in_slice: Vec<f32>,
    in_space: Vec<f32>,
}

impl Scene {
    /// # Errors
    /// If the three do not lie on one grid, or the label is in neither mask.
    pub fn new(scan: Volume, proposal: LabelMap, truth: &LabelMap, label: u16) -> Result<Self, Box<dyn std::error::Error>> {
        scan.grid().require_same(proposal.grid())?;
        scan.grid().require_same(truth.grid())?;
        let bounds = [&proposal, truth].into_iter().filter_map(|mask| bounds_of(mask, label)).reduce(|a, b| a.union(&b));
        let bounds = bounds.ok_or_else(|| format!("label {label} is neither in the proposal nor in the truth"))?;
        let shape = scan.grid().shape();
        let region = IndexBox {
            low: bounds.low.map(|low| low.saturating_sub(AROUND)),
            high: std::array::from_fn(|axis| (bounds.high[axis] + AROUND).min(shape[axis])),
        };
        let frame = Frame::new(proposal.grid(), &region);
        let truth: Vec<bool> = (0..truth.len()).map(|offset| truth.at(offset) == label).collect();
        let wanted: Vec<bool> = (0..frame.len()).map(|place| truth[frame.offset(place)]).collect();
        let unwanted: Vec<bool> = wanted.iter().map(|is_wanted| !is_wanted).collect();
        let room = [Room::new(&frame, &wanted)?, Room::new(&frame, &unwanted)?];
        Ok(Self { scan, proposal, label, frame, truth, wanted, room })
    }

    /// How well a mask fits the truth, by its definition.
    pub fn dice(&self, mask: &LabelMap) -> f64 {
        let held = |offset: usize| mask.at(offset) == self.label;
        let voxels = |is_counted: &dyn Fn(usize) -> bool| (0..mask.len()).filter(|&offset| is_counted(offset)).count() as f64;
        let both = voxels(&|offset| held(offset) && self.truth[offset]);
        2.0 * both / (voxels(&held) + voxels(&|offset| self.truth[offset]))
    }

    /// Where a brush has room: adding, it may go over the organ; erasing, over all else.
    pub fn room(&self, aim: Aim, is_ball: bool) -> &[f32] {
        let room = &self.room[usize::from(aim == Aim::Erase)];
        if is_ball { &room.in_space } else { &room.in_slice }
    }
}

impl Room {
    fn new(frame: &Frame, allowed: &[bool]) -> Result<Self, VolumeError> {
        let slice = frame.distances_grid(1)?;
        let in_slice = (0..frame.size[2]).flat_map(|n| depth_mm_squared(&slice, &allowed[frame.slice_places(n)])).collect();
        Ok(Self { in_slice, in_space: depth_mm_squared(&frame.distances_grid(frame.size[2])?, allowed) })
    }
}

/// The smallest box around a label.
fn bounds_of(mask: &LabelMap, label: u16) -> Option<IndexBox> {
    let shape = mask.grid().shape();
    let voxel = |offset: usize| [offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]];
    let mut found: Option<IndexBox> = None;
    for voxel in (0..mask.len()).filter(|&offset| mask.at(offset) == label).map(voxel) {
        let here = IndexBox { low: voxel, high: voxel.map(|v| v + 1) };
        found = Some(found.map_or(here, |found| found.union(&here)));
    }
    found
}
