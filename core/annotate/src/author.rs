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
}

impl Tool {
    /// Its name as a person reads it in "Undo …" and in the list of changes.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Brush => "Brush stroke",
            Self::Eraser => "Eraser stroke",
            Self::Proposal => "Accepted proposal",
            Self::Import => "Imported mask",
            Self::Script => "Script",
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Brush => 0,
            Self::Eraser => 1,
            Self::Proposal => 2,
            Self::Import => 3,
            Self::Script => 4,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        [Self::Brush, Self::Eraser, Self::Proposal, Self::Import, Self::Script].get(usize::from(code)).copied()
    }
}
