//! Asking the device for something without a panic when it says no.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use eframe::wgpu;
use wgpu::{Device, Error, ErrorFilter};

use super::RenderError;

/// Runs `make`, which asks the device for `what` of `bytes`, and turns what the device objects to into an error.
///
/// # Errors
/// [`RenderError::OutOfMemory`] or [`RenderError::Refused`].
pub(crate) fn asking<T>(device: &Device, what: &'static str, bytes: u64, make: impl FnOnce() -> T) -> Result<T, RenderError> {
    let scopes = [ErrorFilter::OutOfMemory, ErrorFilter::Internal, ErrorFilter::Validation].map(|kind| device.push_error_scope(kind));
    let made = make();
    let mut objection = None;
    // Scopes are popped in the reverse order of pushing.
    for scope in scopes.into_iter().rev() {
        objection = pollster::block_on(scope.pop()).or(objection);
    }
    match objection {
        None => Ok(made),
        Some(Error::OutOfMemory { .. }) => Err(RenderError::OutOfMemory { what, megabytes: bytes.div_ceil(1_000_000) }),
        Some(other) => Err(RenderError::Refused { what, reason: other.to_string() }),
    }
}

/// Lets the device tidy up what has arrived. One that is lost says so to whoever draws next.
pub(crate) fn tidy(device: &Device) {
    let _ = poll(device, wgpu::PollType::Poll);
}

/// Waits until the device has done everything it was given.
///
/// # Errors
/// [`RenderError::Lost`].
pub(crate) fn wait(device: &Device) -> Result<(), RenderError> {
    poll(device, wgpu::PollType::wait_indefinitely())
}

/// wgpu panics where it polls a device whose driver is gone.
fn poll(device: &Device, how: wgpu::PollType) -> Result<(), RenderError> {
    match catch_unwind(AssertUnwindSafe(|| device.poll(how))) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(RenderError::Lost),
    }
}

/// Fails if a 3D texture of `shape` is longer than the device allows.
///
/// # Errors
/// [`RenderError::TooLong`].
pub(crate) fn require_fits(device: &Device, shape: [usize; 3]) -> Result<(), RenderError> {
    let limit = device.limits().max_texture_dimension_3d as usize;
    for (axis, &voxels) in ['i', 'j', 'k'].into_iter().zip(&shape) {
        if voxels > limit {
            return Err(RenderError::TooLong { axis, voxels, limit });
        }
    }
    Ok(())
}

/// A 3D texture that shaders read and the queue writes.
pub(crate) fn texture_3d(device: &Device, label: &str, shape: [usize; 3], format: wgpu::TextureFormat) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size: extent(shape),
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D3,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    })
}

/// Writes `bytes`, `i` fastest, into the box of `shape` texels at `low`.
pub(crate) fn write_box(queue: &wgpu::Queue, texture: &wgpu::Texture, low: [usize; 3], shape: [usize; 3], bytes: &[u8]) {
    let [x, y, z] = low.map(|at| at as u32);
    let into = wgpu::TexelCopyTextureInfo { origin: wgpu::Origin3d { x, y, z }, ..texture.as_image_copy() };
    let rows = (shape[1] * shape[2]).max(1);
    let layout =
        wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some((bytes.len() / rows) as u32), rows_per_image: Some(shape[1] as u32) };
    queue.write_texture(into, bytes, layout, extent(shape));
    count(bytes);
}

/// Writes the start of a buffer.
pub(crate) fn write_buffer(queue: &wgpu::Queue, buffer: &wgpu::Buffer, bytes: &[u8]) {
    queue.write_buffer(buffer, 0, bytes);
    count(bytes);
}

static WRITTEN: AtomicU64 = AtomicU64::new(0);

fn count(bytes: &[u8]) {
    WRITTEN.fetch_add(bytes.len() as u64, Ordering::Relaxed);
}

/// Bytes of voxels, tables and uniforms given to devices since the program began; what egui writes is not among them.
#[must_use]
pub fn written_bytes() -> u64 {
    WRITTEN.load(Ordering::Relaxed)
}

fn extent(shape: [usize; 3]) -> wgpu::Extent3d {
    let [width, height, depth_or_array_layers] = shape.map(|voxels| voxels as u32);
    wgpu::Extent3d { width, height, depth_or_array_layers }
}
