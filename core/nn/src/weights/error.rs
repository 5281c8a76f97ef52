use thiserror::Error;

use super::Coverage;

/// Why weights could not be read, used or written.
#[derive(Debug, Error)]
pub enum WeightsError {
    /// The file system's refusal.
    #[error("{file} cannot be read: {source}")]
    Read {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not a weight file at all; most often a download gone wrong.
    #[error("{file} is not a weight file but {found}; get it again, or choose a .pth or .safetensors file")]
    NotWeights {
        /// The file.
        file: String,
        /// What it is.
        found: String,
    },
    /// A weight file that contradicts itself or ends too early.
    #[error("{file} ({bytes} bytes) is damaged or cut short: {reason}; get it again")]
    Damaged {
        /// The file.
        file: String,
        /// How large it is.
        bytes: u64,
        /// What does not fit.
        reason: String,
    },
    /// A pickle that wants a function called that has no place in a weight file.
    #[error("{file} asks to run `{global}`, which no weight file needs; nothing was run, and it should not be trusted")]
    Unsafe {
        /// The file.
        file: String,
        /// The function by its full name.
        global: String,
    },
    /// Not the file that was recorded.
    #[error("{file} is not the file that was recorded (SHA-256 recorded {recorded}, found {found}), so it is not used; get it again")]
    Changed {
        /// The file.
        file: String,
        /// What was recorded.
        recorded: String,
        /// What it is now.
        found: String,
    },
    /// Readable, but no network that is known here.
    #[error("{file} holds no 3D-ResNet: {reason}")]
    NoNetwork {
        /// The file.
        file: String,
        /// What was looked for and what was found.
        reason: String,
    },
    /// A network with parts missing or of another shape.
    #[error("{file} does not fill a whole {network}: {coverage}; allow a partial load by name if that is what you want")]
    Incomplete {
        /// The file.
        file: String,
        /// The network its names and shapes tell of.
        network: String,
        /// What is there and what is not.
        coverage: Box<Coverage>,
    },
    /// First kernels for another number of input channels that cannot be made to fit.
    #[error(
        "{file} was trained with {found} input channels and {wanted} are asked for: only one channel can be spread over several, or \
         several added up to one"
    )]
    Channels {
        /// The file.
        file: String,
        /// The file's input channels.
        found: usize,
        /// The channels asked for.
        wanted: usize,
    },
    /// A tensor whose numbers cannot be weights.
    #[error("{file} cannot be used: the tensor `{tensor}` {reason}")]
    Tensor {
        /// The file.
        file: String,
        /// The tensor's name.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The weights could not be fetched from the device.
    #[error("the weights for {file} could not be read from the device: {reason}")]
    Device {
        /// The file that was to be written.
        file: String,
        /// What the device said.
        reason: String,
    },
    /// A file name that stands for no format.
    #[error("{file} cannot be written: {reason}")]
    Format {
        /// The file that was to be written.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// The file system's refusal while writing; what was there before is untouched.
    #[error("{file} could not be written: {source}")]
    Write {
        /// The file.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Words from a file or another crate, made fit for one line of a message.
pub(super) fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
