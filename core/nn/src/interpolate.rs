use burn::tensor::{Device, Tensor, TensorData};

/// Trilinear resampling to `[D, H, W]`, as `torch.nn.functional.interpolate(mode="trilinear")`.
///
/// With `align_corners` the centres of the outer voxels lie on each other, which is also scipy's `zoom` of order 1; without it
/// the outer faces do.
///
/// # Shapes
/// - input: `[N, C, d, h, w]`
/// - output: `[N, C, D, H, W]`
pub fn resize_trilinear(input: Tensor<5>, size: [usize; 3], align_corners: bool) -> Tensor<5> {
    resample(input, size, |from, to, at| match align_corners {
        true if to == 1 => 0.0,
        true => at as f64 * ((from - 1) as f64 / (to - 1) as f64),
        false => (at as f64 + 0.5) * (from as f64 / to as f64) - 0.5,
    })
}

/// Twice as fine, where voxel `2·i` lies on the coarse voxel `i`: the geometry of convolutions with stride 2, whose outputs are
/// centred on every other input. `size` is the fine size, the coarse one twice or less it.
pub(crate) fn refine_trilinear(input: Tensor<5>, size: [usize; 3]) -> Tensor<5> {
    resample(input, size, |_, _, at| at as f64 / 2.0)
}

/// From features of any stride to what they are features of: voxel `stride·i` lies on the coarse voxel `i`, since convolutions with
/// strides of 2 are centred on every other input, beginning with the first.
pub(crate) fn stretch_trilinear(input: Tensor<5>, size: [usize; 3]) -> Tensor<5> {
    resample(input, size, |from, to, at| at as f64 / stride(from, to) as f64)
}

/// The power of two that made `from` voxels out of `to`. From two voxels up there is only one; of a single one everything is made
/// alike.
fn stride(from: usize, to: usize) -> usize {
    let mut stride = 1;
    while to.div_ceil(stride) > from {
        stride *= 2;
    }
    stride
}

/// One product with a matrix of weights per axis whose size changes.
fn resample(input: Tensor<5>, size: [usize; 3], position: impl Fn(usize, usize, usize) -> f64) -> Tensor<5> {
    let device = input.device();
    let [n, c, mut d, mut h, w] = input.dims();
    let weights = |from: usize, to: usize| axis_weights(from, to, |at| position(from, to, at), &device);
    let mut x = input;
    if d != size[0] {
        let matrix = weights(d, size[0]).reshape([1, size[0], d]);
        x = matrix.matmul(x.reshape([n * c, d, h * w])).reshape([n, c, size[0], h, w]);
        d = size[0];
    }
    if h != size[1] {
        let matrix = weights(h, size[1]).reshape([1, size[1], h]);
        x = matrix.matmul(x.reshape([n * c * d, h, w])).reshape([n, c, d, size[1], w]);
        h = size[1];
    }
    if w != size[2] {
        let matrix = weights(w, size[2]).transpose();
        x = x.reshape([n * c * d * h, w]).matmul(matrix).reshape([n, c, d, h, size[2]]);
    }
    x
}

/// `[to, from]`: how much each coarse voxel counts for each fine one; rows sum to one.
fn axis_weights(from: usize, to: usize, position: impl Fn(usize) -> f64, device: &Device) -> Tensor<2> {
    let mut weights = vec![0.0f32; to * from];
    for (at, row) in weights.chunks_mut(from).enumerate() {
        let source = position(at).clamp(0.0, (from - 1) as f64);
        let low = source.floor() as usize;
        let high = (low + 1).min(from - 1);
        let share = (source - low as f64) as f32;
        row[low] += 1.0 - share;
        row[high] += share;
    }
    Tensor::from_data(TensorData::new(weights, [to, from]), device)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[f32]) -> Tensor<5> {
        Tensor::<1>::from_floats(values, &Device::flex()).reshape([1, 1, 1, 1, values.len()])
    }

    fn numbers(tensor: Tensor<5>) -> Vec<f32> {
        tensor.to_data().try_to_vec().expect("f32")
    }

    #[test]
    fn corners_are_aligned_or_faces_are() {
        let aligned = numbers(resize_trilinear(line(&[0.0, 3.0]), [1, 1, 4], true));
        assert!(aligned.iter().zip([0.0, 1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-6), "{aligned:?}");
        let faces = numbers(resize_trilinear(line(&[0.0, 4.0]), [1, 1, 4], false));
        assert_eq!(faces, vec![0.0, 1.0, 3.0, 4.0]);
        assert_eq!(numbers(refine_trilinear(line(&[0.0, 4.0, 8.0]), [1, 1, 5])), vec![0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(numbers(stretch_trilinear(line(&[0.0, 4.0]), [1, 1, 7])), vec![0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0]);
    }

    #[test]
    fn a_stride_is_known_by_what_it_left() {
        for factor in [1, 2, 4, 8, 32usize] {
            for size in factor + 1..100 {
                assert_eq!(stride(size.div_ceil(factor), size), factor, "{size}");
            }
        }
        assert!(numbers(stretch_trilinear(line(&[5.0]), [3, 8, 4])).iter().all(|v| *v == 5.0));
    }

    /// A function linear along each axis is reproduced exactly between the corners.
    #[test]
    fn a_linear_function_stays_linear_along_every_axis() {
        let function = |d: f64, h: f64, w: f64| (1.0 + d) * (2.0 - h) * (0.5 + 3.0 * w);
        let field = |size: [usize; 3]| -> Vec<f32> {
            let place = |at: usize, n: usize| at as f64 / (n - 1) as f64;
            let mut values = Vec::new();
            for (d, h, w) in (0..size[0]).flat_map(|d| (0..size[1]).flat_map(move |h| (0..size[2]).map(move |w| (d, h, w)))) {
                values.push(function(place(d, size[0]), place(h, size[1]), place(w, size[2])) as f32);
            }
            values
        };
        let (from, to) = ([3, 4, 2], [5, 3, 7]);
        let input = Tensor::<1>::from_floats(field(from).as_slice(), &Device::flex()).reshape([1, 1, 3, 4, 2]);
        let output = numbers(resize_trilinear(input, to, true));
        for (found, wanted) in output.iter().zip(field(to)) {
            assert!((found - wanted).abs() < 1e-5, "{found} against {wanted}");
        }
    }

    #[test]
    fn the_gradient_is_the_transposed_weights() {
        let device = Device::flex().autodiff();
        let input = Tensor::<1>::from_floats([1.0, -2.0, 0.5, 4.0], &device).reshape([1, 1, 1, 2, 2]).require_grad();
        let factors = Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &device).reshape([1, 1, 1, 3, 3]);
        let loss = |x: Tensor<5>| (resize_trilinear(x, [1, 3, 3], true) * factors.clone()).sum();
        let gradients = loss(input.clone()).backward();
        let gradient = numbers(input.grad(&gradients).expect("a gradient"));
        // By hand: corner weights 1, edges ½, centre ¼.
        let by_hand = [1.0 + 1.0 + 2.0 + 1.25, 3.0 + 1.0 + 3.0 + 1.25, 7.0 + 2.0 + 4.0 + 1.25, 9.0 + 4.0 + 3.0 + 1.25];
        assert!(gradient.iter().zip(by_hand).all(|(a, b)| (a - b as f32).abs() < 1e-5), "{gradient:?}");
    }
}
