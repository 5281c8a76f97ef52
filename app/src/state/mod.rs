//! What is open, selected and running. Nothing in here draws.
//!
//! # Map
//! - [`workbench`]: the whole state of a window, and what arrives from the threads behind it
//! - [`open_case`]: the scan being worked on: its mask, the stroke in the hand, its history, a proposal over it
//! - [`clerk`]: the thread that owns the study and reads files
//! - [`correction`]: tools other than the brush: what is drawn, what they would do
//! - [`provenance`]: the page of who did what
//! - [`training`]: the job that runs in the background, as the window sees it
//! - [`weights_page`]: which weights are here, and those that are on their way
//! - [`view`], [`slice_geometry`], [`window_level`], [`tools`]: how a scan is looked at and what the mouse does
//! - [`notices`]: what the user is told

pub mod clerk;
pub mod correction;
pub mod notices;
pub mod open_case;
pub mod provenance;
pub mod slice_geometry;
pub mod tools;
pub mod training;
pub mod view;
pub mod weights_page;
pub mod window_level;
pub mod workbench;
