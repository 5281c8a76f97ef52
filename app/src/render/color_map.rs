//! Colour maps: from a level between 0 and 1 to a colour.

/// A way to give levels colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColorMap {
    /// Black to white.
    Gray,
    /// Black over red and yellow to white, as functional images are shown.
    Hot,
    /// White to black, as PET is read.
    InverseGray,
    /// Dark violet over green to yellow; told apart with any colour vision (after van der Walt and Smith's viridis).
    Viridis,
    /// Dark blue over grey to yellow; the same for all kinds of colour vision (after Nuñez, Anderton and Renslow's cividis).
    Cividis,
    /// Blue over white to red: for values on both sides of a middle (after Brewer's RdBu).
    BlueRed,
}

impl ColorMap {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 6] = [Self::Hot, Self::Viridis, Self::Cividis, Self::Gray, Self::InverseGray, Self::BlueRed];

    /// Colours at even distances; straight between them.
    const fn stops(self) -> &'static [[u8; 3]] {
        match self {
            Self::Gray => &[[0, 0, 0], [255, 255, 255]],
            Self::InverseGray => &[[255, 255, 255], [0, 0, 0]],
            Self::Hot => {
                &[[0, 0, 0], [85, 0, 0], [170, 0, 0], [255, 0, 0], [255, 85, 0], [255, 170, 0], [255, 255, 0], [255, 255, 128], [255; 3]]
            }
            Self::Viridis => &[
                [68, 1, 84],
                [71, 45, 123],
                [59, 82, 139],
                [44, 114, 142],
                [33, 145, 140],
                [40, 174, 128],
                [94, 201, 98],
                [173, 220, 48],
                [253, 231, 37],
            ],
            Self::Cividis => &[
                [0, 32, 77],
                [0, 51, 111],
                [57, 72, 107],
                [87, 92, 109],
                [112, 113, 115],
                [138, 135, 121],
                [166, 157, 117],
                [196, 181, 108],
                [228, 207, 91],
                [255, 234, 70],
            ],
            Self::BlueRed => &[[5, 48, 97], [67, 147, 195], [247, 247, 247], [214, 96, 77], [103, 0, 31]],
        }
    }

    /// The colour of a level; levels outside 0 … 1 have that of the nearer end.
    #[must_use]
    pub fn color(self, level: f64) -> [u8; 3] {
        let stops = self.stops();
        let at = level.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let below = (at as usize).min(stops.len() - 2);
        let part = at - below as f64;
        let mixed = |n: usize| f64::from(stops[below][n]) * (1.0 - part) + f64::from(stops[below + 1][n]) * part;
        std::array::from_fn(|n| mixed(n).round() as u8)
    }

    /// The colours of 256 levels as shaders unpack them: red in the lowest byte, then green and blue, opaque.
    pub(crate) fn table(self) -> [u32; 256] {
        std::array::from_fn(|n| {
            let [r, g, b] = self.color(n as f64 / 255.0);
            u32::from_le_bytes([r, g, b, 255])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(color: [u8; 3]) -> [f64; 3] {
        color.map(|channel| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// Relative luminance (IEC 61966-2-1).
    fn luminance(color: [u8; 3]) -> f64 {
        let [r, g, b] = linear(color);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// What a person without cones for green sees (Machado, Oliveira and Fernandes 2009, severity 1), linear.
    fn deuteranope(color: [u8; 3]) -> [f64; 3] {
        let [r, g, b] = linear(color);
        [
            0.367_322 * r + 0.860_646 * g - 0.227_968 * b,
            0.280_085 * r + 0.672_501 * g + 0.047_413 * b,
            -0.011_820 * r + 0.042_940 * g + 0.968_881 * b,
        ]
    }

    #[test]
    fn sequential_maps_run_one_way_in_lightness() {
        for map in [ColorMap::Gray, ColorMap::Hot, ColorMap::Viridis, ColorMap::Cividis] {
            let levels: Vec<f64> = (0..=64).map(|n| luminance(map.color(f64::from(n) / 64.0))).collect();
            assert!(levels.windows(2).all(|pair| pair[1] > pair[0]), "{map:?}");
        }
        assert!(luminance(ColorMap::InverseGray.color(0.0)) > luminance(ColorMap::InverseGray.color(1.0)));
    }

    #[test]
    fn the_two_sides_of_the_diverging_map_differ_without_green_cones() {
        let [blue, middle, red] = [0.1, 0.5, 0.9].map(|level| ColorMap::BlueRed.color(level));
        assert!(luminance(middle) > 3.0 * luminance(blue) && luminance(middle) > 3.0 * luminance(red));
        let (blue, red) = (deuteranope(blue), deuteranope(red));
        assert!(blue[2] - blue[0] > 0.1 && red[0] - red[2] > 0.05, "{blue:?} {red:?}");
    }

    #[test]
    fn the_table_holds_the_colours_in_the_order_shaders_unpack() {
        let table = ColorMap::Hot.table();
        assert_eq!(table[0].to_le_bytes(), [0, 0, 0, 255]);
        assert_eq!(table[255].to_le_bytes(), [255; 4]);
        let [r, g, b] = ColorMap::Hot.color(100.0 / 255.0);
        assert_eq!(table[100].to_le_bytes(), [r, g, b, 255]);
        assert_eq!(ColorMap::Cividis.color(-3.0), ColorMap::Cividis.color(0.0));
        assert_eq!(ColorMap::Cividis.color(7.0), ColorMap::Cividis.color(1.0));
    }
}
