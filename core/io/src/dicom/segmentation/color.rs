//! Colours as DICOM stores them: CIELab under D50 in 16 bits each (PS3.3 C.10.7.1.1).

/// The white of D50.
const WHITE: [f64; 3] = [0.964_22, 1.0, 0.825_21];
/// From linear sRGB to XYZ under D50 (Bradford), and back.
const XYZ_FROM_RGB: [[f64; 3]; 3] =
    [[0.436_074_7, 0.385_064_9, 0.143_080_4], [0.222_504_5, 0.716_878_6, 0.060_616_9], [0.013_932_2, 0.097_104_5, 0.714_173_3]];
const RGB_FROM_XYZ: [[f64; 3]; 3] =
    [[3.133_856_1, -1.616_866_7, -0.490_614_6], [-0.978_768_4, 1.916_141_5, 0.033_454_0], [0.071_945_3, -0.228_991_4, 1.405_242_7]];

fn times(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
}

/// L from 0 to 100, a and b from −128 to 127, each stretched over 16 bits.
pub(crate) fn lab_from_rgb(rgb: [u8; 3]) -> [u16; 3] {
    let linear = rgb.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    let xyz = times(&XYZ_FROM_RGB, linear);
    let [x, y, z] = [0, 1, 2].map(|n: usize| {
        let part = xyz[n] / WHITE[n];
        if part > 216.0 / 24389.0 { part.cbrt() } else { (24389.0 / 27.0 * part + 16.0) / 116.0 }
    });
    let stored = |value: f64, low: f64, high: f64| ((value - low) / (high - low) * 65535.0).round().clamp(0.0, 65535.0) as u16;
    [stored(116.0 * y - 16.0, 0.0, 100.0), stored(500.0 * (x - y), -128.0, 127.0), stored(200.0 * (y - z), -128.0, 127.0)]
}

pub(crate) fn rgb_from_lab(lab: [u16; 3]) -> [u8; 3] {
    let value = |stored: u16, low: f64, high: f64| f64::from(stored) / 65535.0 * (high - low) + low;
    let [l, a, b] = [value(lab[0], 0.0, 100.0), value(lab[1], -128.0, 127.0), value(lab[2], -128.0, 127.0)];
    let y = (l + 16.0) / 116.0;
    let parts = [y + a / 500.0, y, y - b / 200.0];
    let xyz = [0, 1, 2].map(|n: usize| {
        let cube = parts[n].powi(3);
        WHITE[n] * if cube > 216.0 / 24389.0 { cube } else { (116.0 * parts[n] - 16.0) * 27.0 / 24389.0 }
    });
    times(&RGB_FROM_XYZ, xyz).map(|linear| {
        let value = if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
        (value * 255.0).round().clamp(0.0, 255.0) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_survive_and_known_ones_are_right() {
        for n in 0..4096u32 {
            let rgb = [n % 16, n / 16 % 16, n / 256].map(|v| (v * 17) as u8);
            let back = rgb_from_lab(lab_from_rgb(rgb));
            assert!(rgb.iter().zip(back).all(|(&a, b)| a.abs_diff(b) <= 1), "{rgb:?} {back:?}");
        }
        // White is L 100, a 0, b 0; red under D50 is L 54.29, a 80.81, b 69.89 (Lindbloom).
        let near = |stored: u16, value: f64, low: f64, high: f64| (f64::from(stored) / 65535.0 * (high - low) + low - value).abs() < 0.05;
        let white = lab_from_rgb([255; 3]);
        assert!(near(white[0], 100.0, 0.0, 100.0) && near(white[1], 0.0, -128.0, 127.0) && near(white[2], 0.0, -128.0, 127.0));
        let red = lab_from_rgb([255, 0, 0]);
        assert!(near(red[0], 54.29, 0.0, 100.0) && near(red[1], 80.81, -128.0, 127.0) && near(red[2], 69.89, -128.0, 127.0), "{red:?}");
    }
}
