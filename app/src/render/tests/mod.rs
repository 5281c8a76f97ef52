//! Pictures drawn off the screen and checked pixel by pixel.

mod easel;
mod failures;
mod figures;
mod overlays;
mod slices;
mod volumes;
