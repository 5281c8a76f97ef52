//! Colours of labels that nobody chose, to be told apart by colour-blind readers too.

/// Okabe and Ito's colours (2008; black left out), then eight more, each the colour of a grid over sRGB that lies farthest
/// (CIEDE2000) from all before it as people with usual sight, protanopia and deuteranopia see them. None is grey: labels lie
/// over grey pictures.
pub(crate) const PALETTE: [[u8; 3]; 15] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [240, 228, 66],
    [0, 114, 178],
    [213, 94, 0],
    [204, 121, 167],
    [179, 255, 230],
    [0, 102, 77],
    [179, 26, 0],
    [179, 204, 153],
    [179, 26, 128],
    [51, 230, 230],
    [102, 128, 255],
    [204, 255, 179],
];

#[cfg(test)]
mod tests {
    use glam::{DMat3, DVec3};

    use super::*;

    /// How linear red, green and blue look without the pigment for red, and without the one for green: Machado, Oliveira and
    /// Fernandes (2009), severity 1.
    const SIGHTS: [[f64; 9]; 3] = [
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
        [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881],
    ];

    fn linear(color: [u8; 3]) -> DVec3 {
        let channel = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        DVec3::from_array(color.map(channel))
    }

    /// CIE L*a*b* under D65 of a colour in linear sRGB.
    fn lab(linear: DVec3) -> [f64; 3] {
        let xyz_from_rgb =
            DMat3::from_cols_array(&[0.4124564, 0.2126729, 0.0193339, 0.3575761, 0.7151522, 0.1191920, 0.1804375, 0.0721750, 0.9503041]);
        let xyz = xyz_from_rgb * linear.clamp(DVec3::ZERO, DVec3::ONE) / DVec3::new(0.95047, 1.0, 1.08883);
        let [x, y, z] = xyz.to_array().map(|v| if v > 0.008856 { v.cbrt() } else { 7.787 * v + 16.0 / 116.0 });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// CIEDE2000 (Sharma, Wu and Dalal 2005).
    fn difference([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
        let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25f64.powi(7))).sqrt();
        let stretch = 1.0 + 0.5 * (1.0 - seventh((a1.hypot(b1) + a2.hypot(b2)) / 2.0));
        let (a1, a2) = (a1 * stretch, a2 * stretch);
        let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
        let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
        let (h1, h2) = (hue(a1, b1), hue(a2, b2));
        let turn = if c1 * c2 == 0.0 { 0.0 } else { (h2 - h1 + 180.0).rem_euclid(360.0) - 180.0 };
        let (dl, dc, dh) = (l2 - l1, c2 - c1, 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin());
        let (l, c) = ((l1 + l2) / 2.0, (c1 + c2) / 2.0);
        let h = if c1 * c2 == 0.0 { h1 + h2 } else { (h1 + turn / 2.0).rem_euclid(360.0) };
        let wave = |times: f64, ahead: f64| (times * h + ahead).to_radians().cos();
        let t = 1.0 - 0.17 * wave(1.0, -30.0) + 0.24 * wave(2.0, 0.0) + 0.32 * wave(3.0, 6.0) - 0.20 * wave(4.0, -63.0);
        let (sl, sc, sh) = (1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt(), 1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
        let rotation = -2.0 * seventh(c) * (60.0 * (-((h - 275.0) / 25.0).powi(2)).exp()).to_radians().sin();
        let (dl, dc, dh) = (dl / sl, dc / sc, dh / sh);
        (dl * dl + dc * dc + dh * dh + rotation * dc * dh).sqrt()
    }

    fn nearest_pair(colors: &[[u8; 3]]) -> f64 {
        let mut nearest = f64::INFINITY;
        for sight in SIGHTS {
            let seen = DMat3::from_cols_array(&sight).transpose();
            let labs: Vec<[f64; 3]> = colors.iter().map(|&color| lab(seen * linear(color))).collect();
            for (n, &first) in labs.iter().enumerate() {
                nearest = labs[n + 1..].iter().map(|&second| difference(first, second)).fold(nearest, f64::min);
            }
        }
        nearest
    }

    #[test]
    fn the_measure_is_ciede2000() {
        // Pairs 1, 7 and 25 of Sharma's test data.
        for (first, second, expected) in [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
        ] {
            let measured = difference(first, second);
            assert!((measured - expected).abs() < 1e-4, "{measured} instead of {expected}");
        }
    }

    #[test]
    fn colours_are_told_apart_without_the_pigment_for_red_or_green() {
        // Okabe and Ito's own orange and yellow are 11.6 apart without the pigment for green.
        assert!(nearest_pair(&PALETTE[..8]) > 11.5, "{}", nearest_pair(&PALETTE[..8]));
        assert!(nearest_pair(&PALETTE) > 10.5, "{}", nearest_pair(&PALETTE));
        assert!(nearest_pair(&[[255, 0, 0], [0, 150, 0], [160, 120, 0]]) < 10.5, "the measure finds what cannot be told apart");
    }
}
