use burn::tensor::Tensor;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;

/// Max-pooling over cubes. Padding never wins: it counts as minus infinity.
///
/// The tensor library pools in two dimensions only, but a maximum of maxima is a maximum: first over H and W, then over D.
///
/// # Shapes
/// - input: `[N, C, D, H, W]`
/// - output: `[N, C, D', H', W']` with `D' = ⌊(D + 2·padding − kernel) / stride⌋ + 1`
pub fn max_pool3d(input: Tensor<5>, kernel: usize, stride: usize, padding: usize) -> Tensor<5> {
    let [n, c, d, h, w] = input.dims();
    let in_plane = MaxPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
    let planes = max_pool2d(input.reshape([n * c, d, h, w]), in_plane);
    let [_, _, h, w] = planes.dims();
    let through_planes = MaxPoolOptions::new([kernel, 1]).with_stride([stride, 1]).with_padding([padding, 0]);
    let pooled = max_pool2d(planes.reshape([n, c, d, h * w]), through_planes);
    let d = pooled.dims()[2];
    pooled.reshape([n, c, d, h, w])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    /// Distinct negative numbers in a scrambled order, so that padding with zeros would be seen.
    fn scrambled(shape: [usize; 5]) -> Vec<f32> {
        let len: usize = shape.iter().product();
        (0..len).map(|v| -1.0 - ((v * 7919) % len) as f32).collect()
    }

    #[test]
    fn it_is_the_maximum_of_each_cube_and_its_gradient_goes_to_the_winner() {
        let device = Device::flex().autodiff();
        let shape = [1, 2, 5, 4, 6];
        let values = scrambled(shape);
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape(shape).require_grad();
        let output = max_pool3d(input.clone(), 3, 2, 1);
        assert_eq!(output.dims(), [1, 2, 3, 2, 3]);
        let found = output.to_data().try_to_vec::<f32>().expect("f32");
        let gradients = output.sum().backward();
        let gradient = input.grad(&gradients).expect("a gradient").to_data().try_to_vec::<f32>().expect("f32");
        let mut wins = vec![0.0; values.len()];
        let mut at = 0;
        for c in 0..2 {
            for (d, h, w) in (0..3).flat_map(|d| (0..2).flat_map(move |h| (0..3).map(move |w| (d, h, w)))) {
                let span = |o: usize, size: usize| (2 * o).saturating_sub(1)..(2 * o + 2).min(size);
                let offsets = span(d, 5).flat_map(|i| span(h, 4).flat_map(move |j| span(w, 6).map(move |k| ((c * 5 + i) * 4 + j) * 6 + k)));
                let winner = offsets.max_by(|&a, &b| values[a].total_cmp(&values[b])).expect("a voxel");
                assert_eq!(found[at], values[winner]);
                wins[winner] += 1.0;
                at += 1;
            }
        }
        assert_eq!(gradient, wins);
    }
}
