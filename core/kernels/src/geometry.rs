//! Sizes, and which voxel meets which through a tap of the kernel.

/// Everything about a convolution but its numbers. Axes are D, H, W.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// Samples.
    pub batch: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// Channels of the output.
    pub out_channels: usize,
    /// Size of the input.
    pub input: [usize; 3],
    /// Size of the kernel.
    pub kernel: [usize; 3],
    /// Input voxels between two outputs.
    pub stride: [usize; 3],
    /// Zeros before the first and after the last input voxel.
    pub padding: [usize; 3],
    /// Input voxels between two taps.
    pub dilation: [usize; 3],
}

impl Geometry {
    /// Size of the output; zero along an axis whose kernel does not fit.
    #[must_use]
    pub fn output(&self) -> [usize; 3] {
        std::array::from_fn(|axis| {
            let reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1;
            let room = self.input[axis] + 2 * self.padding[axis];
            if room < reach { 0 } else { (room - reach) / self.stride[axis] + 1 }
        })
    }

    /// Taps of the kernel.
    #[must_use]
    pub fn taps(&self) -> usize {
        self.kernel.iter().product()
    }

    /// Numbers in the input.
    #[must_use]
    pub fn input_len(&self) -> usize {
        self.batch * self.in_channels * self.input.iter().product::<usize>()
    }

    /// Numbers in the output.
    #[must_use]
    pub fn output_len(&self) -> usize {
        self.batch * self.out_channels * self.output().iter().product::<usize>()
    }

    /// Numbers in the weight.
    #[must_use]
    pub fn weight_len(&self) -> usize {
        self.out_channels * self.in_channels * self.taps()
    }

    /// Multiplications whose both factors exist: those with padding are not counted.
    #[must_use]
    pub fn useful_multiplications(&self) -> u64 {
        let output = self.output();
        let meetings = |axis: usize| -> u64 { self.forward_axis(axis, output[axis]).iter().map(|tap| tap.count as u64).sum() };
        let channels = (self.batch * self.in_channels * self.out_channels) as u64;
        channels * meetings(0) * meetings(1) * meetings(2)
    }

    /// Where each tap of an axis takes the input for which outputs.
    pub(crate) fn forward_axis(&self, axis: usize, out: usize) -> Vec<Run> {
        let (size, stride, padding, dilation) = (self.input[axis], self.stride[axis], self.padding[axis], self.dilation[axis]);
        let run = |tap: usize| {
            // The input index is to·stride + shift − padding.
            let shift = tap * dilation;
            let first = padding.saturating_sub(shift).div_ceil(stride);
            let end = if size + padding > shift { (size + padding - shift - 1) / stride + 1 } else { 0 }.min(out);
            if first >= end {
                return Run::default();
            }
            Run { to: first, to_step: 1, from: first * stride + shift - padding, from_step: stride, count: end - first }
        };
        (0..self.kernel[axis]).map(run).collect()
    }

    /// Where each tap of an axis takes the output's gradient for which inputs.
    pub(crate) fn backward_axis(&self, axis: usize, out: usize) -> Vec<Run> {
        let turned = |run: Run| Run { to: run.from, to_step: run.from_step, from: run.to, from_step: run.to_step, count: run.count };
        self.forward_axis(axis, out).into_iter().map(turned).collect()
    }
}

/// The meetings of one tap along one axis: `to + m·to_step` takes from `from + m·from_step`, for `m < count`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub to: usize,
    pub to_step: usize,
    pub from: usize,
    pub from_step: usize,
    pub count: usize,
}

impl Run {
    /// What `to` takes from, if anything.
    pub fn source(&self, to: usize) -> Option<usize> {
        let ahead = to.checked_sub(self.to)?;
        (self.count > 0 && ahead % self.to_step == 0 && ahead / self.to_step < self.count)
            .then(|| self.from + ahead / self.to_step * self.from_step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_meetings_found_one_by_one() {
        for (size, kernel, stride, padding, dilation) in [
            (9, 3, 1, 1, 1),
            (8, 3, 2, 1, 1),
            (7, 7, 2, 3, 1),
            (8, 3, 1, 4, 4),
            (2, 3, 1, 4, 4),
            (5, 1, 2, 0, 1),
            (3, 3, 3, 0, 1),
            (4, 2, 2, 0, 1),
        ] {
            let geometry = Geometry {
                batch: 1,
                in_channels: 1,
                out_channels: 1,
                input: [size; 3],
                kernel: [kernel; 3],
                stride: [stride; 3],
                padding: [padding; 3],
                dilation: [dilation; 3],
            };
            let out = geometry.output()[0];
            let (forward, backward) = (geometry.forward_axis(0, out), geometry.backward_axis(0, out));
            for tap in 0..kernel {
                for to in 0..out {
                    let from = (to * stride + tap * dilation).checked_sub(padding).filter(|&from| from < size);
                    assert_eq!(forward[tap].source(to), from, "{geometry:?} tap {tap} output {to}");
                }
                for from in 0..size {
                    let to = (0..out).find(|to| to * stride + tap * dilation == from + padding);
                    assert_eq!(backward[tap].source(from), to, "{geometry:?} tap {tap} input {from}");
                }
            }
        }
    }
}
