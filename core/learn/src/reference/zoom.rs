use rayon::prelude::*;

use super::FileArray;

/// How [`zoom`] fills in between voxels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By the nearest one: scipy's order 0.
    Nearest,
    /// Linearly: scipy's order 1.
    Linear,
}

/// Where an output voxel along an axis takes its value from: two voxels and the share of the second. `None` is outside, which is 0.
type Source = Option<(usize, usize, f64)>;

/// `scipy.ndimage.zoom` to `shape`, its defaults otherwise: outer centres lie on each other, and what lies outside is 0.
///
/// Rounding can put the last output voxel of an axis a hair outside the input, and then its **whole plane is 0** (from 32 to 448
/// voxels, say). That is scipy's own fault; it is kept, as the reference's results have it in them.
#[must_use]
pub fn zoom(array: &FileArray, shape: [usize; 3], order: Order) -> FileArray {
    let [_, height, width] = array.shape;
    let [ds, hs, ws] = [0, 1, 2].map(|axis| sources(array.shape[axis], shape[axis], order));
    let value = |d: usize, h: usize, w: usize| array.values.get((d * height + h) * width + w).copied().map_or(0.0, f64::from);
    let between = |(low, high, share): (usize, usize, f64), at: &dyn Fn(usize) -> f64| {
        if share == 0.0 { at(low) } else { at(low) * (1.0 - share) + at(high) * share }
    };
    let rows: Vec<(Source, Source)> = ds.iter().flat_map(|&d| hs.iter().map(move |&h| (d, h))).collect();
    let values = rows.into_par_iter().flat_map_iter(|row| {
        let voxel = move |w: &Source| match (row.0, row.1, *w) {
            (Some(d), Some(h), Some(w)) => between(d, &|d| between(h, &|h| between(w, &|w| value(d, h, w)))) as f32,
            _ => 0.0,
        };
        ws.iter().map(voxel)
    });
    FileArray { shape, values: values.collect() }
}

fn sources(from: usize, to: usize, order: Order) -> Vec<Source> {
    let last = from.saturating_sub(1) as f64;
    let step = if to > 1 { last / (to - 1) as f64 } else { 0.0 };
    let source = |k: usize| {
        let at = k as f64 * step;
        if at > last {
            return None;
        }
        let low = match order {
            Order::Nearest => return Some(((at + 0.5).floor() as usize, 0, 0.0)),
            Order::Linear => at.floor(),
        };
        Some((low as usize, (low as usize + 1).min(from.saturating_sub(1)), at - low))
    };
    (0..to).map(source).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: usize, to: usize, order: Order) -> Vec<f32> {
        let ramp = FileArray { shape: [1, 1, from], values: (1..=from).map(|v| v as f32).collect() };
        zoom(&ramp, [1, 1, to], order).values
    }

    /// As scipy 1.17 computes them.
    #[test]
    fn short_lines_are_scipys() {
        assert_eq!(line(5, 3, Order::Nearest), [1.0, 3.0, 5.0]);
        assert_eq!(line(1, 4, Order::Linear), [1.0; 4]);
        assert_eq!(line(3, 1, Order::Linear), [1.0]);
        assert_eq!(line(3, 5, Order::Linear), [1.0, 1.5, 2.0, 2.5, 3.0]);
        assert_eq!(line(3, 5, Order::Nearest), [1.0, 2.0, 2.0, 3.0, 3.0]);
    }

    #[test]
    fn the_last_voxel_is_lost_where_scipy_loses_it_and_nowhere_else() {
        for (from, to, is_lost) in [(32, 448, true), (56, 28, true), (64, 28, true), (256, 56, true), (33, 56, false), (448, 448, false)] {
            for order in [Order::Nearest, Order::Linear] {
                let wanted = if is_lost { 0.0 } else { from as f32 };
                assert_eq!(line(from, to, order).last(), Some(&wanted), "{from} to {to}");
            }
        }
    }

    #[test]
    fn a_lost_voxel_takes_its_whole_plane() {
        let ones = FileArray { shape: [2, 64, 3], values: vec![1.0; 2 * 64 * 3] };
        let found = zoom(&ones, [2, 28, 3], Order::Linear);
        for (at, value) in found.values.iter().enumerate() {
            assert_eq!(*value, if at / 3 % 28 == 27 { 0.0 } else { 1.0 });
        }
    }
}
