"""The other side of `medley bench voxels`: the same operations on the same phantom by connected-components-3d, edt, scipy, SimpleITK and
scikit-image. Reads one JSON object a line and answers with one:

    {"labels": PATH, "volume": PATH, "shape": [i, j, k], "spacing": …, "coarser": {"shape": …, "spacing": …, "origin": …},
     "radius_mm": …, "reach": …, "sigma_mm": …, "threads": N}    → {"versions": {…}, "peers": {OPERATION: [PEER, …]}}
    {"run": OPERATION, "peer": PEER}                             → {"seconds": …, "peak": bytes}
    {"keep": PATH}                                               → {"kept": true}; the last outcome, as `Outcome::agreement` reads it

What is slow by orders of magnitude is asked only of grids up to 256³ (SLOW). Input in the form that a peer wants (an array or a SimpleITK image) is
made before its time counts.
"""

import importlib.metadata
import json
import sys
import time

import cc3d
import edt
import numpy
import scipy.ndimage
import SimpleITK
import skimage.measure

SLOW = 256**3
case = json.loads(sys.stdin.readline())
shape, spacing = case["shape"][::-1], case["spacing"][::-1]
radius, reach = case["radius_mm"], case["reach"]
threads = case["threads"]
SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
labels = numpy.fromfile(case["labels"], numpy.uint8).reshape(shape)
volume = numpy.fromfile(case["volume"], numpy.int16).reshape(shape)
mask = labels != 0
# Radii equal to a distance up to rounding include it.
limit = numpy.float32(radius * radius * (1 + 1e-6))


def image(array):
    made = SimpleITK.GetImageFromArray(array)
    made.SetSpacing(case["spacing"])
    return made


def array(made):
    return SimpleITK.GetArrayViewFromImage(made)


def ball():
    """Offsets within the radius, as an array."""
    half = [int(radius / step * (1 + 1e-6)) for step in spacing]
    axes = numpy.ogrid[tuple(slice(-n, n + 1) for n in half)]
    return sum((axis * step) ** 2 for axis, step in zip(axes, spacing)) <= limit


def kernel():
    return [round(radius / step) for step in case["spacing"]]


def near(inside):
    return edt.edtsq(~inside, anisotropy=spacing, parallel=threads) <= limit


def deep(inside):
    return edt.edtsq(inside, anisotropy=spacing, parallel=threads) > limit


def resampled(made, interpolator):
    onto = case["coarser"]
    return SimpleITK.Resample(made, onto["shape"], SimpleITK.Transform(), interpolator, onto["origin"], onto["spacing"], [1, 0, 0, 0, 1, 0, 0, 0, 1], 0.0)


def blurred(inside):
    sigmas = [case["sigma_mm"] / step for step in spacing]
    reaches = [int(numpy.ceil(3 * sigma)) for sigma in sigmas]
    return scipy.ndimage.gaussian_filter(inside.astype(numpy.float32), sigmas, mode="nearest", radius=reaches) >= 0.5


def enclosed(surface):
    """The volume in mm³ that a mesh encloses."""
    corners = surface[0].astype(numpy.float64)[surface[1]]
    return numpy.array([abs(numpy.einsum("ij,ij->i", corners[:, 0], numpy.cross(corners[:, 1], corners[:, 2])).sum() / 6)])


def to_raw(kind):
    return lambda outcome: numpy.ascontiguousarray(outcome if isinstance(outcome, numpy.ndarray) else array(outcome)).astype(kind)


ids, sets, squares = to_raw(numpy.uint32), to_raw(numpy.uint8), to_raw(numpy.float32)
other_ball = None
# operation: peer: (input, what is timed, how it is written, whether it is slow)
OPERATIONS = {
    "components of labels": {"cc3d": (lambda: labels, cc3d.connected_components, ids, False)},
    "components of a mask": {
        "cc3d": (lambda: mask, lambda m: cc3d.connected_components(m, connectivity=6), ids, False),
        "scipy": (lambda: mask, lambda m: scipy.ndimage.label(m)[0], ids, False),
        "SimpleITK": (lambda: image(mask.view(numpy.uint8)), SimpleITK.ConnectedComponent, ids, False),
    },
    "distance": {
        "edt": (lambda: ~mask, lambda m: edt.edtsq(m, anisotropy=spacing, parallel=threads), squares, False),
        "scipy": (lambda: ~mask, lambda m: scipy.ndimage.distance_transform_edt(m, spacing), lambda d: squares(d * d), True),
    },
    "depth": {"edt": (lambda: mask, lambda m: edt.edtsq(m, anisotropy=spacing, parallel=threads), squares, False)},
    "signed distance": {"edt": (lambda: mask, lambda m: edt.sdf(m, anisotropy=spacing, parallel=threads), lambda d: squares(-d), False)},
    "dilation": {
        "edt": (lambda: mask, near, sets, False),
        "SimpleITK": (lambda: image(mask.view(numpy.uint8)), lambda m: SimpleITK.BinaryDilate(m, kernel(), SimpleITK.sitkBall), other_ball, False),
        "scipy": (lambda: mask, lambda m: scipy.ndimage.binary_dilation(m, ball()), sets, True),
    },
    "erosion": {
        "edt": (lambda: mask, deep, sets, False),
        "SimpleITK": (lambda: image(mask.view(numpy.uint8)), lambda m: SimpleITK.BinaryErode(m, kernel(), SimpleITK.sitkBall), other_ball, False),
        "scipy": (lambda: mask, lambda m: scipy.ndimage.binary_erosion(m, ball(), border_value=1), sets, True),
    },
    "opening": {
        "edt": (lambda: mask, lambda m: near(deep(m)), sets, False),
        "SimpleITK": (
            lambda: image(mask.view(numpy.uint8)),
            lambda m: SimpleITK.BinaryMorphologicalOpening(m, kernel(), SimpleITK.sitkBall),
            other_ball,
            False,
        ),
    },
    "median": {"SimpleITK": (lambda: image(mask.view(numpy.uint8)), lambda m: SimpleITK.BinaryMedian(m, [reach] * 3), sets, False)},
    "gaussian": {"scipy": (lambda: mask, blurred, sets, False)},
    "holes": {
        "SimpleITK": (lambda: image(mask.view(numpy.uint8)), SimpleITK.BinaryFillhole, sets, False),
        "scipy": (lambda: mask, scipy.ndimage.binary_fill_holes, sets, True),
    },
    "linear": {"SimpleITK": (lambda: image(volume), lambda m: resampled(m, SimpleITK.sitkLinear), to_raw(numpy.int16), False)},
    "nearest": {"SimpleITK": (lambda: image(labels), lambda m: resampled(m, SimpleITK.sitkNearestNeighbor), sets, False)},
    "surface": {
        "scikit-image": (lambda: numpy.pad(mask, 1), lambda m: skimage.measure.marching_cubes(m, 0.5, spacing=spacing), enclosed, False),
    },
}


def held(name):
    """Bytes that the system says this process holds, where it says so (Linux)."""
    try:
        with open("/proc/self/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith(name + ":")), None)
    except OSError:
        return None


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w") as marks:
            marks.write("5")
    except OSError:
        pass


def answer(what):
    print(json.dumps(what), flush=True)


is_small = mask.size <= SLOW
peers = {name: [peer for peer, how in peers.items() if is_small or not how[3]] for name, peers in OPERATIONS.items()}
versions = {name: importlib.metadata.version(name) for name in ("connected-components-3d", "edt", "scipy", "SimpleITK", "scikit-image")}
answer({"versions": versions, "peers": peers})
prepared, prepared_for, outcome, write = None, None, None, None
for line in sys.stdin:
    ask = json.loads(line)
    if "keep" in ask:
        if write is not None:
            write(outcome).tofile(ask["keep"])
        answer({"kept": write is not None})
        continue
    prepare, run, write, _ = OPERATIONS[ask["run"]][ask["peer"]]
    outcome = None
    if prepared_for != (ask["run"], ask["peer"]):
        prepared, prepared_for = None, (ask["run"], ask["peer"])
        prepared = prepare()
    forget_peak()
    before = held("VmRSS")
    start = time.perf_counter()
    outcome = run(prepared)
    seconds = time.perf_counter() - start
    answer({"seconds": seconds, "peak": held("VmHWM") - before if before else None})
