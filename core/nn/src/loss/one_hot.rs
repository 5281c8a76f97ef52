use burn::tensor::{Int, Tensor, TensorData};

/// One where a voxel is of a class, zero elsewhere; a voxel that counts nowhere is zero in every class.
///
/// # Shapes
/// - target: `[N, D, H, W]`
/// - output: `[N, classes, D, H, W]`
pub(super) fn one_hot(target: Tensor<4, Int>, classes: usize, ignore: Option<i64>) -> Tensor<5> {
    let [n, d, h, w] = target.dims();
    let device = target.device();
    // An ignored class gets a number that no voxel has.
    let numbers: Vec<i64> = (0..classes as i64).map(|class| if ignore == Some(class) { i64::from(i32::MIN) } else { class }).collect();
    let numbers = Tensor::<5, Int>::from_data(TensorData::new(numbers, [1, classes, 1, 1, 1]), &device);
    let shape = [n, classes, d, h, w];
    target.reshape([n, 1, d, h, w]).expand(shape).equal(numbers.expand(shape)).float()
}
