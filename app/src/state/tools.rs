//! What the left mouse button does in a slice.

use crate::texts::correct as texts;

/// The tool in the hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActiveTool {
    /// Moves the crosshair.
    Crosshair,
    /// Changes the window: right widens, down brightens.
    WindowLevel,
    /// Paints the active label.
    Brush,
    /// Paints background.
    Eraser,
    /// Fills a contour of points or drawn by hand.
    Contour,
    /// Fills the piece under a point.
    Fill,
    /// Grows a region from a point.
    Grow,
    /// Fills a contour that follows edges of the scan.
    LiveWire,
    /// Measures from place to place.
    Distance,
    /// Measures the angle between two lines.
    Angle,
    /// Measures what lies within an ellipse, a rectangle or a line drawn by hand.
    Region,
}

impl ActiveTool {
    /// All of them, by their digit from 1.
    pub const ALL: [Self; 11] = [
        Self::Crosshair,
        Self::WindowLevel,
        Self::Brush,
        Self::Eraser,
        Self::Contour,
        Self::Fill,
        Self::Grow,
        Self::LiveWire,
        Self::Distance,
        Self::Angle,
        Self::Region,
    ];

    /// Its name, which is also its button's label.
    #[must_use]
    pub const fn name(self) -> &'static str {
        texts::tool(self)
    }

    /// Whether it changes the mask.
    #[must_use]
    pub fn changes_mask(self) -> bool {
        !matches!(self, Self::Crosshair | Self::WindowLevel | Self::Distance | Self::Angle | Self::Region)
    }

    /// Whether it is a brush.
    #[must_use]
    pub fn is_painting(self) -> bool {
        matches!(self, Self::Brush | Self::Eraser)
    }

    /// Whether it measures.
    #[must_use]
    pub fn is_measuring(self) -> bool {
        matches!(self, Self::Distance | Self::Angle | Self::Region)
    }
}

/// The brush's size and shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BrushSettings {
    /// From the middle to the rim, in mm.
    pub radius_mm: f64,
    /// Through neighbouring slices, not in one.
    pub is_ball: bool,
    /// A square or a cube, not a disc or a ball.
    pub is_square: bool,
}

impl BrushSettings {
    /// Smallest and largest radius in mm.
    pub const RADIUS_RANGE_MM: std::ops::RangeInclusive<f64> = 0.5..=50.0;

    /// The next larger (or smaller, for negative `steps`) size, each step an eighth.
    pub fn resize(&mut self, steps: f64) {
        let radius = self.radius_mm * 1.125f64.powf(steps);
        self.radius_mm = radius.clamp(*Self::RADIUS_RANGE_MM.start(), *Self::RADIUS_RANGE_MM.end());
    }
}

impl Default for BrushSettings {
    fn default() -> Self {
        Self { radius_mm: 6.0, is_ball: false, is_square: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resizing_stays_in_range_and_goes_back() {
        let mut brush = BrushSettings::default();
        brush.resize(1.0);
        brush.resize(-1.0);
        assert!((brush.radius_mm - 6.0).abs() < 1e-9);
        brush.resize(500.0);
        assert_eq!(brush.radius_mm, 50.0);
        brush.resize(-500.0);
        assert_eq!(brush.radius_mm, 0.5);
    }
}
