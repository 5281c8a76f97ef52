//! What a person reads in the window, in one place, so that it can be translated: one submodule per area. A plain text is a
//! constant; a sentence with something in it is a function of what stands in it, whole: no caller puts sentences together.
//!
//! - What is counted takes its noun, its verb and its form from [`numbers`], where times and sizes of files are written too.
//!   Numbers have a point, in every language: they are compared with tables and papers.
//! - Titles of commands are in the command table, beside the ids and keys that belong to them: that is one place too. Groups of
//!   commands and what stands in their way are in [`commands`].
//! - What is kept is not of a language: ids in settings, words of files, names of labels, of models and of the sample's cases.
//! - Errors are worded where they are made, by the type that carries them, for the command line and for the window alike; so are
//!   notices of files and titles of Edits, which belong to the library crates. The command line is English.
//!
//! Tests in `literals` hold this: no other file of panels, dialogs, state or commands has a text, none here is left unused, and
//! the fonts have every letter.

pub mod cases;
pub mod classes;
pub mod clipboard;
pub mod combine;
pub mod commands;
pub mod compare;
pub mod correct;
pub mod figure;
pub mod files;
pub mod findings;
pub mod graphics;
pub mod history;
pub mod labels;
pub mod layout;
pub mod measure;
pub mod models;
pub mod notices;
pub mod numbers;
pub mod palette;
pub mod proposal;
pub mod provenance;
pub mod settings;
pub mod shortcuts;
pub mod slices;
pub mod status;
pub mod study;
pub mod tabs;
pub mod toolbar;
pub mod training;
pub mod views;
pub mod volume;
pub mod weights;

#[cfg(test)]
mod literals;
