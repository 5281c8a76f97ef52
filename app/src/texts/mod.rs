//! What a person reads in the window, in one place, so that it can be translated: one submodule per area. A plain text is a
//! constant; a sentence with something in it is a function of what stands in it.
//!
//! Titles of commands are in the command table, which is one place too.

pub mod classes;
pub mod clipboard;
pub mod combine;
pub mod compare;
pub mod correct;
pub mod figure;
pub mod files;
pub mod findings;
pub mod history;
pub mod labels;
pub mod layout;
pub mod measure;
pub mod models;
pub mod notices;
pub mod palette;
pub mod proposal;
pub mod provenance;
pub mod settings;
pub mod shortcuts;
pub mod slices;
pub mod status;
pub mod tabs;
pub mod training;
pub mod volume;
pub mod weights;

#[cfg(test)]
mod literals;
