use eframe::wgpu;
use medley_volume::{Grid, IndexBox, LabelMap};

use super::super::device::asking;
use super::super::pace::Pace;
use super::super::passes::Passes;
use super::super::{RenderError, ScanTextures};
use super::easel::{Easel, volume};

#[test]
fn the_device_accepts_every_shader_for_every_kind_of_screen() {
    let easel = Easel::new();
    let pace = Pace::of(wgpu::DeviceType::Cpu);
    for format in [wgpu::TextureFormat::Bgra8Unorm, wgpu::TextureFormat::Rgba8Unorm, wgpu::TextureFormat::Bgra8UnormSrgb] {
        let device = &easel.state.device;
        let made = asking(device, "the shaders", 0, || {
            let mut passes = Passes::new(device, format, pace);
            (0..32).for_each(|flags| passes.slice.require(device, flags));
            [0, 4, 1, 5, 6, 14, 16, 20, 32, 36, 8, 12].into_iter().for_each(|flags| passes.volume.require(device, flags));
        });
        assert_eq!(made, Ok(()));
    }
}

#[test]
fn a_scan_longer_than_a_texture_is_refused_in_a_sentence() {
    let easel = Easel::new();
    let limit = easel.state.device.limits().max_texture_dimension_3d as usize;
    let grid = Grid::axis_aligned([1, limit + 1, 1], [1.0; 3]).expect("a grid");
    let refused = ScanTextures::upload(&easel.state.device, &easel.state.queue, &volume(grid, |_| 0)).err();
    assert_eq!(refused, Some(RenderError::TooLong { axis: 'j', voxels: limit + 1, limit }));
    let sentence = refused.map(|error| error.to_string()).unwrap_or_default();
    assert!(sentence.contains("along axis j") && sentence.contains("resample"), "{sentence}");
}

#[test]
fn what_the_device_objects_to_is_an_error_and_the_device_goes_on() {
    let easel = Easel::new();
    let device = &easel.state.device;
    let refused =
        asking(device, "the scan", 1, || super::super::device::texture_3d(device, "nothing", [0, 1, 1], wgpu::TextureFormat::R8Uint));
    assert!(matches!(refused, Err(RenderError::Refused { what: "the scan", .. })), "{refused:?}");
    let grid = Grid::axis_aligned([3, 3, 3], [1.0; 3]).expect("a grid");
    easel.upload(&volume(grid, |_| 0));
}

#[test]
fn a_mask_of_another_shape_is_not_shown_and_says_so() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([4, 4, 4], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |_| 0));
    let other = LabelMap::empty(Grid::axis_aligned([4, 4, 5], [1.0; 3]).expect("a grid"));
    scan.write_mask(&easel.state.queue, &other, IndexBox::whole([4, 4, 5]));
    let failure = scan.take_failure();
    assert_eq!(failure, Some(RenderError::Shape { what: "the mask", expected: [4, 4, 4], found: [4, 4, 5] }));
    assert_eq!(scan.take_failure(), None);
    scan.write_proposal(&easel.state.queue, Some(&other));
    assert!(matches!(scan.take_failure(), Some(RenderError::Shape { what: "the proposal", .. })));
}
