//! The 3D-ResNets of Med3D (Chen et al., arXiv 1904.00625): residual networks (He et al., 2015) in three dimensions whose
//! last two stages are dilated in place of strided, so that their features keep an eighth of the input's resolution.
//! [`Strides`], [`NormKind`] and [`ShortcutGradient`] say where an encoder is built otherwise.

mod block;
mod checkpoint;
mod config;
#[expect(clippy::module_inception, reason = "the file of the type that the folder is named after")]
mod encoder;
#[cfg(test)]
mod keys;
mod options;

pub use block::Block;
pub(crate) use block::convolution;
pub use checkpoint::{Checkpointing, WayBack};
pub use config::{Depth, EncoderConfig, Shortcut};
pub use encoder::{Encoder, Features};
pub use options::{NormKind, ShortcutGradient, Strides};
