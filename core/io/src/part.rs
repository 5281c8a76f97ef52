use std::fmt;
use std::str::FromStr;

/// Which of the volumes in a file or folder is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Part {
    /// The only one, or the first of several.
    #[default]
    First,
    /// One of the volumes that follow each other in a file, counted from 0.
    Frame(usize),
    /// A DICOM series of a folder or archive, by its key.
    Series(String),
}

/// As a study keeps it: empty, `frame:3`, `series:1.2.840…`.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => Ok(()),
            Self::Frame(frame) => write!(f, "frame:{frame}"),
            Self::Series(key) => write!(f, "series:{key}"),
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text.is_empty() => Ok(Self::First),
            Some(("frame", frame)) if frame.bytes().all(|byte| byte.is_ascii_digit()) => {
                frame.parse().map(Self::Frame).map_err(|_| format!("“{text}” names no volume"))
            }
            Some(("series", key)) if !key.is_empty() => Ok(Self::Series(key.to_owned())),
            _ => Err(format!("“{text}” names no volume of a file")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_nothing_else() {
        for part in [Part::First, Part::Frame(0), Part::Frame(12), Part::Series("1.2:3".to_owned())] {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        for wrong in ["frame", "frame:", "frame:-1", "frame:x", "series:", "slab:3", ":"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}
