//! Drawing the open case with wgpu inside egui.
//!
//! # Map
//! - [`install`]: makes the pipelines, once; [`ScanTextures`]: scan, mask and proposal on the device
//! - [`slice_shape`] with [`SliceFrame`]: one slice; `slice.rs` drives `shaders/slice.wgsl`
//! - [`volume_shape`] with [`VolumeFrame`]: the whole volume; `volume.rs` drives `shaders/volume.wgsl` and `shaders/blit.wgsl`,
//!   `canvas.rs` decides when the picture is drawn, [`VolumeScreen`] is its camera
//! - [`draw_off_screen`]: what egui recorded as a picture of any size
//! - [`Palette`]: colours of labels
//! - `texels.rs`, `reduced.rs`, `bricks.rs`, `label_textures.rs`: what the textures hold; `device.rs`: making them without a panic
//!
//! # Invariants
//! 1. Values on the screen are the volume's own: whole numbers spanning at most 65,535 lose nothing on their way.
//! 2. Colours are mixed gamma-encoded, as egui does; a target that encodes by itself is given linear ones.
//! 3. What the device refuses is a [`RenderError`], never a panic.
//! 4. A changed mask costs the bytes of its box, and never the time of the 3D picture.

mod bricks;
mod canvas;
mod device;
mod error;
mod label_textures;
mod off_screen;
mod pace;
mod palette;
mod passes;
mod reduced;
mod scan_textures;
mod slice;
#[cfg(test)]
mod tests;
mod texels;
mod volume;
mod volume_screen;

pub use error::RenderError;
pub use off_screen::{OffScreen, draw_off_screen};
pub use palette::Palette;
pub use passes::install;
pub use scan_textures::ScanTextures;
pub use slice::{SliceFrame, slice_shape};
pub use volume::{VolumeFrame, volume_shape};
pub use volume_screen::VolumeScreen;
