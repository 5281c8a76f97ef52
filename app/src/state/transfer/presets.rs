use medley_volume::Quantity;

use super::{TransferFunction, TransferPoint};
use crate::texts::volume as texts;

/// A curve to begin with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransferPreset {
    /// What it shows.
    pub name: &'static str,
    points: &'static [(f64, f32, [u8; 3])],
}

impl TransferPreset {
    /// Its curve.
    #[must_use]
    pub fn function(&self) -> TransferFunction {
        TransferFunction::new(self.points.iter().map(|&(at, opacity, color)| TransferPoint { at, opacity, color }).collect())
    }

    /// Whether a curve has its points.
    #[must_use]
    pub fn is_of(&self, function: &TransferFunction) -> bool {
        self.function().points() == function.points()
    }
}

const SKIN: [u8; 3] = [222, 176, 150];
const FAT: [u8; 3] = [228, 200, 140];
const MUSCLE: [u8; 3] = [176, 82, 66];
const VESSEL: [u8; 3] = [206, 40, 34];
const ORGAN: [u8; 3] = [204, 128, 100];
const SPONGY: [u8; 3] = [232, 196, 152];
const BONE: [u8; 3] = [250, 244, 228];
const AIRWAY: [u8; 3] = [120, 170, 210];
const ROSE: [u8; 3] = [236, 178, 170];

/// For CT numbers, in HU.
const HOUNSFIELD: [TransferPreset; 5] = [
    // Bones within a veil of skin, so that it is seen where they lie.
    TransferPreset {
        name: texts::PRESET_BONE,
        points: &[
            (-700.0, 0.0, SKIN),
            (-350.0, 0.012, SKIN),
            (-50.0, 0.004, SKIN),
            (120.0, 0.006, MUSCLE),
            (190.0, 0.06, SPONGY),
            (420.0, 0.5, SPONGY),
            (900.0, 0.9, BONE),
        ],
    },
    TransferPreset {
        name: texts::PRESET_SOFT_TISSUE,
        points: &[
            (-160.0, 0.0, FAT),
            (-90.0, 0.006, FAT),
            (-10.0, 0.012, MUSCLE),
            (45.0, 0.1, MUSCLE),
            (110.0, 0.32, ORGAN),
            (240.0, 0.6, SPONGY),
            (500.0, 0.9, BONE),
        ],
    },
    TransferPreset {
        name: texts::PRESET_LUNG,
        points: &[
            (-950.0, 0.0, AIRWAY),
            (-880.0, 0.02, AIRWAY),
            (-720.0, 0.03, ROSE),
            (-560.0, 0.12, ROSE),
            (-420.0, 0.16, VESSEL),
            (-330.0, 0.0, VESSEL),
        ],
    },
    TransferPreset {
        name: texts::PRESET_ANGIO,
        points: &[(120.0, 0.0, MUSCLE), (180.0, 0.05, VESSEL), (280.0, 0.5, VESSEL), (450.0, 0.75, SPONGY), (900.0, 0.9, BONE)],
    },
    TransferPreset {
        name: texts::PRESET_SKIN,
        points: &[
            (-600.0, 0.0, SKIN),
            (-420.0, 0.35, SKIN),
            (-200.0, 0.75, SKIN),
            (-20.0, 0.8, FAT),
            (50.0, 0.85, MUSCLE),
            (300.0, 0.95, BONE),
        ],
    },
];

/// For other scans, from their empty values (0) to their brightest (1).
const ARBITRARY: [TransferPreset; 3] = [
    TransferPreset {
        name: texts::PRESET_MR,
        points: &[(0.1, 0.0, MUSCLE), (0.25, 0.008, MUSCLE), (0.5, 0.03, ORGAN), (0.75, 0.09, SPONGY), (1.05, 0.4, BONE)],
    },
    TransferPreset { name: texts::PRESET_SURFACE, points: &[(0.08, 0.0, SKIN), (0.2, 0.6, SKIN), (0.6, 0.8, ROSE), (1.0, 0.95, BONE)] },
    TransferPreset {
        name: texts::PRESET_BRIGHT,
        points: &[(0.5, 0.0, VESSEL), (0.65, 0.12, VESSEL), (0.85, 0.6, VESSEL), (1.1, 0.9, SPONGY)],
    },
];

/// The curves for scans of a quantity; the first is what they are first shown with. There is none in HU for what is not in HU.
#[must_use]
pub fn presets(quantity: Quantity) -> &'static [TransferPreset] {
    match quantity {
        Quantity::Hounsfield => &HOUNSFIELD,
        Quantity::Arbitrary => &ARBITRARY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_hide_and_show_what_they_say() {
        let opacity = |n: usize, hu: f64| presets(Quantity::Hounsfield)[n].function().at(hu)[3];
        let [bone, soft, lung, angio, skin] = [0, 1, 2, 3, 4];
        for preset in [bone, soft, lung, angio, skin] {
            assert_eq!(opacity(preset, -1000.0), 0.0, "air is never seen");
        }
        assert!(opacity(bone, 50.0) < 0.01 && opacity(bone, 700.0) > 0.5);
        assert!(opacity(soft, 60.0) > 0.1 && opacity(soft, -300.0) == 0.0);
        assert!(opacity(lung, -600.0) > 0.05 && opacity(lung, 50.0) == 0.0 && opacity(lung, 700.0) == 0.0);
        assert!(opacity(angio, 300.0) > 0.4 && opacity(angio, 60.0) == 0.0);
        assert!(opacity(skin, -100.0) > 0.7);
    }

    #[test]
    fn every_preset_begins_transparent_and_knows_itself() {
        for preset in presets(Quantity::Hounsfield).iter().chain(presets(Quantity::Arbitrary)) {
            let function = preset.function();
            assert_eq!(function.points()[0].opacity, 0.0, "{}", preset.name);
            assert!(preset.is_of(&function));
            assert_eq!(function.points().len(), preset.points.len());
        }
    }
}
