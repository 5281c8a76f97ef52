//! Whole scans, window by window.

use burn::tensor::{Tensor, TensorData};
use medley_nn::DetectionNetwork;
use medley_nn::detect::{Box3, Detection, MapValues, decode, non_maximum_suppression};

use super::DetectSettings;
use crate::device::OpenDevice;
use crate::predict::{cut, window_starts};
use crate::prepare::Prepared;
use crate::{Control, LearnError};

/// The boxes in a prepared scan, along S, A, R, surest first.
///
/// Windows overlap by half or more. A box counts only in the window whose middle its centre is nearest to along each axis: near a
/// window's rim the network sees half of an object and guesses. What two windows still tell of twice is dropped by
/// non-maximum suppression.
pub(super) fn search(
    network: &DetectionNetwork,
    prepared: &Prepared,
    patch: [usize; 3],
    settings: &DetectSettings,
    device: &OpenDevice,
    control: &Control,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<Detection>, LearnError> {
    let [nr, na, ns] = prepared.image.shape;
    let shape = [ns, na, nr];
    let starts: [Vec<isize>; 3] = std::array::from_fn(|axis| window_starts(shape[axis], patch[axis]));
    let zones: [Vec<[f64; 2]>; 3] = std::array::from_fn(|axis| zones(&starts[axis], patch[axis], shape[axis]));
    let windows = starts.iter().map(Vec::len).product();
    let (mut found, mut done) = (Vec::new(), 0);
    for (&s, zone_s) in starts[0].iter().zip(&zones[0]) {
        for (&a, zone_a) in starts[1].iter().zip(&zones[1]) {
            for (&r, zone_r) in starts[2].iter().zip(&zones[2]) {
                control.check()?;
                let window = cut(&prepared.image, patch, [s, a, r]);
                for mut detection in in_window(network, window, patch, settings, device)? {
                    detection.bounds = detection.bounds.moved([s as f64, a as f64, r as f64]);
                    let center = detection.bounds.center();
                    let is_here = [zone_s, zone_a, zone_r].iter().zip(center).all(|(zone, x)| zone[0] <= x && x < zone[1]);
                    if is_here {
                        let whole = Box3 { low: [0.0; 3], high: shape.map(|n| n as f64) };
                        detection.bounds = detection.bounds.intersection(&whole);
                        found.push(detection);
                    }
                }
                done += 1;
                progress(done, windows);
            }
        }
    }
    let mut kept = non_maximum_suppression(found, settings.overlap);
    kept.truncate(settings.most);
    Ok(kept)
}

/// Which part of an axis each window answers for: up to the middle of what it shares with the next.
fn zones(starts: &[isize], size: usize, n: usize) -> Vec<[f64; 2]> {
    let between = |pair: &[isize]| (pair[0] + size as isize + pair[1]) as f64 / 2.0;
    let inner: Vec<f64> = starts.windows(2).map(between).collect();
    let lows = std::iter::once(0.0).chain(inner.iter().copied());
    lows.zip(inner.iter().copied().chain([n as f64])).map(|(low, high)| [low, high]).collect()
}

fn in_window(
    network: &DetectionNetwork,
    window: Vec<f32>,
    [d, h, w]: [usize; 3],
    settings: &DetectSettings,
    device: &OpenDevice,
) -> Result<Vec<Detection>, LearnError> {
    let failed = |reason: String| LearnError::Compute { device: device.name.clone(), reason };
    let maps = network.forward(Tensor::from_data(TensorData::new(window, [1, 1, d, h, w]), &device.device));
    let [_, _, cd, ch, cw] = maps.heat.dims();
    let values = |tensor: Tensor<5>| {
        let data = tensor.try_into_data().map_err(|error| failed(error.to_string()))?;
        data.try_into_vec::<f32>().map_err(|error| failed(format!("{error:?}")))
    };
    let (heat, size, offset) = (values(maps.heat)?, values(maps.size)?, values(maps.offset)?);
    Ok(decode(&MapValues { heat: &heat, size: &size, offset: &offset, cells: [cd, ch, cw] }, settings.most, settings.least_score))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_of_an_axis_belongs_to_one_window_and_far_from_its_rims() {
        for (n, size) in [(100, 32), (33, 32), (64, 32), (20, 32)] {
            let starts = window_starts(n, size);
            let zones = zones(&starts, size, n);
            assert_eq!((zones[0][0], zones[zones.len() - 1][1]), (0.0, n as f64));
            assert!(zones.windows(2).all(|pair| pair[0][1] == pair[1][0] && pair[0][0] < pair[0][1]));
            for (zone, &start) in zones.iter().zip(&starts).skip(1) {
                assert!(zone[0] - start as f64 >= size as f64 / 4.0, "{n} {size}");
            }
        }
    }
}
