//! A step of training.
//!
//! Counted are the numbers that the processor's operations hold at the worst moment: a walk over the network's units (stem, blocks, head)
//! backwards, where what was kept for a unit goes and the gradients of its weights come. Not counted: the images, and the pieces that the
//! allocator cannot give back. `docs/memory.md` has what was measured beside it.

use medley_nn::{Checkpointing, HeadKind, NetworkConfig};

use crate::optimise::Optimiser;

/// Bytes of a number.
pub(super) const NUMBER: u64 = 4;
/// What code and threads take once they compute; measured.
pub(super) const PROGRAM: u64 = 10 << 20;
/// Channels between the layers of the reference's head.
const MED3D_CHANNELS: u64 = 32;

/// What a step of training computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingStep {
    /// The network.
    pub network: NetworkConfig,
    /// Patches a step.
    pub batch: usize,
    /// Size of a patch, voxels.
    pub patch: [usize; 3],
    /// The optimiser, which remembers one or two numbers a weight.
    pub optimiser: Optimiser,
    /// What the encoder keeps.
    pub checkpointing: Checkpointing,
}

/// Bytes of a step of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepMemory {
    /// Weights.
    pub weights: u64,
    /// What the optimiser remembers.
    pub optimiser: u64,
    /// Activations and gradients at the worst moment.
    pub passing: u64,
    /// Room for weights and features laid out for the innermost loops.
    pub scratch: u64,
    /// The largest single tensor.
    pub largest: u64,
}

impl StepMemory {
    /// All of it, with the program's own.
    #[must_use]
    pub fn peak(&self) -> u64 {
        PROGRAM + self.weights + self.optimiser + self.passing + self.scratch
    }
}

/// A part of the network that is computed again as a whole; all in numbers.
#[derive(Debug, Clone, Copy, Default)]
struct Unit {
    weights: u64,
    /// What enters.
    entry: u64,
    /// What the gradients need beyond what enters.
    kept: u64,
    /// The largest tensor in it.
    largest: u64,
    /// Laid out anew for one convolution: weight, input and output.
    scratch: u64,
}

impl Unit {
    /// A convolution from `from` channels on `read` voxels to `to` channels on `written` voxels, with the normalisation after it; its
    /// output is kept, and the rectified one if `rectified`.
    fn convolution(&mut self, [from, to]: [u64; 2], taps: u64, [read, written]: [u64; 2], rectified: bool) {
        let (weight, output) = (from * to * taps, to * written);
        self.weights += weight + 2 * to;
        self.kept += output * if rectified { 2 } else { 1 };
        self.largest = self.largest.max(output).max(from * read);
        let laid_out = if taps == 1 { 0 } else { (weight + from * read).max(from * read + output) };
        self.scratch = self.scratch.max(laid_out);
    }
}

impl TrainingStep {
    /// Computes it.
    #[must_use]
    pub fn memory(&self) -> StepMemory {
        let units = self.units();
        let weights: u64 = units.iter().map(|unit| unit.weights).sum();
        let remembered = match self.optimiser {
            Optimiser::Sgd | Optimiser::SgdPlain => weights,
            Optimiser::AdamW => 2 * weights,
        };
        let passing = (0..units.len()).map(|at| self.passing(&units, at)).max().unwrap_or_default();
        // What is laid out stays for the next that needs as much.
        let scratch = units.iter().map(|unit| unit.scratch).max().unwrap_or_default();
        let largest = units.iter().map(|unit| unit.largest).max().unwrap_or_default();
        let numbers = [weights, remembered, passing, scratch, largest].map(|numbers| numbers * NUMBER);
        let [weights, optimiser, passing, scratch, largest] = numbers;
        StepMemory { weights, optimiser, passing, scratch, largest }
    }

    /// Bytes that one window of a prediction holds at most, beside the weights: features of all stages, the layer that is computed, logits
    /// and probabilities at full resolution.
    #[must_use]
    pub fn window(&self) -> u64 {
        let encoder = self.network.encoder;
        let voxels = |stride: usize| self.patch.iter().map(|size| size.div_ceil(stride) as u64).product::<u64>();
        let deep = voxels(encoder.strides.output_stride());
        let [layer1, layer2, layer3, layer4] = encoder.stage_channels().map(|channels| channels as u64);
        let features = encoder.base_width as u64 * voxels(2) + layer1 * voxels(4) + layer2 * voxels(8) + (layer3 + layer4) * deep;
        let units = Self { batch: 1, ..*self }.units();
        let layer = units.iter().map(|unit| unit.entry + 2 * unit.largest + unit.scratch).max().unwrap_or_default();
        let logits = 4 * self.network.classes as u64 * voxels(1);
        NUMBER * (features + layer.max(logits))
    }

    /// Numbers held while unit `at` is walked backwards.
    fn passing(&self, units: &[Unit], at: usize) -> u64 {
        let (before, after) = units.split_at(at);
        let gradients: u64 = after.iter().map(|unit| unit.weights).sum();
        let held: u64 = match self.checkpointing {
            Checkpointing::Off => before.iter().map(|unit| unit.kept).sum(),
            Checkpointing::Blocks => before.iter().map(|unit| unit.entry).sum(),
            // Half as large; what is just turned back is counted with its unit.
            Checkpointing::HalfBlocks => before.iter().map(|unit| unit.entry.div_ceil(2)).sum(),
        };
        let Some(unit) = after.first() else { return held };
        // The gradient that comes, the one that leaves, and the one past the block.
        held + gradients + unit.entry + unit.kept + 3 * unit.largest
    }

    /// Stem, blocks, head.
    fn units(&self) -> Vec<Unit> {
        let encoder = self.network.encoder;
        let voxels = |stride: usize| self.patch.iter().map(|size| size.div_ceil(stride) as u64).product::<u64>() * self.batch as u64;
        let [whole, half, quarter, eighth] = [1, 2, 4, 8].map(voxels);
        let (base, inputs) = (encoder.base_width as u64, encoder.in_channels as u64);
        let mut stem = Unit { entry: inputs * whole, ..Unit::default() };
        stem.convolution([inputs, base], 343, [whole, half], true);
        // The pool's output is the first block's entry; for each of its places it remembers where the largest was.
        stem.kept += 2 * base * quarter;
        let mut units = vec![stem];
        let mut from = base;
        let mut read = quarter;
        for (stage, &blocks) in encoder.depth.blocks().iter().enumerate() {
            let width = base << stage;
            let to = width * encoder.expansion() as u64;
            let written = if stage == 0 { quarter } else { eighth };
            for _ in 0..blocks {
                let mut block = Unit { entry: from * read, ..Unit::default() };
                if encoder.depth.has_bottlenecks() {
                    block.convolution([from, width], 1, [read, read], true);
                    block.convolution([width, width], 27, [read, written], true);
                    block.convolution([width, to], 1, [written, written], true);
                } else {
                    block.convolution([from, width], 27, [read, written], true);
                    block.convolution([width, to], 27, [written, written], true);
                }
                if (from != to || read != written) && encoder.shortcut == medley_nn::Shortcut::B {
                    block.convolution([from, to], 1, [written, written], false);
                    block.kept += if read == written { 0 } else { from * written };
                }
                units.push(block);
                (from, read) = (to, written);
            }
        }
        units.push(self.head(from, base, [whole, half, quarter, eighth]));
        units
    }

    /// The reference's head, or the decoder with skip connections: others are taken to be like that one.
    fn head(&self, from: u64, base: u64, [whole, half, quarter, eighth]: [u64; 4]) -> Unit {
        let (encoder, classes) = (self.network.encoder, self.network.classes as u64);
        let mut head = Unit { entry: from * eighth, ..Unit::default() };
        if self.network.head == HeadKind::Med3d {
            let voxels = 8 * eighth;
            head.convolution([from, MED3D_CHANNELS], 8, [eighth, voxels], true);
            head.convolution([MED3D_CHANNELS; 2], 27, [voxels, voxels], true);
            head.convolution([MED3D_CHANNELS, classes], 1, [voxels, voxels], false);
            return head;
        }
        let layer1 = base * encoder.expansion() as u64;
        let (reduced, kept) = ((2 * base).clamp(8, 64), base.clamp(8, 32));
        head.convolution([from, reduced], 1, [eighth, eighth], true);
        for (channels, voxels) in [(reduced + layer1, quarter), (kept + base + 8 * encoder.in_channels as u64, half)] {
            // What is joined is copied.
            head.kept += channels * voxels;
            head.convolution([channels, kept], 1, [voxels, voxels], true);
            head.convolution([kept, kept], 27, [voxels, voxels], true);
        }
        head.convolution([kept, classes], 8, [half, whole], false);
        // Logits before they are added, the loss's probabilities, their logarithms, the classes one by one, and products of these; how
        // many was fitted to trainings of two and six classes.
        head.kept += 8 * classes * whole;
        head
    }
}

#[cfg(test)]
mod tests {
    use medley_nn::{Depth, EncoderConfig, Shortcut};

    use super::*;

    fn step(depth: Depth, base_width: usize, size: usize, checkpointing: Checkpointing) -> TrainingStep {
        let encoder = EncoderConfig { shortcut: Shortcut::B, base_width, ..EncoderConfig::released(depth) };
        let network = NetworkConfig { encoder, head: HeadKind::Med3d, classes: 2 };
        TrainingStep { network, batch: 1, patch: [size; 3], optimiser: Optimiser::Sgd, checkpointing }
    }

    #[test]
    fn weights_are_those_of_the_released_networks() {
        let head = 158_944;
        for (depth, learnt) in [(Depth::R10, 14_355_520), (Depth::R50, 46_155_072), (Depth::R200, 126_559_552)] {
            let found = step(depth, 64, 64, Checkpointing::Off).memory().weights / NUMBER;
            // The head grows with the bottlenecks' channels; a classifying convolution has no normalisation and the first one a bias.
            let deep = if depth.has_bottlenecks() { 3 * 512 * 32 * 8 } else { 0 };
            let difference = found.abs_diff(learnt + head + deep);
            assert!(difference < 100, "{depth}: {difference}");
        }
    }

    #[test]
    fn resnet_50_learns_patches_of_96_voxels_cubed_in_eight_gigabytes() {
        for head in [HeadKind::Med3d, HeadKind::Skip] {
            let mut step = step(Depth::R50, 64, 96, Checkpointing::Blocks);
            (step.network.head, step.optimiser) = (head, Optimiser::AdamW);
            assert!(step.memory().peak() < 8 << 30, "{head}: {:?}", step.memory());
        }
    }

    #[test]
    fn checkpointing_saves_more_the_deeper_and_the_larger() {
        let saved = |depth, size| {
            let [off, blocks] = [Checkpointing::Off, Checkpointing::Blocks].map(|way| step(depth, 64, size, way).memory().peak());
            off.saturating_sub(blocks)
        };
        assert!(saved(Depth::R50, 96) > saved(Depth::R10, 96));
        assert!(saved(Depth::R50, 128) > saved(Depth::R50, 96));
        assert!(saved(Depth::R50, 96) > 100 << 20);
    }
}
