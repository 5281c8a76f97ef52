use std::collections::BTreeMap;
use std::sync::OnceLock;

use eframe::wgpu;
use medley_volume::{Label, LabelTable};

/// The side of the palette's texture: 256 × 256 colours, one for each label value.
const SIDE: u32 = 256;

/// The colour of every label value; a hidden label is transparent, and so is background. A label the table does not know has
/// the colour it would get if it were put in.
#[derive(Debug)]
pub struct Palette {
    colors: Vec<[u8; 4]>,
    group: OnceLock<wgpu::BindGroup>,
}

impl Palette {
    /// The palette of a label table.
    #[must_use]
    pub fn of(table: &LabelTable) -> Self {
        Self::with(table, |label| label.color)
    }

    /// The palette of a label table in colours that colour-blind readers tell apart, whatever the labels' own are.
    #[must_use]
    pub fn safe(table: &LabelTable) -> Self {
        Self::with(table, |label| LabelTable::palette(label.value))
    }

    fn with(table: &LabelTable, color: impl Fn(&Label) -> [u8; 3]) -> Self {
        let opaque = |[r, g, b]: [u8; 3]| [r, g, b, 255];
        let mut colors: Vec<[u8; 4]> = (0..=u16::MAX).map(|value| opaque(LabelTable::palette(value))).collect();
        colors[0] = [0; 4];
        for label in table.labels() {
            let [r, g, b] = color(label);
            colors[usize::from(label.value)] = [r, g, b, if label.is_visible { 255 } else { 0 }];
        }
        Self { colors, group: OnceLock::new() }
    }

    /// The same colours, but with labels of other opacities (0 … 1) than 1. Hidden ones stay hidden.
    #[must_use]
    pub fn with_opacities(&self, opacities: &BTreeMap<u16, f32>) -> Self {
        let mut colors = self.colors.clone();
        for (&label, opacity) in opacities {
            let [.., alpha] = &mut colors[usize::from(label)];
            *alpha = (f32::from(*alpha) * opacity.clamp(0.0, 1.0)).round() as u8;
        }
        Self { colors, group: OnceLock::new() }
    }

    /// Red, green, blue and 255, or 0 for what is not drawn.
    #[must_use]
    pub fn color(&self, label: u16) -> [u8; 4] {
        self.colors[usize::from(label)]
    }

    /// The palette as the shaders bind it; written to the device the first time it is asked for.
    pub(crate) fn group(&self, device: &wgpu::Device, queue: &wgpu::Queue, layout: &wgpu::BindGroupLayout) -> wgpu::BindGroup {
        let make = || {
            let size = wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 1 };
            let texture = device.create_texture(&wgpu::TextureDescriptor {
                label: Some("palette"),
                size,
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format: wgpu::TextureFormat::Rgba8Unorm,
                usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
                view_formats: &[],
            });
            let rows = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(SIDE * 4), rows_per_image: Some(SIDE) };
            queue.write_texture(texture.as_image_copy(), bytemuck::cast_slice(&self.colors), rows, size);
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some("palette"),
                layout,
                entries: &[wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::TextureView(&view) }],
            })
        };
        self.group.get_or_init(make).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_labels_are_transparent_and_unknown_ones_are_not() {
        let mut table = LabelTable::from_names([(3, "liver"), (900, "stent")]);
        table.labels_mut()[0].is_visible = false;
        table.labels_mut()[1].color = [1, 2, 3];
        let palette = Palette::of(&table);
        assert_eq!(palette.color(0)[3], 0);
        assert_eq!(palette.color(3)[3], 0);
        assert_eq!(palette.color(900), [1, 2, 3, 255]);
        assert_eq!(palette.color(7)[3], 255);
        let safe = Palette::safe(&table);
        assert_eq!((safe.color(3)[3], safe.color(900)[..3].to_vec()), (0, LabelTable::palette(900).to_vec()));
    }
}
