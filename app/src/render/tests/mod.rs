//! Pictures drawn off the screen and checked pixel by pixel.

mod easel;
mod failures;
mod overlays;
mod slices;
mod transfers;
mod volumes;
