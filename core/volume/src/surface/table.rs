//! Triangles for each way through a cell.

use std::sync::LazyLock;

use super::cases;

/// For each set of inside corners the triangles, corners by edge; [`MIDDLE`] + n is the middle of the `n`th line.
pub(super) struct Case {
    pub triangles: Vec<[usize; 3]>,
    /// Lines that need a corner in their middle.
    pub middles: Vec<Vec<usize>>,
}

pub(super) const MIDDLE: usize = 12;
pub(super) static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| cases::all().iter().map(|lines| case(lines)).collect());

/// Closed lines as triangles: a fan from a corner whose spokes lie on no face of the cell, else one from a new corner in the middle. So no
/// spoke is one of a neighbour's, too, and each edge belongs to two triangles.
fn case(lines: &[Vec<usize>]) -> Case {
    let mut case = Case { triangles: Vec::new(), middles: Vec::new() };
    for line in lines {
        let count = line.len();
        let is_good = |from: &usize| (2..count - 1).all(|n| !cases::share_a_face(line[*from], line[(from + n) % count]));
        match (0..count).find(is_good) {
            Some(from) => (1..count - 1).for_each(|n| {
                case.triangles.push([line[from], line[(from + n) % count], line[(from + n + 1) % count]]);
            }),
            None => {
                let middle = MIDDLE + case.middles.len();
                case.middles.push(line.clone());
                (0..count).for_each(|n| case.triangles.push([middle, line[n], line[(n + 1) % count]]));
            }
        }
    }
    case
}
