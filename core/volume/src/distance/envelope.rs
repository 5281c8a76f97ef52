//! The later passes: along lines across rows.

/// Lines done at a time: a row's share of them fills a cache line.
const LINES: usize = 32;

/// A place of the lower envelope.
#[derive(Clone, Copy)]
struct Parabola {
    /// Where its vertex is, in voxels.
    at: f64,
    /// The vertex's height.
    height: f64,
    /// Height plus the square of its place in mm: parabolas compare by the lower hull of these (Legendre's transform).
    lifted: f64,
}

/// Work space for lines of one length and step.
pub(super) struct Lines {
    /// `(step · n)²`.
    squares: Vec<f64>,
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
        Self { squares, envelope: Vec::with_capacity(count + 1), lines: vec![0.0; stride * LINES], stride }
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
            along_line(line, &work.squares, &mut work.envelope);
        }
        for (n, row) in rows.iter_mut().enumerate() {
            for (line, value) in row[low..low + some].iter_mut().enumerate() {
                *value = work.lines[line * work.stride + n];
            }
        }
    }
}

fn along_line(line: &mut [f32], squares: &[f64], envelope: &mut Vec<Parabola>) {
    let mut low = 0;
    while let Some(&first) = line.get(low) {
        let is_negative = first < 0.0;
        let is_of_stretch = |value: &&f32| if first == 0.0 { **value == 0.0 } else { **value != 0.0 && (**value < 0.0) == is_negative };
        let high = low + line[low..].iter().take_while(is_of_stretch).count();
        if first != 0.0 {
            along_stretch(line, low, high, squares, envelope);
        }
        low = high;
    }
}

/// One stretch `low..high` of a line.
fn along_stretch(line: &mut [f32], low: usize, high: usize, squares: &[f64], envelope: &mut Vec<Parabola>) {
    let sign = 1.0f32.copysign(line[low]);
    envelope.clear();
    let mut push = |n: usize, height: f64| {
        let next = Parabola { at: n as f64, height, lifted: height + squares[n] };
        while let [.., before, last] = envelope.as_slice() {
            // The last is nowhere lowest if it is not below the line from the one before it to the next.
            let is_below = (last.lifted - before.lifted) * (next.at - last.at) < (next.lifted - last.lifted) * (last.at - before.at);
            if is_below {
                break;
            }
            envelope.pop();
        }
        envelope.push(next);
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
    let mut envelope = envelope.as_slice();
    for (n, value) in line[low..high].iter_mut().enumerate() {
        let at = (low + n) as f64;
        while let [this, next, ..] = envelope {
            if next.lifted - this.lifted > twice * at * (next.at - this.at) {
                break;
            }
            envelope = &envelope[1..];
        }
        if let [this, ..] = envelope {
            let away = at - this.at;
            *value = (away * away * squares[1] + this.height) as f32 * sign;
        }
    }
}
