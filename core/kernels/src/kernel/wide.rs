//! Plain loops, compiled once more for the processor's wider vectors.

use super::{Instructions, Processor};

/// A loop that the compiler can turn into vectors by itself. Its `run` is to be `#[inline(always)]`, and what it calls too.
pub(crate) trait Loop {
    type Output;
    fn run(self) -> Self::Output;
}

impl Processor {
    /// Runs a loop with the widest vectors there are. Sums that must not depend on their width are up to the loop.
    pub fn run<L: Loop>(self, work: L) -> L::Output {
        match self.instructions {
            // SAFETY: the instructions were detected.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 | Instructions::Avx2 => unsafe { avx2(work) },
            #[cfg(target_arch = "aarch64")]
            Instructions::Neon => work.run(),
            Instructions::Portable => work.run(),
        }
    }
}

// Wider ones gain nothing here: these loops wait for memory.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<L: Loop>(work: L) -> L::Output {
    work.run()
}
