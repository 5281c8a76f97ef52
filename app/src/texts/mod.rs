//! What a person reads in the window, in one place, so that it can be translated: one submodule per area. A plain text is a
//! constant; a sentence with something in it is a function of what stands in it.

pub mod correct;
pub mod history;
pub mod provenance;
