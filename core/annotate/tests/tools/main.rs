//! Correction tools without a window: goldens, properties, all orders of the voxel axes, a walk through all of them.

mod common;
mod fill;
mod grow;
mod polygon;
mod threshold;
