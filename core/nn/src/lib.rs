//! 3D-ResNet encoders, segmentation heads, losses, and reading and writing their weights.
//!
//! # Map
//! - [`Encoder`]: the 3D-ResNets of Med3D, built from an [`EncoderConfig`]
//! - [`head`]: what turns features into logits: the reference's [`head::Med3dHead`], the skip-connection
//!   [`head::SkipDecoder`], the paper's [`head::BranchHead`], the pyramid [`head::DenseAspp`]
//! - [`SegmentationNetwork`]: an encoder with a head; [`Checkpointing`]: trained with less memory
//! - [`ClassificationNetwork`]: an encoder with a [`head::Classifier`]; [`DetectionNetwork`]: an encoder with a [`head::Detector`],
//!   and [`detect`]: its boxes
//! - [`norm`]: batch normalisation as PyTorch computes it, with frozen statistics on demand, group and instance normalisation
//! - [`convolve`], [`max_pool3d`]: our own on the processor, with their gradients; [`resize_trilinear`]
//! - [`loss`]: cross entropy, soft Dice, focal, Tversky, boundary; deep supervision; classes that were not annotated
//! - [`weights`]: `.pth` and `.safetensors` in and out, and what is inside; [`weights::state`]: all numbers of a training
//! - [`values`], [`filled`], [`ids`]: the numbers of any module, by name
//!
//! # Invariants
//! 1. Tensors are `[N, C, D, H, W]`, 32-bit floating point. Which patient axis is D is the caller's business.
//! 2. Every parameter is named as PyTorch names it in the reference (`layer1.0.downsample.1.running_var`): a state
//!    dictionary needs no translation, and no weight is ever transposed.
//! 3. Initial weights are a function of the seed and the parameter's name: the same on every device, in every thread, and
//!    for an encoder with or without a head.
//! 4. A weight file is hostile until proven otherwise: nothing in it is executed, no claim of it is believed before the
//!    bytes are counted, and what it leaves out or has too much is reported. Less than a whole encoder is an error unless the
//!    caller asks for it by name.
//! 5. Volumes, patients and training loops are unknown here.

mod classification;
mod convolution;
pub mod detect;
mod detection;
pub mod encoder;
pub mod head;
mod init;
mod interpolate;
pub mod loss;
mod network;
pub mod norm;
pub mod ops;
mod parameters;
pub mod weights;

pub use classification::{ClassificationConfig, ClassificationNetwork};
pub use detection::{DetectionConfig, DetectionNetwork};
pub use encoder::{Checkpointing, Depth, Encoder, EncoderConfig, Features, NormKind, Shortcut, ShortcutGradient, Strides, WayBack};
pub use head::HeadKind;
pub use interpolate::resize_trilinear;
pub use network::{NetworkConfig, SegmentationNetwork};
pub use norm::NormMode;
pub use ops::{convolve, convolve_transposed, max_pool3d};
pub use parameters::{ParameterInfo, filled, ids, parameters, values, with_ids};
