//! Correction tools without a window: goldens, properties, all orders of the voxel axes, a walk through all of them.

#![allow(clippy::expect_used, clippy::panic, reason = "a test panics where it fails")]

mod boolean;
mod brush;
mod common;
mod copy_slice;
mod crop;
mod fill;
mod grow;
mod islands;
mod live_wire;
mod polygon;
mod prompts;
mod shape;
mod smooth_all;
mod threshold;
mod walk;
