//! What a tool would do, beside the mask on the device: a copy of the mask in which only the changed box is written.

use eframe::wgpu;
use medley_annotate::Edit;
use medley_volume::LabelMap;
use wgpu::{Device, Queue};

use super::RenderError;
use super::label_textures::LabelTexture;

/// The mask on the device with an Edit done to it. Costs the bytes of the Edit's box, and a copy on the device; not for the
/// window's thread.
///
/// # Errors
/// If the device has no room.
pub(crate) fn preview_texture(
    device: &Device,
    queue: &Queue,
    on_device: &LabelTexture,
    mask: &LabelMap,
    edit: &Edit,
) -> Result<LabelTexture, RenderError> {
    const WHAT: &str = "the preview";
    let is_wide = edit.after.iter().any(|(_, label)| label > u16::from(u8::MAX));
    if is_wide && !on_device.is_wide() {
        let mut whole = mask.clone();
        whole.set_region(&edit.region, &edit.after.unpack());
        return LabelTexture::of(device, queue, WHAT, &whole);
    }
    let texture = LabelTexture::new(device, WHAT, mask.grid().shape(), on_device.is_wide())?;
    on_device.copy_to(&texture, device, queue);
    texture.write_runs(device, queue, WHAT, &edit.region, edit.after.iter())?;
    Ok(texture)
}

/// Whether an Edit lies within a grid of `shape` and fills its box.
pub(crate) fn fits(edit: &Edit, shape: [usize; 3]) -> bool {
    edit.region.fits(shape) && !edit.region.is_empty() && edit.after.len() == edit.region.len()
}
