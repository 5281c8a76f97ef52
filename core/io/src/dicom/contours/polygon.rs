//! Polygons and pixels. Pixel centres lie at whole numbers, so a pixel's border lies at halves.

/// What is inside an odd number of times: contours within contours are holes, and the two sides of a keyhole's slit cancel.
pub(crate) struct EvenOdd {
    columns: usize,
    rows: usize,
    /// Whether something begins or ends at a pixel, going along the row.
    turns: Vec<bool>,
}

impl EvenOdd {
    pub fn new(columns: usize, rows: usize) -> Self {
        Self { columns, rows, turns: vec![false; columns * rows] }
    }

    /// Adds a closed polygon. A centre that lies on a border belongs to the polygon to its right, so that two that share the border
    /// share no pixel.
    pub fn add(&mut self, points: &[[f64; 2]]) {
        let Some(mut from) = points.last() else { return };
        for to in points {
            let (low, high) = if from[1] < to[1] { (from, to) } else { (to, from) };
            // Rows whose centres the edge passes: from the lower end on, the upper end left out.
            let first = low[1].ceil().max(0.0);
            let last = high[1].ceil().min(self.rows as f64);
            let slope = (high[0] - low[0]) / (high[1] - low[1]);
            let mut row = first;
            while row < last {
                let at = (low[0] + (row - low[1]) * slope).ceil().max(0.0);
                if at < self.columns as f64
                    && let Some(turn) = self.turns.get_mut(row as usize * self.columns + at as usize)
                {
                    *turn = !*turn;
                }
                row += 1.0;
            }
            from = to;
        }
    }

    /// Calls `visit` with each pixel inside.
    pub fn visit(&self, mut visit: impl FnMut(usize)) {
        for (row, turns) in self.turns.chunks_exact(self.columns.max(1)).enumerate() {
            let mut is_inside = false;
            for (column, &turn) in turns.iter().enumerate() {
                is_inside ^= turn;
                if is_inside {
                    visit(row * self.columns + column);
                }
            }
        }
    }
}

/// Right, down, left, up: a step from a corner of a pixel to the next.
const STEPS: [[isize; 2]; 4] = [[1, 0], [0, 1], [-1, 0], [0, -1]];

/// The borders of the pixels for which `is_inside` holds, as closed polygons along pixel borders without points between corners. A hole
/// is a polygon of its own. Pixels that touch at a corner only are apart.
pub(crate) fn borders(columns: usize, rows: usize, is_inside: impl Fn(usize, usize) -> bool) -> Vec<Vec<[f64; 2]>> {
    let width = columns + 1;
    // For each corner, in which directions a border leaves it with the inside on its right.
    let mut leaving = vec![0u8; width * (rows + 1)];
    let mut leave = |i: usize, j: usize, direction: u8| {
        if let Some(directions) = leaving.get_mut(j * width + i) {
            *directions |= 1 << direction;
        }
    };
    for j in 0..rows {
        for i in 0..columns {
            if !is_inside(i, j) {
                continue;
            }
            if j == 0 || !is_inside(i, j - 1) {
                leave(i, j, 0);
            }
            if i + 1 == columns || !is_inside(i + 1, j) {
                leave(i + 1, j, 1);
            }
            if j + 1 == rows || !is_inside(i, j + 1) {
                leave(i + 1, j + 1, 2);
            }
            if i == 0 || !is_inside(i - 1, j) {
                leave(i, j + 1, 3);
            }
        }
    }
    let mut polygons = Vec::new();
    for start in 0..leaving.len() {
        while let Some(first) =
            leaving.get(start).filter(|&&directions| directions != 0).map(|directions| directions.trailing_zeros() as u8)
        {
            let mut polygon = Vec::new();
            let (mut at, mut direction, mut last) = (start, first, u8::MAX);
            while let Some(directions) = leaving.get_mut(at).filter(|directions| **directions >> direction & 1 == 1) {
                *directions &= !(1 << direction);
                if direction != last {
                    polygon.push([(at % width) as f64 - 0.5, (at / width) as f64 - 0.5]);
                    last = direction;
                }
                let [di, dj] = STEPS[usize::from(direction % 4)];
                at = at.wrapping_add_signed(dj * width as isize + di);
                let open = leaving.get(at).copied().unwrap_or(0);
                // Right first keeps to the same pixel where two touch at a corner.
                let turns = [direction + 1, direction, direction + 3].map(|turn| turn % 4);
                match turns.into_iter().find(|turn| open >> turn & 1 == 1) {
                    Some(turn) => direction = turn,
                    None => break,
                }
            }
            // The first corner is none if the polygon begins in the middle of an edge.
            if polygon.len() > 2 && last == first {
                polygon.remove(0);
            }
            polygons.push(polygon);
        }
    }
    polygons
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn filled(columns: usize, rows: usize, polygons: &[Vec<[f64; 2]>]) -> Vec<bool> {
        let mut fill = EvenOdd::new(columns, rows);
        polygons.iter().for_each(|polygon| fill.add(polygon));
        let mut inside = vec![false; columns * rows];
        fill.visit(|pixel| inside[pixel] = true);
        inside
    }

    #[test]
    fn borders_fill_to_what_they_are_borders_of() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        for density in [0.1, 0.5, 0.9] {
            for _ in 0..50 {
                let (columns, rows) = (random.random_range(1..20), random.random_range(1..20));
                let pixels: Vec<bool> = (0..columns * rows).map(|_| random.random_bool(density)).collect();
                let polygons = borders(columns, rows, |i, j| pixels[j * columns + i]);
                assert_eq!(filled(columns, rows, &polygons), pixels);
                assert!(polygons.iter().all(|polygon| polygon.len() >= 4));
            }
        }
    }

    #[test]
    fn corners_are_few_and_holes_and_keyholes_are_empty() {
        let ring = borders(5, 5, |i, j| (i, j) != (2, 2) && i < 5 && j < 5);
        assert_eq!(ring.iter().map(Vec::len).collect::<Vec<_>>(), vec![4, 4]);
        let keyhole = vec![vec![
            [0.0, 0.0],
            [8.0, 0.0],
            [8.0, 8.0],
            [0.0, 8.0],
            [0.0, 4.2],
            [3.0, 4.2],
            [3.0, 6.0],
            [6.0, 6.0],
            [6.0, 3.0],
            [3.0, 3.0],
            [3.0, 4.2],
            [0.0, 4.2],
        ]];
        let inside = filled(10, 10, &keyhole);
        assert_eq!(inside.iter().filter(|&&inside| inside).count(), 64 - 9);
        assert!(!inside[4 * 10 + 4] && inside[4 * 10 + 1] && inside[7 * 10 + 7]);
    }

    #[test]
    fn what_is_far_outside_costs_and_fills_nothing() {
        let huge = [
            vec![[-1e300, -1e300], [1e300, -1e300], [1e300, 1e300], [-1e300, 1e300]],
            vec![[f64::NAN, 0.0], [1.0, f64::INFINITY], [2.0, 2.0]],
        ];
        assert_eq!(filled(4, 4, &huge[..1]).iter().filter(|&&inside| inside).count(), 16);
        filled(4, 4, &huge[1..]);
    }
}
