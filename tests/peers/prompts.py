"""Clicks answered by others: scikit-image's random walker and PyMaxflow's graph cut, on the same organs, with the same way to click.

    python tests/peers/prompts.py [SCAN MASK LABEL ...]

Needs numpy, scipy, nibabel, scikit-image and PyMaxflow. Compare with `cargo run -p medley-annotate --example prompts_on_sample`: clicks only, a region of
60 mm around them whose faces are background.
"""

import sys
import time
from pathlib import Path

import maxflow
import nibabel as nib
import numpy as np
from scipy import ndimage
from skimage.segmentation import random_walker

CLICKS, SHOWN, REACH_MM = 10, (1, 3, 5, 10), 60.0


def next_click(truth, found, spacing):
    best = None
    for is_object, error in ((True, truth & ~found), (False, found & ~truth)):
        pieces, count = ndimage.label(error)
        if count:
            sizes = np.bincount(pieces.ravel())[1:]
            if best is None or sizes.max() > best[0]:
                depth = ndimage.distance_transform_edt(pieces == sizes.argmax() + 1, sampling=spacing)
                best = (sizes.max(), np.unravel_index(depth.argmax(), depth.shape), is_object)
    return None if best is None else best[1:]


def region_of(clicks, shape, spacing):
    points = np.array([c for c, _ in clicks])
    reach = (REACH_MM / np.array(spacing)).astype(int) + 1
    return tuple(slice(max(0, a - r), min(s, b + r + 1)) for a, b, r, s in zip(points.min(0), points.max(0), reach, shape))


def seeds_of(clicks, region, shape):
    seeds = np.zeros([r.stop - r.start for r in region], np.int32)
    for axis, r in enumerate(region):
        face = np.moveaxis(seeds, axis, 0)
        if r.start > 0:
            face[0] = 2
        if r.stop < shape[axis]:
            face[-1] = 2
    for voxel, is_object in clicks:
        seeds[tuple(v - r.start for v, r in zip(voxel, region))] = 1 if is_object else 2
    return seeds


def walker(values, seeds, spacing):
    if not (seeds == 2).any():
        return np.ones(seeds.shape, bool)
    return random_walker(np.clip(values, -200, 300), seeds, beta=130, mode="cg_j", spacing=spacing, tol=1e-3) == 1


def cut(values, seeds, spacing):
    """Boykov and Jolly: histograms of what lies around the clicks, edges by contrast."""
    around = ndimage.binary_dilation(seeds == 1, np.ones((3, 3, 3)))
    sigma = max(values[around].std(), 5.0)
    like = np.clip(0.5 * ((values - np.median(values[around])) / sigma) ** 2, 0, 8)
    graph = maxflow.Graph[float]()
    nodes = graph.add_grid_nodes(values.shape)
    for axis in range(3):
        structure = np.zeros((3, 3, 3))
        structure[tuple(2 if a == axis else 1 for a in range(3))] = 1
        jump = np.zeros(values.shape)
        ahead = np.diff(values, axis=axis)
        jump[tuple(slice(0, -1) if a == axis else slice(None) for a in range(3))] = ahead
        weights = 2.0 * np.exp(-(jump**2) / (2 * sigma**2)) * np.prod(spacing) ** (1 / 3) / spacing[axis]
        graph.add_grid_edges(nodes, weights=weights, structure=structure, symmetric=True)
    # Object: below two deviations.
    graph.add_grid_tedges(nodes, np.where(seeds == 1, 1e6, np.where(seeds == 2, 0, 2.0)), np.where(seeds == 2, 1e6, np.where(seeds == 1, 0, like)))
    graph.maxflow()
    inside = ~graph.get_grid_segments(nodes)
    pieces, _ = ndimage.label(inside)
    return np.isin(pieces, np.setdiff1d(np.unique(pieces[seeds == 1]), 0))


def measured(case, scan, mask, labels):
    scan, mask = nib.load(scan), nib.load(mask)
    values, held = np.asarray(scan.dataobj, np.float32), np.asarray(mask.dataobj)
    spacing = tuple(float(v) for v in scan.header.get_zooms()[:3])
    for label in labels:
        truth = held == label
        for name, answer in (("random walker", walker), ("graph cut", cut)):
            found, clicks, line, slowest, size = np.zeros(truth.shape, bool), [], "", 0.0, 0
            for n in range(1, CLICKS + 1):
                click = next_click(truth, found, spacing)
                if click:
                    clicks.append(click)
                    region = region_of(clicks, truth.shape, spacing)
                    start = time.perf_counter()
                    inside = answer(values[region], seeds_of(clicks, region, truth.shape), spacing)
                    slowest, size = max(slowest, time.perf_counter() - start), max(size, inside.size)
                    found[:] = False
                    found[region] = inside
                if n in SHOWN:
                    line += f" {2 * (found & truth).sum() / (found.sum() + truth.sum()):.3f} |"
            print(f"| {case} | {label} | {name} |{line} {size / 1e6:.2f} M | {slowest:.2f} s |", flush=True)


if len(sys.argv) > 3:
    measured("scan", sys.argv[1], sys.argv[2], [int(v) for v in sys.argv[3:]])
else:
    sample = Path(__file__).parents[2] / "assets/sample"
    for name in ("patient_a_upper", "patient_b"):
        measured(name, sample / f"{name}_ct.nii.gz", sample / f"{name}_organs5.nii.gz", [1, 2, 3, 4])
