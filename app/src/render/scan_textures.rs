use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use eframe::wgpu;
use medley_annotate::Edit;
use medley_volume::{Grid, IndexBox, LabelMap, Quantity, Volume};
use wgpu::{Device, Queue, Texture, TextureFormat};

use super::bricks::Bricks;
use super::canvas::Canvas;
use super::device::{asking, require_fits, texture_3d, tidy, write_box};
use super::falls::falls;
use super::histogram::ValueHistogram;
use super::label_textures::{LabelTexture, LabelTextures};
use super::pace::Pace;
use super::preview;
use super::reduced::{LEVELS, ReducedLayer, Reduction};
use super::texels::Texels;
use super::transfer_table::{TransferFacts, TransferTable};
use super::{RenderError, SecondTexture};
use crate::state::transfer::{TransferFunction, ValueScale};

/// While a scan is written, the device is given what is ready after about this many bytes.
const SUBMIT_AFTER: usize = 32 << 20;

/// The values below which these parts of the voxels lie are taken for what is around the patient, and for bright.
const EMPTY_AND_BRIGHT: [f64; 2] = [0.02, 0.998];

/// The textures of one open case: the scan at full size and reduced for the 3D view, its mask, and a proposal while there is
/// one. May be made and written on any thread.
pub struct ScanTextures {
    device: Device,
    grid: Grid,
    texels: Texels,
    reduction: Reduction,
    value_scale: ValueScale,
    histogram: ValueHistogram,
    scan: Texture,
    mean: Texture,
    brightest: Texture,
    falls: Texture,
    transfer: Texture,
    table: Mutex<Option<(TransferFunction, TransferTable)>>,
    labels: Mutex<LabelTextures>,
    canvas: Mutex<Canvas>,
    failure: Mutex<Option<RenderError>>,
}

impl ScanTextures {
    /// Writes a scan to the device; its mask is empty.
    ///
    /// # Errors
    /// If an axis is longer than a 3D texture may be, or the device has no room.
    pub fn upload(device: &Device, queue: &Queue, volume: &Volume) -> Result<Self, RenderError> {
        let shape = volume.grid().shape();
        require_fits(device, shape)?;
        let texels = Texels::of(volume);
        let reduction = Reduction::of(shape, Pace::of(device.adapter_info().device_type).longest);
        let bytes = volume.grid().len() as u64 * 2;
        let [scan, mean, brightest] = asking(device, "the scan", bytes, || {
            let scan = texture_3d(device, "scan", shape, TextureFormat::R16Uint);
            let mean = texture_3d(device, "reduced scan", reduction.shape(), TextureFormat::R16Float);
            let brightest = if reduction.is_identity() {
                mean.clone()
            } else {
                texture_3d(device, "brightest of the reduced scan", reduction.shape(), TextureFormat::R16Float)
            };
            [scan, mean, brightest]
        })?;
        let levels =
            asking(device, "the scan", bytes, || write_scan(device, queue, volume, &texels, &reduction, [&scan, &mean, &brightest]))?;
        let bricks = Bricks::of(&levels.mean, &levels.brightest, reduction.shape());
        let fall_bytes = falls(&levels.mean, volume.grid(), &reduction);
        let (falls, transfer) = asking(device, "the scan", levels.mean.len() as u64 * 4, || {
            let falls = texture_3d(device, "falls", reduction.shape(), TextureFormat::Rgba8Snorm);
            write_box(queue, &falls, [0; 3], reduction.shape(), bytemuck::cast_slice(&fall_bytes));
            (falls, transfer_texture(device))
        })?;
        let mask = LabelTexture::new(device, "the mask", shape, false)?;
        let bricks_texture = asking(device, "the scan", bricks.texels().len() as u64 * 2, || {
            texture_3d(device, "bricks", bricks.shape(), TextureFormat::R16Uint)
        })?;
        let labels = LabelTextures {
            mask,
            proposal: None,
            preview: None,
            bricks,
            bricks_texture,
            mask_version: 0,
            slice_groups: [None, None],
            volume_groups: None,
        };
        labels.write_bricks(queue);
        Ok(Self {
            device: device.clone(),
            grid: *volume.grid(),
            texels,
            reduction,
            value_scale: match volume.quantity() {
                Quantity::Hounsfield => ValueScale::VALUES,
                Quantity::Arbitrary => {
                    let [empty, bright] = volume.quantiles(EMPTY_AND_BRIGHT);
                    ValueScale::between(empty, bright)
                }
            },
            histogram: ValueHistogram::of(&levels.mean, &texels),
            scan,
            mean,
            brightest,
            falls,
            transfer,
            table: Mutex::new(None),
            labels: Mutex::new(labels),
            canvas: Mutex::new(Canvas::default()),
            failure: Mutex::new(None),
        })
    }

    /// The same scan and mask with a 3D picture of its own: one that is drawn for a file does not disturb the one on the screen.
    /// Nothing is copied on the device; a proposal is left out.
    #[must_use]
    pub fn twin(&self) -> Self {
        let labels = self.labels();
        let labels = LabelTextures {
            mask: labels.mask.clone(),
            proposal: None,
            preview: None,
            bricks: labels.bricks.clone(),
            bricks_texture: labels.bricks_texture.clone(),
            mask_version: labels.mask_version,
            slice_groups: [None, None],
            volume_groups: None,
        };
        Self {
            device: self.device.clone(),
            grid: self.grid,
            texels: self.texels,
            reduction: self.reduction,
            value_scale: self.value_scale,
            histogram: self.histogram.clone(),
            scan: self.scan.clone(),
            mean: self.mean.clone(),
            brightest: self.brightest.clone(),
            falls: self.falls.clone(),
            // Its own: the table is written when a picture is drawn by another function.
            transfer: transfer_texture(&self.device),
            table: Mutex::new(None),
            labels: Mutex::new(labels),
            canvas: Mutex::new(Canvas::default()),
            failure: Mutex::new(None),
        }
    }

    /// Writes the part of the mask inside `region`; what reaches past the grid is left out. The whole mask is written when it
    /// first holds a label above 255, since the texture must be made anew.
    ///
    /// What goes wrong is told by [`ScanTextures::take_failure`].
    pub fn write_mask(&self, queue: &Queue, mask: &LabelMap, region: IndexBox) {
        if let Err(error) = self.try_write_mask(queue, mask, region) {
            self.fail(error);
        }
    }

    /// Puts a proposal beside the mask, or takes it away.
    ///
    /// What goes wrong is told by [`ScanTextures::take_failure`].
    pub fn write_proposal(&self, queue: &Queue, proposal: Option<&LabelMap>) {
        let written = proposal.map(|proposal| {
            self.require_shape("the proposal", proposal)?;
            LabelTexture::of(&self.device, queue, "the proposal", proposal)
        });
        let mut labels = self.labels();
        labels.forget_groups();
        labels.proposal = match written.transpose() {
            Ok(proposal) => proposal,
            Err(error) => {
                self.fail(error);
                None
            }
        };
    }

    /// Shows what an Edit would do to the mask, or no longer. Not for the window's thread, unless there is nothing to show.
    ///
    /// What goes wrong is told by [`ScanTextures::take_failure`].
    pub fn write_preview(&self, queue: &Queue, mask: &LabelMap, edit: Option<&Edit>) {
        let on_device = self.labels().mask.clone();
        let edit = edit.filter(|edit| preview::fits(edit, self.grid.shape()) && mask.grid().shape() == self.grid.shape());
        let made = edit.map(|edit| preview::preview_texture(&self.device, queue, &on_device, mask, edit)).transpose();
        let mut labels = self.labels();
        labels.forget_groups();
        labels.preview = made.unwrap_or_else(|error| {
            self.fail(error);
            None
        });
    }

    /// What went wrong since this was last asked: a mask or a proposal is then not shown as it is.
    pub fn take_failure(&self) -> Option<RenderError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// When the 3D view must be drawn again to become sharper or to show a changed mask; `None` once it is as good as it gets.
    /// Ask at the end of a frame, and pass the answer to [`egui::Context::request_repaint_after`].
    pub fn volume_repaint_after(&self) -> Option<Duration> {
        let mask_version = self.labels().mask_version;
        self.canvas().repaint_after(mask_version)
    }

    /// Whether they lie on this device.
    #[must_use]
    pub fn are_on(&self, device: &Device) -> bool {
        self.device == *device
    }

    /// Where the voxels lie.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// From the unit of the curves of this scan to its values.
    #[must_use]
    pub fn value_scale(&self) -> ValueScale {
        self.value_scale
    }

    /// How often its values occur.
    #[must_use]
    pub fn histogram(&self) -> &ValueHistogram {
        &self.histogram
    }

    /// What the texels stand for.
    pub(crate) fn texels(&self) -> &Texels {
        &self.texels
    }

    /// How the scan is reduced for the 3D view.
    pub(crate) fn reduction(&self) -> &Reduction {
        &self.reduction
    }

    /// Makes the 3D view draw by a transfer function (over values), and skip what it does not show.
    pub(crate) fn write_transfer(&self, queue: &Queue, function: &TransferFunction) -> TransferFacts {
        let mut kept = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, table)) = kept.as_ref().filter(|(written, _)| written == function) {
            return table.facts();
        }
        let table = TransferTable::of(function, &self.texels, self.histogram.by_level());
        write_box(queue, &self.transfer, [0; 3], [LEVELS as usize + 1, 1, 1], bytemuck::cast_slice(table.texels()));
        let mut labels = self.labels();
        labels.bricks.update_scan(|span| table.is_seen(span));
        labels.write_bricks(queue);
        let facts = table.facts();
        *kept = Some((function.clone(), table));
        facts
    }

    /// The picture of the 3D view.
    pub(crate) fn canvas(&self) -> MutexGuard<'_, Canvas> {
        self.canvas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the mask changed.
    pub(crate) fn mask_version(&self) -> u64 {
        self.labels().mask_version
    }

    /// Whether a proposal lies beside the mask.
    pub(crate) fn has_proposal(&self) -> bool {
        let labels = self.labels();
        labels.proposal.is_some() || labels.preview.is_some()
    }

    /// Scan, mask, proposal and second scan as the slice pass binds them; with the proposal in place of the mask where it stands
    /// alone.
    pub(crate) fn slice_group(
        &self,
        layout: &wgpu::BindGroupLayout,
        second: Option<&SecondTexture>,
        is_proposal_alone: bool,
    ) -> wgpu::BindGroup {
        let mut labels = self.labels();
        // What is not there stands in for itself: no pipeline without it reads it.
        let second = second.map_or(&self.scan, SecondTexture::texture);
        let which = usize::from(is_proposal_alone);
        if let Some((_, group)) = labels.slice_groups[which].as_ref().filter(|(bound, _)| bound == second) {
            return group.clone();
        }
        let proposal = labels.proposal.as_ref().map_or_else(|| labels.mask.view(), LabelTexture::view);
        let mask = if is_proposal_alone { proposal.clone() } else { labels.mask.view() };
        let proposal = labels.preview.as_ref().map_or(proposal, LabelTexture::view);
        let group = self.group("slice", layout, &[&view(&self.scan), &mask, &proposal, &view(second)], None);
        labels.slice_groups[which] = Some((second.clone(), group.clone()));
        group
    }

    /// Reduced scan, mask and bricks as the volume pass binds them.
    pub(crate) fn volume_group(&self, layout: &wgpu::BindGroupLayout, sampler: &wgpu::Sampler, is_brightest: bool) -> wgpu::BindGroup {
        let mut labels = self.labels();
        let groups = match &labels.volume_groups {
            Some(groups) => groups,
            None => {
                let (mask, bricks) = (labels.mask.view(), view(&labels.bricks_texture));
                let [falls, transfer] = [view(&self.falls), view(&self.transfer)];
                let group = |scan: &Texture| self.group("volume", layout, &[&view(scan), &mask, &bricks, &falls, &transfer], Some(sampler));
                let groups = [group(&self.mean), group(&self.brightest)];
                labels.volume_groups.insert(groups)
            }
        };
        groups[usize::from(is_brightest)].clone()
    }

    fn group(
        &self,
        label: &str,
        layout: &wgpu::BindGroupLayout,
        textures: &[&wgpu::TextureView],
        sampler: Option<&wgpu::Sampler>,
    ) -> wgpu::BindGroup {
        let textures = textures.iter().copied().map(wgpu::BindingResource::TextureView);
        let resources = textures.chain(sampler.map(wgpu::BindingResource::Sampler));
        let entries: Vec<wgpu::BindGroupEntry<'_>> =
            resources.enumerate().map(|(n, resource)| wgpu::BindGroupEntry { binding: n as u32, resource }).collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: Some(label), layout, entries: &entries })
    }

    fn try_write_mask(&self, queue: &Queue, mask: &LabelMap, region: IndexBox) -> Result<(), RenderError> {
        self.require_shape("the mask", mask)?;
        let Some(region) = region.intersection(&IndexBox::whole(self.grid.shape())) else { return Ok(()) };
        // A whole mask takes longer than a frame has: whoever draws meanwhile must not wait for it.
        let (on_device, bricks) = {
            let labels = self.labels();
            (labels.mask.clone(), labels.bricks.shape())
        };
        let wider = if on_device.is_wide_enough_for(mask) {
            on_device.write(&self.device, queue, "the mask", mask, &region)?;
            None
        } else {
            Some(LabelTexture::of(&self.device, queue, "the mask", mask)?)
        };
        let found = Bricks::look_for_labels(bricks, mask, &region);
        let mut labels = self.labels();
        if let Some(wider) = wider {
            labels.mask = wider;
            labels.forget_groups();
        }
        if labels.bricks.note_labels(&found) {
            labels.write_bricks(queue);
        }
        labels.mask_version += 1;
        Ok(())
    }

    fn require_shape(&self, what: &'static str, mask: &LabelMap) -> Result<(), RenderError> {
        let (expected, found) = (self.grid.shape(), mask.grid().shape());
        if expected == found { Ok(()) } else { Err(RenderError::Shape { what, expected, found }) }
    }

    fn fail(&self, error: RenderError) {
        log::error!("{error}");
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn labels(&self) -> MutexGuard<'_, LabelTextures> {
        self.labels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn view(texture: &Texture) -> wgpu::TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

/// A texture for a colour and an extinction for each level of the reduced scan.
fn transfer_texture(device: &Device) -> Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("transfer function"),
        size: wgpu::Extent3d { width: LEVELS + 1, height: 1, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: TextureFormat::Rgba32Float,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

/// Writes a scan layer by layer; gives the reduced texels.
fn write_scan(
    device: &Device,
    queue: &Queue,
    volume: &Volume,
    texels: &Texels,
    reduction: &Reduction,
    [scan, mean, brightest]: [&Texture; 3],
) -> ReducedLayer {
    let [ni, nj, _] = volume.grid().shape();
    let [ri, rj, rk] = reduction.shape();
    let mut levels = ReducedLayer { mean: Vec::with_capacity(ri * rj * rk), brightest: Vec::with_capacity(ri * rj * rk) };
    let mut waiting = 0;
    for k in 0..rk {
        let block = reduction.block(2, k);
        let slab = texels.encode(volume.voxels(), block.start * ni * nj..block.end * ni * nj);
        write_box(queue, scan, [0, 0, block.start], [ni, nj, block.len()], bytemuck::cast_slice(&slab));
        let layer = reduction.layer(&slab, texels.highest());
        write_box(queue, mean, [0, 0, k], [ri, rj, 1], bytemuck::cast_slice(&layer.mean));
        if !reduction.is_identity() {
            write_box(queue, brightest, [0, 0, k], [ri, rj, 1], bytemuck::cast_slice(&layer.brightest));
        }
        levels.mean.extend_from_slice(&layer.mean);
        levels.brightest.extend_from_slice(&layer.brightest);
        waiting += slab.len() * 2;
        if waiting > SUBMIT_AFTER {
            waiting = 0;
            queue.submit([]);
            tidy(device);
        }
    }
    levels
}
