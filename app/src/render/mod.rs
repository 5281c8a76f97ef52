//! Drawing the open case with wgpu inside egui.
//!
//! # Map
//! - [`install`]: makes the pipelines, once; [`ScanTextures`]: scan, mask and proposal on the device
//! - [`slice_shape`] with [`SliceFrame`]: one slice, or a slab around it, with a second scan over it; `slice.rs` drives
//!   `shaders/slice.wgsl`; [`SecondTexture`]: the second scan on the device; [`ColorMap`]: its colours
//! - [`volume_shape`] with [`VolumeFrame`]: the whole volume; `volume.rs` drives `shaders/volume.wgsl` and `shaders/blit.wgsl`,
//!   `canvas.rs` decides when the picture is drawn, [`VolumeScreen`] is its camera, `volume_uniforms.rs` tells the shaders
//! - [`draw_off_screen`]: what egui recorded as a picture of any size
//! - [`Palette`]: colours of labels
//! - `texels.rs`, `reduced.rs`, `bricks.rs`, `falls.rs`, `transfer_table.rs`, `label_textures.rs`: what the textures hold;
//!   [`ValueHistogram`]: how often values occur; `device.rs`: making them without a panic
//!
//! # Invariants
//! 1. Values on the screen are the volume's own: whole numbers spanning at most 65,535 lose nothing on their way.
//! 2. Colours are mixed gamma-encoded, as egui does; a target that encodes by itself is given linear ones.
//! 3. What the device refuses is a [`RenderError`], never a panic.
//! 4. A changed mask costs the bytes of its box, and never the time of the 3D picture.

mod bricks;
mod canvas;
mod color_map;
mod device;
mod error;
mod falls;
mod histogram;
mod label_textures;
mod off_screen;
mod pace;
mod palette;
mod passes;
mod preview;
mod reduced;
mod scan_textures;
mod second_texture;
mod slice;
#[cfg(test)]
pub(crate) mod tests;
mod texels;
mod transfer_table;
mod volume;
mod volume_screen;
mod volume_uniforms;

pub use color_map::ColorMap;
pub use device::written_bytes;
pub use error::RenderError;
pub use histogram::ValueHistogram;
pub(crate) use off_screen::draw as draw_primitives;
pub use off_screen::{OffScreen, draw_off_screen};
pub use palette::Palette;
pub use passes::install;
pub use scan_textures::ScanTextures;
pub use second_texture::SecondTexture;
pub use slice::{SecondFrame, SlabFrame, SliceFrame, slice_shape};
pub use volume::{VolumeFrame, volume_shape};
pub use volume_screen::VolumeScreen;
