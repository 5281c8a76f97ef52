//! First kernels for another number of input channels than they were trained with.

use super::WeightsError;

/// The only tensor that sees the input's channels.
const FIRST: &str = "conv1.weight";

/// Whether a tensor of shape `found` can fill one of shape `wanted`: it is the same, or it is the first convolution and one of
/// both has a single input channel.
pub(super) fn fits(name: &str, found: &[usize], wanted: &[usize]) -> bool {
    let (&[out, from, ..], &[wanted_out, to, ..], true) = (found, wanted, name == FIRST && found.len() == wanted.len()) else {
        return found == wanted;
    };
    found == wanted || (out == wanted_out && found.get(2..) == wanted.get(2..) && (from == 1 || to == 1))
}

/// The numbers of a tensor that [`fits`], as the wanted shape needs them.
///
/// One channel becomes several by giving each an equal share, several become one by adding them up: an input whose channels are
/// all the same gives the same output either way (the inflation of Carreira & Zisserman, 2017, along channels).
pub(super) fn spread(values: Vec<f32>, found: &[usize], wanted: &[usize]) -> Vec<f32> {
    if found == wanted {
        return values;
    }
    let (&[_, from, ..], &[_, to, ..]) = (found, wanted) else { return values };
    let taps = found.iter().skip(2).product::<usize>();
    if from == 1 {
        let share = 1.0 / to as f32;
        let shared = |kernel: &[f32]| kernel.iter().map(|weight| weight * share).collect::<Vec<_>>().repeat(to);
        return values.chunks(taps.max(1)).flat_map(shared).collect();
    }
    let sum = |kernel: &[f32]| (0..taps).map(|tap| kernel.iter().skip(tap).step_by(taps).sum()).collect::<Vec<f32>>();
    values.chunks((from * taps).max(1)).flat_map(sum).collect()
}

/// # Errors
/// [`WeightsError::Channels`] if kernels for `found` channels cannot be made ones for `wanted`.
pub(super) fn require_spreadable(file: &str, found: usize, wanted: usize) -> Result<(), WeightsError> {
    if found == wanted || found == 1 || wanted == 1 {
        return Ok(());
    }
    Err(WeightsError::Channels { file: file.to_owned(), found, wanted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_channel_is_shared_out_and_several_are_added_up() {
        let one = [2, 1, 1, 1, 2];
        let three = [2, 3, 1, 1, 2];
        let values = vec![3.0, 6.0, -9.0, 12.0];
        let spread_out = spread(values.clone(), &one, &three);
        assert_eq!(spread_out, [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, -3.0, 4.0, -3.0, 4.0, -3.0, 4.0]);
        assert_eq!(spread(spread_out, &three, &one), values);
        assert_eq!(spread(values.clone(), &one, &one), values);
    }

    #[test]
    fn only_the_first_convolution_spreads_and_only_from_or_to_one() {
        let shape = |channels: usize| [8, channels, 7, 7, 7];
        assert!(fits(FIRST, &shape(1), &shape(4)) && fits(FIRST, &shape(4), &shape(1)) && fits(FIRST, &shape(4), &shape(4)));
        assert!(!fits(FIRST, &shape(2), &shape(4)) && !fits(FIRST, &[9, 1, 7, 7, 7], &shape(4)) && !fits(FIRST, &[8], &shape(1)));
        assert!(!fits("layer1.0.conv1.weight", &shape(1), &shape(4)) && fits("bn1.bias", &[8], &[8]));
        assert!(require_spreadable("a", 2, 3).is_err() && require_spreadable("a", 2, 1).is_ok());
    }
}
