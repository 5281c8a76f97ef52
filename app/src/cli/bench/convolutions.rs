//! The convolutions of ResNet-10, one by one.

use medley_kernels::{Geometry, forward, input_gradient, weight_gradient};
use serde_json::json;

use super::peer::Peer;
use super::{Arguments, Failure, Row, in_turn};

/// Name, channels as multiples of the base width (0: the input's one), input voxels per voxel of this layer's input, kernel,
/// stride, dilation.
type Layer = (&'static str, [usize; 2], usize, usize, usize, usize);

const LAYERS: [Layer; 9] = [
    ("conv1", [0, 1], 1, 7, 2, 1),
    ("layer1", [1, 1], 4, 3, 1, 1),
    ("layer2.0.conv1", [1, 2], 4, 3, 2, 1),
    ("layer2.0.conv2", [2, 2], 8, 3, 1, 1),
    ("layer3.0.conv1", [2, 4], 8, 3, 1, 2),
    ("layer3.0.conv2", [4, 4], 8, 3, 1, 2),
    ("layer4.0.conv1", [4, 8], 8, 3, 1, 4),
    ("layer4.0.conv2", [8, 8], 8, 3, 1, 4),
    ("layer4.0.downsample", [4, 8], 8, 1, 1, 1),
];

pub(super) fn measure(arguments: &Arguments, mut peer: Option<&mut Peer>) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for &base_width in &arguments.base_width {
        for &size in &arguments.size {
            for (layer, channels, coarser, kernel, stride, dilation) in LAYERS {
                let [in_channels, out_channels] = channels.map(|factor| (factor * base_width).max(1));
                let geometry = Geometry {
                    batch: 1,
                    in_channels,
                    out_channels,
                    input: [size.div_ceil(coarser); 3],
                    kernel: [kernel; 3],
                    stride: [stride; 3],
                    padding: [dilation * (kernel / 2); 3],
                    dilation: [dilation; 3],
                };
                if let Some(peer) = &mut peer {
                    let [d, h, w] = geometry.input;
                    peer.ask(&json!({
                        "kind": "convolution", "input": [1, in_channels, d, h, w], "weight": [out_channels, in_channels, kernel, kernel, kernel],
                        "stride": stride, "padding": geometry.padding[0], "dilation": dilation,
                    }))?;
                }
                rows.extend(layer_rows(&geometry, &format!("{layer} width {base_width} {size}³"), arguments.rounds, peer.as_deref_mut())?);
            }
        }
    }
    Ok(rows)
}

/// Forward alone, and forward with both gradients (of the weight alone for the first layer).
fn layer_rows(geometry: &Geometry, name: &str, rounds: usize, mut peer: Option<&mut Peer>) -> Result<[Row; 2], Failure> {
    let numbers = |len: usize| -> Vec<f32> { (0..len).map(|at| ((at * 37) % 101) as f32 / 50.0 - 1.0).collect() };
    let (input, weight, upstream) = (numbers(geometry.input_len()), numbers(geometry.weight_len()), numbers(geometry.output_len()));
    let mut output = vec![0.0; geometry.output_len()];
    let alone = in_turn(format!("{name} forward"), rounds, peer.as_mut().map(|peer| (&mut **peer, "forward")), || {
        forward(geometry, &input, &weight, None, &mut output);
        Ok(())
    })?;
    let (mut of_input, mut of_weight) = (vec![0.0; geometry.input_len()], vec![0.0; geometry.weight_len()]);
    let all = in_turn(format!("{name} and back"), rounds, peer.as_mut().map(|peer| (&mut **peer, "step")), || {
        forward(geometry, &input, &weight, None, &mut output);
        if geometry.in_channels > 1 {
            input_gradient(geometry, &weight, &upstream, &mut of_input);
        }
        weight_gradient(geometry, &input, &upstream, &mut of_weight);
        Ok(())
    })?;
    Ok([alone, all])
}
