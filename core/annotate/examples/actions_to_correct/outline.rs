//! The line around a piece of a slice, as a hand would draw it.

/// The outline of the 4-connected piece that holds the first cell inside (lowest `v`, then lowest `u`), along the borders of cells, in
/// continuous cells; none if no cell is inside. Holes are not outlined.
pub fn outline(size: [usize; 2], is_inside: impl Fn([usize; 2]) -> bool) -> Option<Vec<[f64; 2]>> {
    let cells = (0..size[1]).flat_map(|v| (0..size[0]).map(move |u| [u, v]));
    let [u, v] = cells.into_iter().find(|&cell| is_inside(cell))?;
    let start = [u as isize, v as isize];
    let inside = |[u, v]: [isize; 2]| {
        let is_on = u >= 0 && v >= 0 && (u as usize) < size[0] && (v as usize) < size[1];
        is_on && is_inside([u as usize, v as usize])
    };
    // Corners of cells, the piece always on the left; directions are +u, +v, −u, −v.
    let (mut corner, mut direction, mut line) = (start, 0, Vec::new());
    loop {
        line.push(corner.map(|c| c as f64 - 0.5));
        let [x, y] = corner;
        corner = [[x + 1, y], [x, y + 1], [x - 1, y], [x, y - 1]][direction];
        let [x, y] = corner;
        let ahead_left = [[x, y], [x - 1, y], [x - 1, y - 1], [x, y - 1]][direction];
        let ahead_right = [[x, y - 1], [x, y], [x - 1, y], [x - 1, y - 1]][direction];
        direction = match (inside(ahead_left), inside(ahead_right)) {
            (false, _) => (direction + 1) % 4,
            (true, true) => (direction + 3) % 4,
            (true, false) => direction,
        };
        if corner == start && direction == 0 {
            return Some(line);
        }
    }
}

/// A closed line with no more corners than it needs to stay within `tolerance` of what it was (Ramer, Douglas and Peucker), after `scale` per axis.
pub fn simplified(line: &[[f64; 2]], scale: [f64; 2], tolerance: f64) -> Vec<[f64; 2]> {
    let from_first = |n: &usize| squared(line[0], line[*n], scale);
    let Some(far) = (1..line.len()).max_by(|a, b| from_first(a).total_cmp(&from_first(b))) else { return line.to_vec() };
    let closed: Vec<[f64; 2]> = line.iter().copied().chain(line.first().copied()).collect();
    let mut kept = vec![line[0]];
    keep(&closed[..=far], scale, tolerance, &mut kept);
    keep(&closed[far..], scale, tolerance, &mut kept);
    kept.pop();
    kept
}

/// Adds all but the first point of what is kept of an open line.
fn keep(line: &[[f64; 2]], scale: [f64; 2], tolerance: f64, kept: &mut Vec<[f64; 2]>) {
    let (Some(&first), Some(&last)) = (line.first(), line.last()) else { return };
    let off = |n: &usize| from_line(line[*n], first, last, scale);
    let far = (1..line.len().saturating_sub(1)).max_by(|a, b| off(a).total_cmp(&off(b)));
    match far.filter(|far| off(far) > tolerance) {
        Some(far) => {
            keep(&line[..=far], scale, tolerance, kept);
            keep(&line[far..], scale, tolerance, kept);
        }
        None => kept.push(last),
    }
}

fn squared(a: [f64; 2], b: [f64; 2], scale: [f64; 2]) -> f64 {
    (0..2).map(|axis| ((a[axis] - b[axis]) * scale[axis]).powi(2)).sum()
}

fn from_line(point: [f64; 2], from: [f64; 2], to: [f64; 2], scale: [f64; 2]) -> f64 {
    let length = squared(from, to, scale);
    let along: f64 = (0..2).map(|axis| (point[axis] - from[axis]) * (to[axis] - from[axis]) * scale[axis].powi(2)).sum();
    let share = if length > 0.0 { (along / length).clamp(0.0, 1.0) } else { 0.0 };
    let foot = [0, 1].map(|axis| from[axis] + share * (to[axis] - from[axis]));
    squared(point, foot, scale).sqrt()
}
