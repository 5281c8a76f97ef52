//! What is open, selected and running. Nothing in here draws.
//!
//! # Map
//! - [`workbench`]: the whole state of a window, and what arrives from the threads behind it
//! - [`open_case`]: the scan being worked on: its mask, the stroke in the hand, its history, a proposal over it
//! - [`clerk`]: the thread that owns the study and reads files
//! - [`training`]: the job that runs in the background, as the window sees it
//! - [`weights_page`]: which weights are here, and those that are on their way
//! - [`view`], [`slice_geometry`], [`window_level`], [`tools`]: how a scan is looked at and what the mouse does
//! - [`volume_look`], [`transfer`], [`clip_box`], [`volume_pick`]: how the 3D view shows values, what of it is cut away, what lies
//!   under the pointer
//! - [`notices`]: what the user is told

pub mod clerk;
pub mod clip_box;
pub mod notices;
pub mod open_case;
pub mod slice_geometry;
pub mod tools;
pub mod training;
pub mod transfer;
pub mod view;
pub mod volume_look;
pub mod volume_pick;
pub mod weights_page;
pub mod window_level;
pub mod workbench;
