//! The 3D view.

/// Bones within a veil of skin.
pub const PRESET_BONE: &str = "CT bone";
/// Muscle and organs.
pub const PRESET_SOFT_TISSUE: &str = "CT soft tissue";
/// Lungs and their vessels.
pub const PRESET_LUNG: &str = "CT lung";
/// Vessels filled with contrast.
pub const PRESET_ANGIO: &str = "CT angiography";
/// The skin and what lies right under it.
pub const PRESET_SKIN: &str = "CT skin and muscle";
/// The more light, the more solid.
pub const PRESET_MR: &str = "MR";
/// All that is not empty.
pub const PRESET_SURFACE: &str = "Outer surface";
/// Vessels, or contrast.
pub const PRESET_BRIGHT: &str = "Bright structures";
