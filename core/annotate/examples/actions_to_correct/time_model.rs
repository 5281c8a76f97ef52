//! How long a person needs: the keystroke-level model.
//!
//! Card, Moran and Newell, *The keystroke-level model for user performance time with interactive systems* (Communications of the ACM 23, 1980):
//! a skilled person's time is the sum of a few operators, whatever the program. Freehand lines are taken as what their model of drawing counts:
//! straight pieces and length. The length is that in the patient; the view is taken to show it in natural size.

/// To think of the next action (M).
pub const MENTAL: f64 = 1.35;
/// To bring the pointer to a place (P).
pub const POINT: f64 = 1.1;
/// To press and release the button (2 B).
pub const CLICK: f64 = 0.2;
/// To press a key (K, an average skilled typist).
pub const KEY: f64 = 0.2;
/// Drawing (D): for each straight piece.
pub const DRAW_PIECE: f64 = 0.9;
/// Drawing (D): for each millimetre.
pub const DRAW_MM: f64 = 0.016;

/// What an action asks of the person.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Effort {
    /// Thoughts.
    pub thoughts: usize,
    /// Places pointed at and clicked.
    pub clicks: usize,
    /// Keys, or clicks of the wheel.
    pub keys: usize,
    /// Straight pieces drawn with the button held.
    pub pieces: usize,
    /// Their length, mm.
    pub length_mm: f64,
}

impl Effort {
    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            thoughts: self.thoughts + other.thoughts,
            clicks: self.clicks + other.clicks,
            keys: self.keys + other.keys,
            pieces: self.pieces + other.pieces,
            length_mm: self.length_mm + other.length_mm,
        }
    }

    /// The time spent on drawing alone, seconds.
    pub fn drawing_seconds(&self) -> f64 {
        DRAW_PIECE * self.pieces as f64 + DRAW_MM * self.length_mm
    }

    /// All of the time, seconds.
    pub fn seconds(&self) -> f64 {
        MENTAL * self.thoughts as f64 + (POINT + CLICK) * self.clicks as f64 + KEY * self.keys as f64 + self.drawing_seconds()
    }
}

/// So many steps by key or wheel, or one click on where they lead to if that is quicker (a slider, another view).
pub fn steps(count: usize) -> Effort {
    if KEY * count as f64 <= POINT + CLICK {
        Effort { keys: count, ..Effort::default() }
    } else {
        Effort { clicks: 1, ..Effort::default() }
    }
}
