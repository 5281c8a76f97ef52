//! What is open, selected and running. Nothing in here draws.
//!
//! # Map
//! - [`workbench`]: the whole state of a window, and what arrives from the threads behind it
//! - [`open_case`]: the scan being worked on: its mask, the stroke in the hand, its history, a proposal over it
//! - [`large_change`]: changes that are too much for one frame
//! - [`tabs`]: the cases that are open beside it; [`compare`]: two cases next to each other
//! - [`clerk`]: the thread that owns the study and reads files
//! - [`correction`]: tools other than the brush: what is drawn, what they would do
//! - [`provenance`]: the page of who did what
//! - [`training`]: the job that runs in the background, as the window sees it
//! - [`weights_page`]: which weights are here, and those that are on their way
//! - [`view`], [`slice_geometry`], [`oblique`], [`turning`], [`slab`], [`window_level`], [`tools`]: how a scan is looked at and what the mouse
//!   does; [`second_scan`]: one that lies over it
//! - [`volume_look`], [`transfer`], [`clip_box`], [`volume_pick`]: how the 3D view shows values, what of it is cut away, what lies
//!   under the pointer
//! - [`layout`]: how the views share the window
//! - [`measure`]: lines, angles, regions, labels and the histogram; [`figure`]: pictures for papers
//! - [`clipboard`]: pictures and tables for other programs
//! - [`label_sets`]: label sets that come with the program
//! - [`notices`]: what the user is told
//! - [`hands`]: settings, command palette, shortcuts and touch, each in a file of its own: [`settings`], [`command_palette`],
//!   [`shortcut_sheet`], [`touch`]

pub mod clerk;
pub mod clip_box;
pub mod clipboard;
pub mod command_palette;
pub mod compare;
pub mod correction;
pub mod figure;
pub mod hands;
pub mod label_sets;
pub mod large_change;
pub mod layout;
pub mod measure;
pub mod notices;
pub mod oblique;
pub mod open_case;
pub mod provenance;
pub mod second_scan;
pub mod settings;
pub mod shortcut_sheet;
pub mod slab;
pub mod slice_geometry;
pub mod tabs;
pub mod tools;
pub mod touch;
pub mod training;
pub mod transfer;
pub mod turning;
pub mod view;
pub mod volume_look;
pub mod volume_pick;
pub mod weights_page;
pub mod window_level;
pub mod workbench;
