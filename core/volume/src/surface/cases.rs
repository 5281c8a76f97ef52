//! The 256 ways in which a surface can pass through a cell of eight corners, made rather than copied (Lorensen and Cline 1987; faces
//! with two corners inside that do not touch are cut so that those stay apart, which neighbours see alike, so that no hole opens).

/// Corner `n` of a cell lies at `[n & 1, n >> 1 & 1, n >> 2]`. The twelve edges by their two corners, the lower first; edge `e` runs along
/// axis `e / 4`.
pub(super) const EDGES: [[usize; 2]; 12] = [[0, 1], [2, 3], [4, 5], [6, 7], [0, 2], [1, 3], [4, 6], [5, 7], [0, 4], [1, 5], [2, 6], [3, 7]];

/// The six faces, their corners anticlockwise as seen from outside the cell.
const FACES: [[usize; 4]; 6] = [[0, 4, 6, 2], [1, 3, 7, 5], [0, 1, 5, 4], [2, 6, 7, 3], [0, 2, 3, 1], [4, 5, 7, 6]];

/// For each set of inside corners (bit `n` for corner `n`) the closed lines in which the surface crosses the cell's edges, each
/// anticlockwise as seen from outside the body.
pub(super) fn all() -> Vec<Vec<Vec<usize>>> {
    (0..256).map(lines).collect()
}

fn edge_between(a: usize, b: usize) -> usize {
    EDGES.iter().position(|edge| *edge == [a.min(b), a.max(b)]).unwrap_or(0)
}

fn lines(inside: usize) -> Vec<Vec<usize>> {
    let is_in = |corner: usize| inside >> corner & 1 == 1;
    let mut next = [None; 12];
    for face in FACES {
        // Walking round a face, each run of inside corners is cut off by itself: the line goes from where the walk enters the body to where
        // it leaves it again.
        for n in 0..4 {
            let (before, here) = (face[n], face[(n + 1) % 4]);
            if is_in(before) || !is_in(here) {
                continue;
            }
            let leaves = (n + 1..n + 4).find(|&m| is_in(face[m % 4]) && !is_in(face[(m + 1) % 4])).unwrap_or(n + 1);
            next[edge_between(before, here)] = Some(edge_between(face[leaves % 4], face[(leaves + 1) % 4]));
        }
    }
    let mut found = Vec::new();
    for start in 0..12 {
        let mut line = Vec::new();
        let mut at = start;
        while let Some(after) = next[at].take() {
            line.push(at);
            at = after;
        }
        if !line.is_empty() {
            found.push(line);
        }
    }
    found
}

/// Whether two edges of a cell lie on one of its faces: a straight line between them might be one of the neighbour's, too.
pub(super) fn share_a_face(a: usize, b: usize) -> bool {
    FACES.iter().any(|face| [a, b].iter().all(|&edge| EDGES[edge].iter().all(|corner| face.contains(corner))))
}
