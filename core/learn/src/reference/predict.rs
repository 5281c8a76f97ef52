use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use medley_nn::weights::WeightsFile;
use medley_nn::{HeadKind, SegmentationNetwork};
use medley_volume::{LabelMap, Volume};

use super::{FileArray, mask_of, test_input};
use crate::LearnError;
use crate::device::{DeviceChoice, OpenDevice, open};

/// A network with the reference's head, used on scans as the reference tests it.
pub struct ReferenceModel {
    network: SegmentationNetwork,
    device: OpenDevice,
    id: String,
}

impl ReferenceModel {
    /// A checkpoint of the reference with its `conv_seg`; it needs no card.
    ///
    /// # Errors
    /// If the file holds no whole network with that head, or the device does not work.
    pub fn new(file: &WeightsFile, device: DeviceChoice) -> Result<Self, LearnError> {
        if file.architecture()?.head != Some(HeadKind::Med3d) {
            let name = file.name();
            return Err(LearnError::Setting(format!(
                "{name} has no head of the reference (conv_seg), which --parity is for: give one with --head-weights, or leave --parity out"
            )));
        }
        let device = open(device)?;
        let network = file.network(&device.device)?.valid();
        Ok(Self { network, device, id: file.sha256().to_owned() })
    }

    /// Classes of the head, background included.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.network.config().classes
    }

    /// SHA-256 of its file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The device's name.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device.name
    }

    /// Classes of a scan on its own grid: stretched to `size`, normalised, noise from `seed`, one forward pass, stretched back.
    ///
    /// # Errors
    /// If no voxel of the scan is above zero, or the device fails.
    pub fn predict(&self, scan: &Volume, size: [usize; 3], seed: u64) -> Result<LabelMap, LearnError> {
        let scan_array = FileArray::of_volume(scan);
        let shape = scan_array.shape;
        let FileArray { shape: [d, h, w], values } = test_input(&scan_array, size, seed)?;
        let input = Tensor::<5>::from_data(TensorData::new(values, [1, 1, d, h, w]), &self.device.device);
        let output = self.network.forward(input);
        let [_, _, d, h, w] = output.dims();
        let failed = |reason: String| LearnError::Compute { device: self.device.name.clone(), reason };
        let data = output.try_into_data().map_err(|error| failed(error.to_string()))?;
        let values = data.try_into_vec::<f32>().map_err(|error| failed(format!("{error:?}")))?;
        let logits: Vec<FileArray> = values.chunks(d * h * w).map(|class| FileArray { shape: [d, h, w], values: class.to_vec() }).collect();
        Ok(mask_of(&logits, shape).into_labels(*scan.grid())?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::tensor::Device;
    use medley_nn::weights::{save_encoder, save_network};
    use medley_nn::{Depth, EncoderConfig, NetworkConfig, Shortcut};
    use medley_volume::{Grid, Quantity, Scaling, Voxels};

    use super::*;

    #[test]
    fn a_mask_lies_on_the_scans_grid_in_its_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = NetworkConfig { encoder: EncoderConfig::new(Depth::R10, Shortcut::B, 2), head: HeadKind::Med3d, classes: 3 };
        let network = config.init(&Device::flex(), 1);
        let [whole, alone] = ["whole", "alone"].map(|name| folder.path().join(name));
        save_network(&whole, &network, &BTreeMap::new()).expect("saved");
        save_encoder(&alone, &network.encoder, &BTreeMap::new(), false).expect("saved");
        let open = |path| ReferenceModel::new(&WeightsFile::open(path).expect("opened"), DeviceChoice::Cpu);
        assert!(open(&alone).is_err_and(|error| error.to_string().contains("conv_seg")));
        let model = open(&whole).expect("a model");
        let grid = Grid::axis_aligned([20, 17, 9], [1.0, 1.0, 2.0]).expect("a grid");
        let values = (0..grid.len()).map(|offset| 1 + (offset * offset % 61) as i16 + (offset % 20) as i16).collect();
        let scan = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let labels = model.predict(&scan, [24, 16, 8], 0).expect("a mask");
        assert!(labels.grid().is_same_as(&grid, 1e-12) && labels.counts().len() > 1, "{:?}", labels.counts());
        // The first axis of the file is the depth: the scan turned round is another scan to the network.
        let input = test_input(&FileArray::of_volume(&scan), [24, 16, 8], 0).expect("an input");
        let x = Tensor::<5>::from_data(TensorData::new(input.values, [1, 1, 24, 16, 8]), &Device::flex());
        let logits = network.valid().forward(x).to_data().try_to_vec::<f32>().expect("f32");
        let size = [6, 4, 2];
        let classes: Vec<_> = logits.chunks(48).map(|class| FileArray { shape: size, values: class.to_vec() }).collect();
        assert_eq!(FileArray::of_labels(&labels), mask_of(&classes, [20, 17, 9]));
    }
}
