//! The later passes: along lines across rows.

/// Lines done at a time: a row's share of them fills a cache line.
const LINES: usize = 32;

/// A place of the lower envelope.
#[derive(Clone, Copy)]
struct Parabola {
    /// Where its vertex is.
    at: usize,
    /// Height of the vertex plus the square of its place in mm: parabolas compare by the lower hull of these (Legendre's transform).
    lifted: f64,
    /// The hull's slope from the one before: it is lowest from where twice the square of the step, times the place, exceeds this.
    slope: f64,
}

/// Work space for lines of one length and step.
pub(super) struct Lines {
    /// `(step · n)²`.
    squares: Vec<f64>,
    /// `1 / n`.
    inverses: Vec<f64>,
    envelope: Vec<Parabola>,
    lines: Vec<f32>,
    stride: usize,
}

impl Lines {
    /// For lines of `count` voxels, `step` mm apart.
    pub fn new(count: usize, step: f64) -> Self {
        // Odd multiples of a cache line, so that lines do not share one place in the cache.
        let stride = count.div_ceil(32) * 32 + 16;
        let squares = (0..=count).map(|n| (n as f64 * step).powi(2)).collect();
        let inverses = (0..=count + 1).map(|n| 1.0 / n as f64).collect();
        Self { squares, inverses, envelope: Vec::with_capacity(count + 1), lines: vec![0.0; stride * LINES], stride }
    }
}

/// One pass along the lines across `rows`: the value of each place becomes the least of squared distance plus value of all places of its own
/// stretch, and of distance alone to both its ends. Stretches are of one sign; zeros stay.
pub(super) fn along_lines(rows: &mut [&mut [f32]], work: &mut Lines) {
    let (count, wide) = (rows.len(), rows.first().map_or(0, |row| row.len()));
    for low in (0..wide).step_by(LINES) {
        let some = LINES.min(wide - low);
        for (n, row) in rows.iter().enumerate() {
            for (line, &value) in row[low..low + some].iter().enumerate() {
                work.lines[line * work.stride + n] = value;
            }
        }
        for line in 0..some {
            let line = &mut work.lines[line * work.stride..][..count];
            along_line(line, &work.squares, &work.inverses, &mut work.envelope);
        }
        for (n, row) in rows.iter_mut().enumerate() {
            for (line, value) in row[low..low + some].iter_mut().enumerate() {
                *value = work.lines[line * work.stride + n];
            }
        }
    }
}

fn along_line(line: &mut [f32], squares: &[f64], inverses: &[f64], envelope: &mut Vec<Parabola>) {
    let mut low = 0;
    while let Some(&first) = line.get(low) {
        let is_negative = first < 0.0;
        let is_of_stretch = |value: &&f32| if first == 0.0 { **value == 0.0 } else { **value != 0.0 && (**value < 0.0) == is_negative };
        let high = low + line[low..].iter().take_while(is_of_stretch).count();
        if first != 0.0 {
            along_stretch(line, low, high, squares, inverses, envelope);
        }
        low = high;
    }
}

/// One stretch `low..high` of a line.
fn along_stretch(line: &mut [f32], low: usize, high: usize, squares: &[f64], inverses: &[f64], envelope: &mut Vec<Parabola>) {
    let sign = 1.0f32.copysign(line[low]);
    envelope.clear();
    let mut push = |at: usize, height: f64| {
        let lifted = height + squares[at];
        let mut slope = f64::NEG_INFINITY;
        while let Some(last) = envelope.last() {
            slope = (lifted - last.lifted) * inverses[at - last.at];
            // The last is nowhere lowest if it is not below the line from the one before it to the next.
            if slope > last.slope {
                break;
            }
            envelope.pop();
            slope = f64::NEG_INFINITY;
        }
        envelope.push(Parabola { at, lifted, slope });
    };
    if low > 0 {
        push(low - 1, 0.0);
    }
    for n in low..high {
        let height = line[n] * sign;
        if height < f32::INFINITY {
            push(n, f64::from(height));
        }
    }
    if high < line.len() {
        push(high, 0.0);
    }
    let twice = 2.0 * squares[1];
    let Some((mut this, mut rest)) = envelope.split_first() else { return };
    for (n, value) in line[low..high].iter_mut().enumerate() {
        let at = low + n;
        let reached = twice * at as f64;
        while let Some((next, after)) = rest.split_first() {
            if next.slope > reached {
                break;
            }
            (this, rest) = (next, after);
        }
        *value = (this.lifted - squares[this.at] + squares[at.abs_diff(this.at)]) as f32 * sign;
    }
}
