//! Pictures drawn off the screen and checked pixel by pixel.

pub(crate) mod easel;
mod failures;
mod figures;
mod overlays;
mod reference;
mod seconds;
mod slabs;
mod slices;
mod transfers;
mod volumes;
