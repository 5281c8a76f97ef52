//! What is given up where memory or time does not suffice.

use medley_nn::{Checkpointing, Depth};
use medley_volume::resample::{canonical_grid, shape_at_spacing};

use super::Plan;
use super::words;
use crate::card::short;
use crate::finetune::architecture;

/// A patch below which nobody learns what an organ looks like.
const SMALLEST_PATCH: usize = 16 * 16 * 16;
/// A step down must save at least this share.
const WORTH: f64 = 0.02;
/// Networks from scratch, each smaller than the one before.
const NETWORKS: [(Depth, usize); 5] = [(Depth::R50, 64), (Depth::R18, 64), (Depth::R18, 32), (Depth::R10, 16), (Depth::R10, 8)];

/// A way to make a plan smaller, and what that is in words; nothing if it cannot be gone.
type Way = fn(&Plan) -> Option<(Plan, String)>;

impl Plan {
    /// The next smaller plan, with `why` and what was given up added to [`Plan::given_up`]; `None` if nothing is left that may be given up
    /// and saves memory.
    ///
    /// In this order: patches of a step, activations that are kept, the patch by halves, the network where it is drawn from scratch, the
    /// spacing.
    #[must_use]
    pub fn smaller(&self, why: &str) -> Option<Self> {
        let ways: [Way; 5] =
            [Self::fewer_patches, Self::fewer_activations, Self::smaller_patch, Self::smaller_network, Self::coarser_spacing];
        let (mut found, what) = ways.iter().filter_map(|way| way(self)).find(|(plan, _)| {
            let saved = self.needed().saturating_sub(plan.needed());
            saved as f64 >= WORTH * self.needed() as f64
        })?;
        found.time = None;
        found.given_up.push(format!("{why}: {what}"));
        Some(found)
    }

    /// A plan that takes less time.
    pub(super) fn quicker(&self) -> Option<Self> {
        let ways: [Way; 3] = [Self::fewer_patches, Self::smaller_patch_in_time, Self::smaller_network];
        let (mut found, what) = ways.iter().find_map(|way| way(self))?;
        let (takes, limit) = (self.time.map_or(0.0, |time| time.total_s), self.basis.wishes.minutes * 60.0);
        found.given_up.push(format!("{}: {what}", words::too_long(takes, limit)));
        Some(found)
    }

    fn again(mut self) -> Self {
        self.memory = self.basis.training(&self.settings).memory();
        self
    }

    fn fewer_patches(&self) -> Option<(Self, String)> {
        if self.basis.wishes.keeps_batch || self.settings.batch < 2 {
            return None;
        }
        let mut plan = self.clone();
        plan.settings.batch /= 2;
        let what = format!("{} in place of {} patches a step", plan.settings.batch, self.settings.batch);
        Some((plan.again(), what))
    }

    fn fewer_activations(&self) -> Option<(Self, String)> {
        if self.basis.wishes.keeps_checkpointing || !self.settings.checkpointing.is_off() {
            return None;
        }
        let mut plan = self.clone();
        plan.settings.checkpointing = Checkpointing::Blocks;
        Some((plan.again(), "blocks are computed twice instead of being kept (checkpointing)".to_owned()))
    }

    fn smaller_patch(&self) -> Option<(Self, String)> {
        self.patch_above(SMALLEST_PATCH)
    }

    /// For want of time a patch is not made smaller than is usual.
    fn smaller_patch_in_time(&self) -> Option<(Self, String)> {
        self.patch_above(crate::FineTuneSettings::default().limits.voxels_per_patch / 2)
    }

    fn patch_above(&self, least: usize) -> Option<(Self, String)> {
        let limits = self.half_patch();
        if self.basis.wishes.keeps_patch || limits.voxels_per_patch < least {
            return None;
        }
        let mut plan = self.clone();
        plan.recipe.patch = self.recipe.patch_within(self.facts.prepared.iter().copied(), limits);
        plan.settings.patch = Some(plan.recipe.patch);
        let what = format!("a patch of {} in place of {} voxels", words::size(plan.recipe.patch), words::size(self.recipe.patch));
        (plan.recipe.patch != self.recipe.patch).then(|| (plan.again(), what))
    }

    fn smaller_network(&self) -> Option<(Self, String)> {
        if self.basis.wishes.keeps_network || self.basis.has_weights {
            return None;
        }
        let weights = |(depth, width): (Depth, usize)| {
            let encoder = medley_nn::EncoderConfig { depth, base_width: width, ..self.basis.encoder };
            super::Work::forward(medley_nn::NetworkConfig { encoder, ..self.basis.network() }, [8; 3], 1).weights
        };
        let now = weights((self.settings.depth, self.settings.base_width));
        let (depth, width) = NETWORKS.into_iter().find(|&network| weights(network) < now)?;
        let mut plan = self.clone();
        (plan.settings.depth, plan.settings.base_width) = (depth, width);
        (plan.basis.encoder.depth, plan.basis.encoder.base_width) = (depth, width);
        plan.network = architecture(plan.basis.encoder, Some(plan.settings.head.to_string()));
        let what =
            format!("a ResNet-{depth} of width {width} in place of a ResNet-{} of width {}", self.settings.depth, self.settings.base_width);
        Some((plan.again(), what))
    }

    /// A quarter coarser along the finest axes: about half of the voxels.
    fn coarser_spacing(&self) -> Option<(Self, String)> {
        let spacing = self.recipe.spacing_mm;
        let floor = 1.25 * spacing.iter().copied().fold(f64::INFINITY, f64::min);
        if self.basis.wishes.settings.spacing_mm.is_some() || floor > 8.0 {
            return None;
        }
        let mut plan = self.clone();
        plan.recipe.spacing_mm = spacing.map(|mm| short(mm.max(floor)));
        plan.settings.spacing_mm = Some(plan.recipe.spacing_mm);
        let grids = self.basis.grids.iter().flatten();
        let shapes = grids.map(|grid| Some(shape_at_spacing(&canonical_grid(grid).ok()?, plan.recipe.spacing_mm)));
        plan.facts.prepared = shapes.collect::<Option<_>>()?;
        let prepared: Vec<u64> = plan.facts.prepared.iter().map(|shape| shape.iter().product::<usize>() as u64).collect();
        plan.basis.cases.iter_mut().flatten().zip(prepared).for_each(|(case, voxels)| case.prepared = voxels);
        if !self.basis.wishes.keeps_patch {
            plan.recipe.patch = plan.recipe.patch_within(plan.facts.prepared.iter().copied(), plan.settings.limits);
            let most = self.recipe.patch;
            plan.recipe.patch = std::array::from_fn(|axis| plan.recipe.patch[axis].min(most[axis]));
            plan.settings.patch = Some(plan.recipe.patch);
        }
        let what = format!("a spacing of {} in place of {} mm", words::mm(plan.recipe.spacing_mm), words::mm(spacing));
        Some((plan.again(), what))
    }
}
