use serde::{Deserialize, Serialize};

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Author {
    /// The person at the machine. Never a name.
    Person,
    /// A model, by its id.
    Model(String),
}

/// What a change was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tool {
    /// A brush that paints a label.
    Brush,
    /// A brush that paints background.
    Eraser,
    /// A model's proposal that was accepted.
    Proposal,
    /// A mask read from a file.
    Import,
    /// A program.
    Script,
    /// A closed contour that was filled.
    Polygon,
    /// A connected piece of one label that got another.
    Fill,
    /// A region grown from a seed over similar values.
    Grow,
    /// A contour that follows edges of the scan.
    LiveWire,
    /// All voxels within a range of values.
    Threshold,
    /// Pieces kept, removed, split or relabelled.
    Islands,
    /// A label with a smoother surface.
    Smooth,
    /// A label grown or shrunk by a distance.
    Margin,
    /// A label of which a shell is left.
    Hollow,
    /// Holes of a label that were closed.
    FillHoles,
    /// Slices between drawn ones.
    Interpolate,
    /// A slice that was copied to another.
    CopySlice,
    /// A label united with, cut by or reduced by another.
    Boolean,
    /// Everything outside a box or another label taken away.
    Crop,
    /// One earlier change taken back without those after it.
    TakeBack,
    /// A body from clicks, scribbles or a box.
    Prompts,
    /// A drawn slice taken on to its neighbours.
    Carry,
}

impl Tool {
    /// All of them, each at the number that Edits are stored with: the order never changes, new ones come last.
    pub const ALL: [Self; 22] = [
        Self::Brush,
        Self::Eraser,
        Self::Proposal,
        Self::Import,
        Self::Script,
        Self::Polygon,
        Self::Fill,
        Self::Grow,
        Self::LiveWire,
        Self::Threshold,
        Self::Islands,
        Self::Smooth,
        Self::Margin,
        Self::Hollow,
        Self::FillHoles,
        Self::Interpolate,
        Self::CopySlice,
        Self::Boolean,
        Self::Crop,
        Self::TakeBack,
        Self::Prompts,
        Self::Carry,
    ];

    /// Its name as a person reads it in "Undo …" and in the list of changes.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Brush => "Brush stroke",
            Self::Eraser => "Eraser stroke",
            Self::Proposal => "Accepted proposal",
            Self::Import => "Imported mask",
            Self::Script => "Script",
            Self::Polygon => "Contour",
            Self::Fill => "Fill",
            Self::Grow => "Grown region",
            Self::LiveWire => "Live-wire contour",
            Self::Threshold => "Threshold",
            Self::Islands => "Islands",
            Self::Smooth => "Smoothing",
            Self::Margin => "Margin",
            Self::Hollow => "Hollow",
            Self::FillHoles => "Filled holes",
            Self::Interpolate => "Interpolated slices",
            Self::CopySlice => "Copied slice",
            Self::Boolean => "Boolean of labels",
            Self::Crop => "Crop",
            Self::TakeBack => "Single step taken back",
            Self::Prompts => "Clicked object",
            Self::Carry => "Slice carried through",
        }
    }

    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_lies_at_the_number_it_is_stored_with() {
        for (n, tool) in Tool::ALL.into_iter().enumerate() {
            assert_eq!((usize::from(tool.code()), Tool::from_code(tool.code())), (n, Some(tool)));
        }
        assert_eq!(Tool::from_code(Tool::ALL.len() as u8), None);
    }
}
