use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, sigmoid};

use super::Annotated;
use crate::detect::TargetMaps;
use crate::head::Maps;

/// How much easy places count less.
const ALPHA: f64 = 2.0;
/// How much places near a centre count less.
const BETA: f64 = 4.0;

/// Loss of a heat map: penalty-reduced focal loss, summed over places and divided by the number of centres (at least one).
///
/// At centres `−(1 − p)^α · ln p`; elsewhere `−(1 − heat)^β · p^α · ln(1 − p)`; with α = 2, β = 4.
///
/// A class that nobody looked for in a sample has exactly no loss and no gradient there.
///
/// # Shapes
/// - logits, heat: `[N, classes, D, H, W]`; heat is one at centres and below one elsewhere
/// - output: `[1]`
///
/// Zhou et al., Objects as Points (arXiv 1904.07850), eq. 1, after Law and Deng, CornerNet (2018).
pub fn heat_map_focal(logits: Tensor<5>, heat: Tensor<5>, annotated: Option<&Annotated>) -> Tensor<1> {
    let is_center = heat.clone().greater_equal_elem(1.0).float();
    let far = heat.neg().add_scalar(1.0).powf_scalar(BETA) * is_center.clone().neg().add_scalar(1.0);
    let (chance, no_chance) = (sigmoid(logits.clone()), sigmoid(logits.clone().neg()));
    let at_centers = no_chance.powf_scalar(ALPHA) * log_sigmoid(logits.clone()) * is_center.clone();
    let elsewhere = far * chance.powf_scalar(ALPHA) * log_sigmoid(logits.neg());
    let places = at_centers + elsewhere;
    let places = match annotated {
        Some(annotated) => {
            let factors = annotated.of_objects(places.dims()[1], &places.device());
            places * factors
        }
        None => places,
    };
    // Axis by axis: a sum over many numbers at once is split among threads as they come, and its last digits with it.
    places.sum_dims(&[2, 3, 4]).sum().neg() / is_center.sum_dims(&[2, 3, 4]).sum().clamp_min(1.0)
}

/// Mean absolute difference along the three axes at the cells of centres; zero where there is none.
///
/// # Shapes
/// - found, wanted: `[N, 3, D, H, W]`
/// - centers: `[N, 1, D, H, W]`, one or zero
/// - output: `[1]`
pub fn absolute_at_centers(found: Tensor<5>, wanted: Tensor<5>, centers: Tensor<5>) -> Tensor<1> {
    let count = centers.clone().sum_dims(&[2, 3, 4]).sum().clamp_min(1.0).mul_scalar(3.0);
    ((found - wanted).abs() * centers).sum_dims(&[2, 3, 4]).sum() / count
}

/// The whole loss of a detector: [`heat_map_focal`], and [`absolute_at_centers`] of sizes and of offsets.
///
/// All three count alike. Zhou et al. count sizes a tenth, but theirs are in pixels; ours are logarithms, whose differences are
/// shares of the size.
/// Sizes and offsets are learned at centres only, and a class that nobody looked for has none.
pub fn detection_loss(maps: Maps, targets: TargetMaps, annotated: Option<&Annotated>) -> Tensor<1> {
    heat_map_focal(maps.heat, targets.heat, annotated)
        + absolute_at_centers(maps.size, targets.size, targets.centers.clone())
        + absolute_at_centers(maps.offset, targets.offset, targets.centers)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::detect::{Box3, Object};
    use crate::loss::slopes::{assert_slopes, value};

    const SHAPE: [usize; 5] = [1, 2, 2, 3, 2];

    fn logits() -> Vec<f32> {
        (0..24).map(|v| ((v * 29 % 17) as f32 - 8.0) / 4.0).collect()
    }

    fn heat(device: &Device) -> Tensor<5> {
        let heat: Vec<f32> = (0..24).map(|at| if at == 3 || at == 17 { 1.0 } else { (at * 5 % 12) as f32 / 16.0 }).collect();
        Tensor::<1>::from_floats(heat.as_slice(), device).reshape(SHAPE)
    }

    #[test]
    fn the_focal_loss_is_as_worked_out_place_by_place() {
        let device = Device::flex();
        let target = heat(&device).to_data().try_to_vec::<f32>().expect("f32");
        let mut wanted = 0.0;
        for (logit, heat) in logits().into_iter().zip(target) {
            let (p, heat) = (1.0 / (1.0 + (-f64::from(logit)).exp()), f64::from(heat));
            wanted -= if heat == 1.0 { (1.0 - p).powi(2) * p.ln() } else { (1.0 - heat).powi(4) * p.powi(2) * (1.0 - p).ln() };
        }
        let found = value(&|x| heat_map_focal(x, heat(&device), None), &logits(), SHAPE, &device);
        assert!((found - wanted / 2.0).abs() < 1e-4, "{found} {wanted}");
    }

    #[test]
    fn gradients_are_the_slopes() {
        let device = Device::flex().autodiff();
        assert_slopes(&|x| heat_map_focal(x, heat(&device), None), &logits(), SHAPE);
        let shape = [1, 3, 2, 2, 2];
        let centers = || Tensor::<1>::from_floats([0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0], &device).reshape([1, 1, 2, 2, 2]);
        let zeros = || Tensor::zeros(shape, &device);
        let gradient = assert_slopes(&|x| absolute_at_centers(x, zeros(), centers()), &logits(), shape);
        assert!(gradient.iter().enumerate().all(|(at, slope)| (*slope != 0.0) == [1, 6].contains(&(at % 8))), "{gradient:?}");
    }

    /// Of two samples one was not searched for class 1: its logits there cost nothing, whatever they are, and all others cost as
    /// much as ever.
    #[test]
    fn a_class_that_nobody_looked_for_costs_nothing() {
        let device = Device::flex().autodiff();
        let shape = [2, 2, 2, 3, 1];
        let annotated = Annotated::new(vec![vec![true, true, false], vec![true, true, true]]);
        let mut target = heat(&device).to_data().try_to_vec::<f32>().expect("f32");
        target[6..12].fill(0.0);
        let target = Tensor::<1>::from_floats(target.as_slice(), &device).reshape(shape);
        let loss = |x: Tensor<5>| heat_map_focal(x, target.clone(), Some(&annotated));
        let gradient = assert_slopes(&loss, &logits(), shape);
        assert!(gradient.iter().enumerate().all(|(at, slope)| (*slope == 0.0) == (6..12).contains(&at)), "{gradient:?}");
        let mut others = logits();
        others[6..12].fill(-3.0);
        let whole = value(&|x| heat_map_focal(x, target.clone(), None), &others, shape, &device);
        let cost = value(
            &|x| heat_map_focal(x.narrow(0, 0, 1).narrow(1, 1, 1), target.clone().narrow(0, 0, 1).narrow(1, 1, 1), None),
            &others,
            shape,
            &device,
        );
        let centers = target.clone().greater_equal_elem(1.0).float().sum().into_scalar::<f32>();
        assert!((value(&loss, &logits(), shape, &device) - (whole - cost / f64::from(centers))).abs() < 1e-4);
    }

    #[test]
    fn very_sure_logits_stay_finite_in_loss_and_gradient() {
        let device = Device::flex().autodiff();
        let sure: Vec<f32> = (0..24).map(|at| if at % 2 == 0 { 80.0 } else { -80.0 }).collect();
        let input = Tensor::<1>::from_floats(sure.as_slice(), &device).reshape(SHAPE).require_grad();
        let loss = heat_map_focal(input.clone(), heat(&device), None);
        let gradients = loss.clone().backward();
        let gradient = input.grad(&gradients).expect("a gradient").to_data().try_to_vec::<f32>().expect("f32");
        assert!(loss.to_data().try_to_vec::<f32>().expect("f32")[0].is_finite() && gradient.iter().all(|g| g.is_finite()));
    }

    #[test]
    fn an_input_without_objects_costs_only_false_heat() {
        let device = Device::flex();
        let maps = |heat: f64| Maps {
            heat: Tensor::full([1, 1, 2, 2, 2], heat, &device),
            size: Tensor::full([1, 3, 2, 2, 2], 5.0, &device),
            offset: Tensor::full([1, 3, 2, 2, 2], 5.0, &device),
        };
        let loss = |heat: f64, objects: Vec<Object>| {
            let targets = TargetMaps::new(&[objects], [8; 3], 1, &device);
            detection_loss(maps(heat), targets, None).to_data().try_to_vec::<f32>().expect("f32")[0]
        };
        assert!(loss(-20.0, Vec::new()) < 1e-6 && loss(2.0, Vec::new()) > 1.0);
        let one = Object { bounds: Box3 { low: [2.0; 3], high: [6.0; 3] }, class: 0 };
        assert!(loss(-20.0, vec![one]) > 10.0);
    }
}
