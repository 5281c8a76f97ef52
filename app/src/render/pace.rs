use eframe::wgpu::DeviceType;

/// How many pixels of the 3D view a device may march through in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Of the draft shown while the view turns.
    pub(crate) draft_pixels: u32,
    /// Of the sharp picture that follows, which is drawn over several frames.
    pub(crate) sharp_pixels: u32,
    /// How many voxels around one the normal of a label's surface looks.
    pub(crate) label_reach: i32,
    /// The most voxels along an axis of the reduced scan.
    pub(crate) longest: usize,
}

impl Pace {
    /// The pace of a kind of device.
    pub(crate) fn of(kind: DeviceType) -> Self {
        match kind {
            DeviceType::Cpu => Self { draft_pixels: 24_000, sharp_pixels: 12_000, label_reach: 2, longest: 160 },
            DeviceType::IntegratedGpu | DeviceType::Other => {
                Self { draft_pixels: 400_000, sharp_pixels: 800_000, label_reach: 3, longest: 192 }
            }
            DeviceType::DiscreteGpu | DeviceType::VirtualGpu => {
                Self { draft_pixels: u32::MAX, sharp_pixels: u32::MAX, label_reach: 3, longest: 256 }
            }
        }
    }
}
