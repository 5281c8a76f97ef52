use std::ops::ControlFlow;

/// Told how far long reading has come; may end it.
pub trait Progress: Sync {
    /// Called every few milliseconds with the part that is done, 0 … 1. After [`ControlFlow::Break`] reading stops with
    /// [`crate::IoError::Cancelled`] and nothing is returned of what was read.
    fn reached(&self, fraction: f64) -> ControlFlow<()>;
}

impl<F: Fn(f64) -> ControlFlow<()> + Sync> Progress for F {
    fn reached(&self, fraction: f64) -> ControlFlow<()> {
        self(fraction)
    }
}

/// What is asked for beside the file.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wish<'a> {
    /// Which of several volumes, from 0.
    pub frame: usize,
    /// Who is told.
    pub progress: Option<&'a dyn Progress>,
    /// Whether the frame was chosen by the person: then there is no need to tell that there are others.
    pub is_chosen: bool,
}
