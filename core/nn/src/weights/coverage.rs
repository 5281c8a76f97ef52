use std::fmt;

use serde::Serialize;

/// What of a network a file fills. Counters of batches are left out of it, whether a file has them or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Tensors of the network that the file has in the right shape.
    pub matched: usize,
    /// Tensors of the network that the file lacks.
    pub missing: Vec<String>,
    /// Tensors of the file that the network has no place for.
    pub unused: Vec<String>,
    /// Tensors that are in both and differ in shape.
    pub misshaped: Vec<Misshaped>,
}

/// A tensor of another shape than the network's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misshaped {
    /// Its name.
    pub name: String,
    /// The network's shape.
    pub expected: Vec<usize>,
    /// The file's shape.
    pub found: Vec<usize>,
}

impl Coverage {
    /// Whether every tensor of the network is there. Tensors too many do not matter.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.misshaped.is_empty()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.matched + self.missing.len() + self.misshaped.len();
        write!(f, "{} of its {total} tensors fit", self.matched)?;
        if !self.missing.is_empty() {
            write!(f, ", {} missing ({})", self.missing.len(), some_of(&self.missing))?;
        }
        if !self.misshaped.is_empty() {
            let describe = |m: &Misshaped| format!("{} is {:?} in place of {:?}", m.name, m.found, m.expected);
            write!(
                f,
                ", {} of another shape ({})",
                self.misshaped.len(),
                some_of(&self.misshaped.iter().map(describe).collect::<Vec<_>>())
            )?;
        }
        Ok(())
    }
}

/// The first few of a list.
fn some_of(names: &[String]) -> String {
    const SHOWN: usize = 6;
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}
