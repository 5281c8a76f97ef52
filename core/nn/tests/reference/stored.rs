use std::path::{Path, PathBuf};

use burn::tensor::{Device, Int, Tensor, TensorData};
use medley_nn::weights::WeightsFile;
use medley_nn::{Features, NetworkConfig, SegmentationNetwork, ShortcutGradient};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

/// Where the reference's files are.
pub fn parity() -> PathBuf {
    PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/")).join("parity")
}

/// Arrays in a `.safetensors` file.
pub struct Stored(Vec<u8>);

impl Stored {
    pub fn open(path: &Path) -> Self {
        Self(std::fs::read(path).expect("a file of arrays"))
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.0).expect("safetensors")
    }

    pub fn get(&self, name: &str) -> Option<(Vec<f32>, Vec<usize>)> {
        let tensors = self.tensors();
        let view = tensors.tensor(name).ok()?;
        let bytes = view.data();
        let values = match view.dtype() {
            Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Dtype::F64 => bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            Dtype::I64 => bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b) as f32).collect(),
            other => panic!("{other:?}"),
        };
        Some((values, view.shape().to_vec()))
    }

    pub fn values(&self, name: &str) -> Vec<f32> {
        self.get(name).unwrap_or_else(|| panic!("no {name}")).0
    }

    pub fn input(&self, device: &Device) -> Tensor<5> {
        let (values, shape) = self.get("input").expect("an input");
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    pub fn target(&self, device: &Device) -> Tensor<4, Int> {
        let (values, shape) = self.get("target").expect("a target");
        let classes: Vec<i64> = values.into_iter().map(|v| v as i64).collect();
        Tensor::from_data(TensorData::new(classes, shape), device)
    }
}

/// A network with parameters by name.
pub fn network_of(
    name: &str,
    parameters: &[(String, Vec<usize>, Vec<f32>)],
    gradient: ShortcutGradient,
    device: &Device,
) -> SegmentationNetwork {
    let bytes: Vec<Vec<u8>> = parameters.iter().map(|(.., values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = parameters.iter().zip(&bytes);
    let views = views.map(|((name, shape, _), data)| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), data).expect("a view")));
    let file = WeightsFile::from_bytes(name, &safetensors::serialize(views, None).expect("bytes")).expect("weights");
    let config = file.architecture().expect("known").network_config().expect("a head");
    let encoder = medley_nn::EncoderConfig { shortcut_gradient: gradient, ..config.encoder };
    file.network_as(NetworkConfig { encoder, ..config }, device).expect("a network")
}

/// One of the reference's networks: its checkpoint and the head beside it.
pub fn reference(checkpoint: &str, head: &str, gradient: ShortcutGradient, device: &Device) -> SegmentationNetwork {
    let (encoder, _) = WeightsFile::open(&parity().join(checkpoint)).and_then(|file| file.encoder(&Device::flex())).expect("an encoder");
    let mut parameters: Vec<_> = super::training::values(&encoder).into_iter().collect();
    let head = Stored::open(&parity().join(head));
    for (name, view) in head.tensors().iter().filter(|(name, _)| !name.ends_with("num_batches_tracked")) {
        parameters.push((name.trim_start_matches("module.").to_owned(), (view.shape().to_vec(), head.values(name))));
    }
    let parameters: Vec<_> = parameters.into_iter().map(|(name, (shape, values))| (name, shape, values)).collect();
    network_of(checkpoint, &parameters, gradient, device)
}

pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_data().expect("computed").try_to_vec().expect("f32")
}

/// The stages as the stored arrays call them.
pub fn stages(features: Features) -> [(&'static str, Tensor<5>); 6] {
    let Features { conv1, max_pool, layer1, layer2, layer3, layer4, .. } = features;
    [("conv1", conv1), ("maxpool", max_pool), ("layer1", layer1), ("layer2", layer2), ("layer3", layer3), ("layer4", layer4)]
}
