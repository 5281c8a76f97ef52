use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::head::{Draw, Head, Level};
use crate::{Checkpointing, Encoder, EncoderConfig, HeadKind, NormMode, WayBack, init};

/// Everything that decides the shapes of a [`SegmentationNetwork`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The head on it.
    pub head: HeadKind,
    /// Channels of the output, background included.
    pub classes: usize,
}

impl NetworkConfig {
    /// A network with first weights from `seed` alone.
    ///
    /// # Panics
    /// If a width or the number of classes is zero.
    #[must_use]
    pub fn init(&self, device: &Device, seed: u64) -> SegmentationNetwork {
        init::initialized(SegmentationNetwork::blank(*self, device), seed)
    }
}

/// An encoder and a head: from a scan to logits per class.
#[derive(Module, Debug)]
pub struct SegmentationNetwork {
    /// The encoder.
    pub encoder: Encoder,
    head: Head,
    #[module(skip)]
    config: NetworkConfig,
}

impl SegmentationNetwork {
    pub(crate) fn blank(config: NetworkConfig, device: &Device) -> Self {
        assert!(config.classes > 0, "a network needs classes");
        let head = Head::blank(config.head, config.encoder, config.classes, device);
        Self { encoder: Encoder::blank(config.encoder, device), head, config }
    }

    /// A new head, drawn from `seed`, on an encoder that may have learnt something already.
    ///
    /// # Panics
    /// If `classes` is zero.
    #[must_use]
    pub fn from_encoder(encoder: Encoder, head: HeadKind, classes: usize, device: &Device, seed: u64) -> Self {
        let config = NetworkConfig { encoder: encoder.config(), head, classes };
        Self { encoder, ..config.init(device, seed) }
    }

    /// What it was built from.
    #[must_use]
    pub fn config(&self) -> NetworkConfig {
        self.config
    }

    /// The same network with its encoder's normalisations in another mode.
    ///
    /// The head's stay as they are: the skip decoder's know no batch, and the reference head's have learnt nothing yet that
    /// could be frozen.
    #[must_use]
    pub fn with_encoder_norm(self, mode: NormMode) -> Self {
        Self { encoder: self.encoder.with_norm_mode(mode), ..self }
    }

    /// Logits at the head's own stride ([`HeadKind::stride`]).
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: `[N, classes, D', H', W']`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        let features = self.encoder.features(input.clone());
        self.head.forward(input, &features, None)
    }

    /// [`Self::forward`] for training, with the rest of the way back if blocks are checkpointed: see
    /// [`Encoder::features_checkpointed`].
    ///
    /// # Shapes
    /// - as [`Self::forward`]
    pub fn forward_checkpointed(&self, input: Tensor<5>, checkpointing: Checkpointing) -> (Tensor<5>, Option<WayBack>) {
        let (features, way_back) = self.encoder.features_checkpointed(input.clone(), checkpointing);
        (self.head.forward(input, &features, None), way_back)
    }

    /// Logits for every voxel of the input; where the head is coarser, linear between its logits: for the reference's head with
    /// outer centres aligned as the reference does, for the others where its features are centred.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: `[N, classes, D, H, W]`
    pub fn logits_at_input(&self, input: Tensor<5>) -> Tensor<5> {
        let [_, _, d, h, w] = input.dims();
        self.head.at_input(self.forward(input), [d, h, w])
    }

    /// What a training's loss looks at: logits for every voxel of the input, with channels dropped by `draw` where the head does
    /// so. With `deep`, those at coarser resolutions follow, where the head has some ([`HeadKind::has_levels`]). Beside them the
    /// rest of the way back, if blocks are checkpointed.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    pub fn training_levels(&self, input: Tensor<5>, deep: bool, draw: Draw, checkpointing: Checkpointing) -> (Vec<Level>, Option<WayBack>) {
        let [_, _, d, h, w] = input.dims();
        let (features, way_back) = self.encoder.features_checkpointed(input.clone(), checkpointing);
        if let (Head::Skip(decoder), true) = (&self.head, deep) {
            return (decoder.forward_deep(input, &features).map(|(logits, stride)| Level { logits, stride }).into(), way_back);
        }
        let logits = self.head.forward(input, &features, Some(draw));
        (vec![Level { logits: self.head.at_input(logits, [d, h, w]), stride: 1 }], way_back)
    }

    /// [`Self::logits_at_input`] for training, as [`Self::forward_checkpointed`].
    ///
    /// # Shapes
    /// - as [`Self::logits_at_input`]
    pub fn logits_at_input_checkpointed(&self, input: Tensor<5>, checkpointing: Checkpointing) -> (Tensor<5>, Option<WayBack>) {
        let [_, _, d, h, w] = input.dims();
        let (logits, way_back) = self.forward_checkpointed(input, checkpointing);
        (self.head.at_input(logits, [d, h, w]), way_back)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::values;
    use crate::{Depth, Shortcut, Strides, parameters};

    fn config(head: HeadKind) -> NetworkConfig {
        let encoder = EncoderConfig::new(Depth::R10, Shortcut::B, 4);
        NetworkConfig { encoder, head, classes: 3 }
    }

    #[test]
    fn heads_answer_at_their_stride_whatever_the_size() {
        let device = Device::flex();
        for (head, coarse) in
            [(HeadKind::Med3d, [4, 6, 6]), (HeadKind::Skip, [15, 18, 23]), (HeadKind::Branch, [2, 3, 3]), (HeadKind::DenseAspp, [2, 3, 3])]
        {
            let network = config(head).init(&device, 1);
            let input = Tensor::zeros([2, 1, 15, 18, 23], &device);
            let [d, h, w] = coarse;
            assert_eq!(network.forward(input.clone()).dims(), [2, 3, d, h, w], "{head}");
            assert_eq!(network.logits_at_input(input).dims(), [2, 3, 15, 18, 23], "{head}");
        }
    }

    #[test]
    fn heads_answer_for_ordinary_strides_too() {
        let device = Device::flex();
        for (head, coarse) in
            [(HeadKind::Med3d, [2, 2, 4]), (HeadKind::Skip, [17, 32, 39]), (HeadKind::Branch, [1, 1, 2]), (HeadKind::DenseAspp, [1, 1, 2])]
        {
            let NetworkConfig { encoder, classes, .. } = config(head);
            let encoder = EncoderConfig { strides: Strides::Ordinary, ..encoder };
            let network = NetworkConfig { encoder, head, classes }.init(&device, 1);
            let input = Tensor::ones([1, 1, 17, 32, 39], &device);
            let [d, h, w] = coarse;
            assert_eq!(network.forward(input.clone()).dims(), [1, 3, d, h, w], "{head}");
            assert_eq!(network.logits_at_input(input).dims(), [1, 3, 17, 32, 39], "{head}");
            // The decoder's additional part is there where it is needed and only there.
            let has_ascent = parameters(&network).iter().any(|p| p.name.starts_with("decoder.ascent."));
            assert_eq!(has_ascent, head == HeadKind::Skip);
            assert!(!parameters(&config(head).init(&device, 1)).iter().any(|p| p.name.starts_with("decoder.ascent.")));
        }
    }

    #[test]
    fn an_encoder_is_the_same_with_any_head_or_none() {
        let device = Device::flex();
        let alone = values(&config(HeadKind::Skip).encoder.init(&device, 9)).expect("values");
        for head in HeadKind::ALL {
            assert_eq!(values(&config(head).init(&device, 9).encoder).expect("values"), alone);
        }
    }

    #[test]
    fn the_reference_head_has_the_reference_names() {
        let encoder = EncoderConfig::released(Depth::R10);
        let network = SegmentationNetwork::blank(NetworkConfig { encoder, head: HeadKind::Med3d, classes: 2 }, &Device::flex());
        let head: Vec<_> = parameters(&network).into_iter().filter(|p| p.name.starts_with("conv_seg.")).collect();
        let learnt = head.iter().filter(|p| p.is_learnt()).map(|p| p.shape.iter().product::<usize>()).sum::<usize>();
        assert_eq!((head.len(), learnt), (12, 158_944));
        let shape = |name: &str| head.iter().find(|p| p.name == name).map(|p| p.shape.clone());
        assert_eq!(shape("conv_seg.0.weight"), Some(vec![512, 32, 2, 2, 2]));
        assert_eq!(shape("conv_seg.6.weight"), Some(vec![2, 32, 1, 1, 1]));
    }

    /// What a fine step in the input does must be seen at its own place, or the decoder's skips are not wired.
    #[test]
    fn a_single_voxel_changes_the_skip_decoders_logits_around_itself_most() {
        let device = Device::flex();
        let network = config(HeadKind::Skip).init(&device, 2);
        let values: Vec<f32> = (0..4096).map(|v| ((v * 31 % 97) as f32 - 48.0) / 48.0).collect();
        let mut changed = values.clone();
        changed[9 * 256 + 6 * 16 + 11] += 2.0;
        let logits = |values: &[f32]| network.forward(Tensor::<1>::from_floats(values, &device).reshape([1, 1, 16, 16, 16]));
        let difference = (logits(&values) - logits(&changed)).abs().sum_dim(1).to_data().try_to_vec::<f32>().expect("f32");
        let largest = (0..4096).max_by(|&a, &b| difference[a].total_cmp(&difference[b])).expect("a voxel");
        let [d, h, w] = [largest / 256, largest / 16 % 16, largest % 16];
        assert!(d.abs_diff(9) <= 3 && h.abs_diff(6) <= 3 && w.abs_diff(11) <= 3, "{:?}", [d, h, w]);
    }

    fn ramp(shape: [usize; 5], device: &Device) -> Tensor<5> {
        let values: Vec<f32> = (0..shape.iter().product::<usize>()).map(|v| ((v * 31 % 97) as f32 - 48.0) / 48.0).collect();
        Tensor::<1>::from_floats(values.as_slice(), device).reshape(shape)
    }

    fn numbers(tensor: Tensor<5>) -> Vec<f32> {
        tensor.to_data().try_to_vec().expect("f32")
    }

    #[test]
    fn deep_supervision_looks_at_three_resolutions_and_leaves_the_finest_as_it_is() {
        let device = Device::flex();
        let (network, draw) = (config(HeadKind::Skip).init(&device, 2), Draw { seed: 0, number: 0 });
        let input = ramp([1, 1, 15, 18, 23], &device);
        let levels = network.training_levels(input.clone(), true, draw, Checkpointing::Off).0;
        let shapes: Vec<_> = levels.iter().map(|level| (level.stride, level.logits.dims())).collect();
        assert_eq!(shapes, [(1, [1, 3, 15, 18, 23]), (4, [1, 3, 4, 5, 6]), (8, [1, 3, 2, 3, 3])]);
        let plain = numbers(network.logits_at_input(input.clone()));
        assert_eq!(numbers(levels[0].logits.clone()), plain);
        for head in [HeadKind::Med3d, HeadKind::Skip, HeadKind::Branch] {
            let network = config(head).init(&device, 2);
            let levels = network.training_levels(input.clone(), false, draw, Checkpointing::Off).0;
            assert_eq!(levels.len(), 1);
            assert_eq!(numbers(levels[0].logits.clone()), numbers(network.logits_at_input(input.clone())), "{head}");
        }
    }

    /// The finest logits are a refinement of the coarser ones: their loss must reach all classifiers, and a coarse loss only the
    /// coarse ones.
    #[test]
    fn a_coarse_loss_teaches_coarse_layers_only() {
        let device = Device::flex().autodiff();
        let network = config(HeadKind::Skip).init(&device, 2);
        let input = ramp([1, 1, 16, 16, 16], &device);
        let moved = |level: usize| -> Vec<String> {
            struct Moved<'a>(&'a burn::tensor::Gradients, Vec<bool>);
            impl burn::module::ModuleVisitor for Moved<'_> {
                fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                    self.1.push(param.val().grad(self.0).is_some());
                }
            }
            let levels = network.training_levels(input.clone(), true, Draw { seed: 0, number: 0 }, Checkpointing::Off).0;
            let gradients = levels[level].logits.clone().sum().backward();
            let mut moved = Moved(&gradients, Vec::new());
            network.visit(&mut moved);
            let names = parameters(&network).into_iter().map(|p| p.name);
            names.zip(moved.1).filter(|(name, moved)| *moved && name.contains("classify")).map(|(name, _)| name).collect()
        };
        let names =
            ["decoder.classify_eighth.weight", "decoder.classify_quarter.weight", "decoder.classify.weight", "decoder.classify.bias"];
        assert_eq!(moved(0), names);
        assert_eq!(moved(1), names[..2]);
        assert_eq!(moved(2), names[..1]);
    }

    /// Features of stride 8 are centred on every eighth voxel, and there the logits must be theirs.
    #[test]
    fn coarse_logits_lie_on_every_eighth_voxel() {
        let device = Device::flex();
        for head in [HeadKind::Branch, HeadKind::DenseAspp] {
            let network = config(head).init(&device, 2);
            let input = ramp([1, 1, 20, 17, 24], &device);
            let (coarse, fine) = (network.forward(input.clone()), network.logits_at_input(input));
            let step = fine.slice(burn::tensor::s![.., .., ..;8, ..;8, ..;8]);
            assert_eq!(step.dims(), coarse.dims());
            assert!(numbers(step - coarse).into_iter().all(|difference| difference.abs() < 1e-5), "{head}");
        }
    }
}
