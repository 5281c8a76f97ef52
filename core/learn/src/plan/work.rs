//! How much a network computes, counted layer by layer.

use medley_nn::{Checkpointing, EncoderConfig, HeadKind, NetworkConfig, Shortcut, Strides};

/// What one pass over a batch computes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Work {
    /// Multiplications with an addition; those with padding are not counted, since no kernel of ours does them.
    pub multiply_adds: f64,
    /// Numbers that the layers write.
    pub numbers: f64,
    /// Numbers that are learned.
    pub weights: f64,
}

/// Products that take as long as a number that a layer writes (and its gradient, and normalisation): memory is waited for. Fitted, as the
/// next, to the eight training steps of the table “Networks” in BENCHMARKS.md, which come out within 4 % in six and 18 % in all cases.
const NUMBER: f64 = 690.0;
/// Products that take as long as changing a weight.
const WEIGHT: f64 = 570.0;

/// A convolution: channels in and out, kernel, stride, dilation.
#[derive(Debug, Clone, Copy)]
struct Convolution {
    channels: [usize; 2],
    kernel: usize,
    stride: usize,
    dilation: usize,
}

impl Work {
    /// Of a forward pass of `batch` patches `[D, H, W]`.
    #[must_use]
    pub fn forward(network: NetworkConfig, patch: [usize; 3], batch: usize) -> Self {
        let mut work = Self::default();
        let encoder = network.encoder;
        let features = work.encoder(encoder, patch);
        work.head(network, patch, features);
        let batch = batch as f64;
        Self { multiply_adds: work.multiply_adds * batch, numbers: work.numbers * batch, ..work }
    }

    /// Of a training step: forward, and both gradients of each convolution; with checkpointing the encoder's forward pass twice.
    #[must_use]
    pub fn step(network: NetworkConfig, patch: [usize; 3], batch: usize, checkpointing: Checkpointing) -> Self {
        let forward = Self::forward(network, patch, batch);
        let mut passes = 3.0;
        if !checkpointing.is_off() {
            let mut encoder = Self::default();
            encoder.encoder(network.encoder, patch);
            passes += (encoder.multiply_adds * batch as f64 / forward.multiply_adds.max(1.0)).min(1.0);
        }
        Self { multiply_adds: passes * forward.multiply_adds, numbers: passes * forward.numbers, ..forward }
    }

    /// How long it takes, in multiply-adds; `is_step`: whether the weights are changed too.
    #[must_use]
    pub fn cost(&self, is_step: bool) -> f64 {
        self.multiply_adds + NUMBER * self.numbers + if is_step { WEIGHT * self.weights } else { 0.0 }
    }

    fn convolve(&mut self, convolution: Convolution, from: [usize; 3]) -> [usize; 3] {
        let Convolution { channels: [read, written], kernel, stride, dilation } = convolution;
        let to = from.map(|size| size.div_ceil(stride));
        let partners: f64 = (0..3).map(|axis| partners(from[axis], to[axis], kernel, stride, dilation) as f64).product();
        let places = to.iter().product::<usize>() as f64;
        self.multiply_adds += partners * (read * written) as f64;
        self.numbers += places * written as f64;
        self.weights += (kernel.pow(3) * read * written + 2 * written) as f64;
        to
    }

    /// Sizes of what the stem, layer1, layer2, layer3 and layer4 give.
    fn encoder(&mut self, encoder: EncoderConfig, patch: [usize; 3]) -> [[usize; 3]; 5] {
        let stem = Convolution { channels: [encoder.in_channels, encoder.base_width], kernel: 7, stride: 2, dilation: 1 };
        let stem = self.convolve(stem, patch);
        let mut size = stem.map(|size| size.div_ceil(2));
        let mut sizes = [stem; 5];
        let mut from = encoder.base_width;
        for (stage, (&blocks, (stride, dilation))) in encoder.depth.blocks().iter().zip(encoder.strides.stages()).enumerate() {
            let width = encoder.base_width << stage;
            let to = width * encoder.expansion();
            for block in 0..blocks {
                let stride = if block == 0 { stride } else { 1 };
                let wide = |channels, stride, dilation| Convolution { channels, kernel: 3, stride, dilation };
                let point = |channels, stride| Convolution { channels, kernel: 1, stride, dilation: 1 };
                let entered = size;
                if encoder.depth.has_bottlenecks() {
                    size = self.convolve(point([from, width], 1), size);
                    size = self.convolve(wide([width; 2], stride, dilation), size);
                    size = self.convolve(point([width, to], 1), size);
                } else {
                    size = self.convolve(wide([from, width], stride, dilation), size);
                    size = self.convolve(wide([width, to], 1, dilation), size);
                }
                if (from != to || stride != 1) && encoder.shortcut == Shortcut::B {
                    self.convolve(point([from, to], stride), entered);
                }
                from = to;
            }
            sizes[stage + 1] = size;
        }
        sizes
    }

    /// The head on features of these sizes. Heads that are neither the reference's nor the decoder with skip connections are taken to be
    /// one 1³ convolution.
    fn head(&mut self, network: NetworkConfig, patch: [usize; 3], [stem, layer1, layer2, layer3, layer4]: [[usize; 3]; 5]) {
        let (encoder, classes) = (network.encoder, network.classes);
        let [of_layer1, of_layer2, of_layer3, deepest] = encoder.stage_channels();
        let point = |channels| Convolution { channels, kernel: 1, stride: 1, dilation: 1 };
        let wide = |channels| Convolution { channels: [channels; 2], kernel: 3, stride: 1, dilation: 1 };
        match network.head {
            HeadKind::Med3d => {
                let doubled = self.refine([deepest, 32], layer4);
                self.convolve(wide(32), doubled);
                self.convolve(point([32, classes]), doubled);
            }
            HeadKind::Skip => {
                let (reduced, kept) = ((2 * encoder.base_width).clamp(8, 64), encoder.base_width.clamp(8, 32));
                self.convolve(point([deepest, reduced]), layer4);
                if encoder.strides == Strides::Ordinary {
                    for (channels, size) in [(of_layer3, layer3), (of_layer2, layer2)] {
                        self.convolve(point([reduced + channels, reduced]), size);
                        self.convolve(wide(reduced), size);
                    }
                }
                for (channels, size) in [(reduced + of_layer1, layer1), (kept + encoder.base_width + 8 * encoder.in_channels, stem)] {
                    self.convolve(point([channels, kept]), size);
                    self.convolve(wide(kept), size);
                    // What is joined is made anew.
                    self.numbers += (channels * size.iter().product::<usize>()) as f64;
                }
                self.refine([kept, classes], stem);
                // Refined logits, and what the loss makes of them.
                self.numbers += 4.0 * (classes * patch.iter().product::<usize>()) as f64;
            }
            HeadKind::Branch | HeadKind::DenseAspp => {
                self.convolve(point([deepest, classes]), layer4);
            }
        }
    }

    /// A transposed convolution that makes 2³ voxels of each.
    fn refine(&mut self, [read, written]: [usize; 2], from: [usize; 3]) -> [usize; 3] {
        let places = 8 * from.iter().product::<usize>();
        self.multiply_adds += (places * read * written) as f64;
        self.numbers += (places * written) as f64;
        self.weights += (8 * read * written + written) as f64;
        from.map(|size| 2 * size)
    }
}

/// Pairs of places along an axis that a kernel joins: those where a tap meets no padding.
fn partners(from: usize, to: usize, kernel: usize, stride: usize, dilation: usize) -> usize {
    let padding = (kernel / 2 * dilation) as isize;
    let meets = |tap: usize, place: usize| (0..from as isize).contains(&((place * stride + tap * dilation) as isize - padding));
    (0..kernel).map(|tap| (0..to).filter(|&place| meets(tap, place)).count()).sum()
}

#[cfg(test)]
mod tests {
    use medley_nn::Depth;

    use super::*;

    fn network(depth: Depth, base_width: usize, head: HeadKind) -> NetworkConfig {
        NetworkConfig { encoder: EncoderConfig::new(depth, Shortcut::B, base_width), head, classes: 3 }
    }

    /// The weights are counted beside the products, so they check the walk over the layers.
    #[test]
    fn the_walk_meets_every_weight() {
        use burn::module::Module;

        for (depth, width) in [(Depth::R10, 4), (Depth::R18, 8), (Depth::R50, 4)] {
            for head in [HeadKind::Med3d, HeadKind::Skip] {
                for strides in [Strides::Dilated, Strides::Ordinary] {
                    let mut config = network(depth, width, head);
                    config.encoder.strides = strides;
                    let real = config.init(&burn::tensor::Device::flex(), 0).num_params() as f64;
                    let counted = Work::forward(config, [32; 3], 1).weights;
                    // Biases and the logits of coarser levels are a few numbers.
                    assert!((counted / real - 1.0).abs() < 0.02, "{depth} {head} {strides:?}: {counted} against {real}");
                }
            }
        }
    }

    /// Milliseconds of a training step on two processor cores, reference head, two classes: BENCHMARKS.md, “Networks”.
    #[test]
    fn the_cost_follows_steps_that_were_measured() {
        let measured = [
            (Depth::R10, 64, 64, 155.2),
            (Depth::R10, 64, 96, 501.8),
            (Depth::R10, 16, 64, 30.5),
            (Depth::R10, 16, 96, 82.8),
            (Depth::R50, 64, 64, 626.3),
            (Depth::R50, 64, 96, 1992.8),
            (Depth::R50, 16, 64, 93.7),
            (Depth::R50, 16, 96, 266.5),
        ];
        let ratio = |&(depth, width, size, ms): &(Depth, usize, usize, f64)| {
            let network = NetworkConfig { classes: 2, ..network(depth, width, HeadKind::Med3d) };
            Work::step(network, [size; 3], 1, Checkpointing::Off).cost(true) / ms
        };
        let ratios: Vec<f64> = measured.iter().map(ratio).collect();
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!(ratios.iter().all(|ratio| (ratio / mean - 1.0).abs() < 0.2), "{ratios:?}");
    }

    #[test]
    fn padding_is_not_multiplied() {
        // A kernel of 3 on 8 places: the outer taps miss one place each; with dilation 4 half of them.
        assert_eq!((partners(8, 8, 3, 1, 1), partners(8, 8, 3, 1, 4), partners(8, 4, 3, 2, 1), partners(5, 5, 1, 1, 1)), (22, 16, 11, 5));
    }

    #[test]
    fn work_grows_with_the_patch_and_a_little_faster() {
        let of = |size| Work::forward(network(Depth::R10, 16, HeadKind::Skip), [size; 3], 1).multiply_adds;
        let ratio = of(96) / of(48);
        assert!(ratio > 8.0 && ratio < 13.0, "{ratio}");
        let step = Work::step(network(Depth::R10, 16, HeadKind::Skip), [48; 3], 2, Checkpointing::Off);
        assert!((step.multiply_adds / of(48) - 6.0).abs() < 1e-9);
    }
}
