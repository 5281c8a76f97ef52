"""Makes the data in assets/sample and assets/pretraining from their public sources. Kept for provenance; the build does not run it.

    python prepare_sample.py SOURCE [TARGET]

SOURCE holds the folders `ct_abdomen`, `dicom_ct_explicit_le`, `mri_abdomen`, `mri_brain_tumor1` and `ct_lung_tumor1` (each a NIfTI
rendering of public test data of TotalSegmentator 2.18.0 and PyRadiomics 3.0.1, see NOTICE). TARGET is this folder unless given.
Needs numpy and nibabel (made with 2.4.6 and 5.4.2). The same sources give the same bytes with the same zlib.

What is changed, and nothing else:
- sample/patient_a_*: voxels as int16 instead of int32 (checked: no value changes); cut along k into slices 0-81 and 82-111. Slice 82
  is the lowest that shows the spleen, so the lower part has the aorta, the inferior vena cava and the tip of the liver.
- sample/patient_b_ct: voxels and grid as they are.
- sample/*_organs5: five of 117 classes, renumbered (ORGANS); every other class becomes background.
- pretraining/mr_abdomen: voxels and grid as they are.
- pretraining/mr_brain, pretraining/ct_lung: in-plane means of 3x3 pixels, rounded (an anti-aliased reduction); each label is the one
  at the middle pixel (the nearest). The last 1 (brain) or 2 (lung) rows and columns that fill no 3x3 block are dropped.
- Headers: the unit mm is written, masks carry the intent code 1002 (label), the description names the source. sform and qform keep
  their codes; a cut or a reduction moves them exactly.
"""

import gzip
import hashlib
import io
import json
import sys
from pathlib import Path

import nibabel as nib
import numpy as np

ORGANS = {1: (1, "spleen"), 5: (2, "liver"), 6: (3, "stomach"), 52: (4, "aorta"), 63: (5, "inferior_vena_cava")}
CUT = 82
TOTALSEGMENTATOR = "Medley assets; TotalSegmentator 2.18.0 test data, Apache-2.0; changed"
PYRADIOMICS = "Medley assets; PyRadiomics 3.0.1 data, BSD-3-Clause; changed"


def load(path):
    image = nib.load(path)
    assert image.header["scl_slope"] in (0, 1) or np.isnan(image.header["scl_slope"]), f"{path} is scaled"
    return image, np.asarray(image.dataobj)


def as_int16(voxels):
    narrow = voxels.astype(np.int16)
    assert (narrow == voxels).all(), "a value does not fit int16"
    return narrow


def moved(affine, step=(1, 1, 1), first=(0, 0, 0)):
    """The affine of the grid whose voxel n lies at voxel first + n * step of the old one."""
    inner = np.diag([*step, 1]).astype(float)
    inner[:3, 3] = first
    return affine @ inner


def write(path, voxels, source, description, affine=None, is_mask=False):
    header = source.header.copy()
    header.set_data_dtype(voxels.dtype)
    header.set_xyzt_units("mm")
    header["descrip"] = description.encode()
    header["cal_min"] = header["cal_max"] = 0
    if is_mask:
        header.set_intent(1002, (), name="")
    affine = source.affine if affine is None else affine
    image = nib.Nifti1Image(voxels, affine, header)
    image.set_sform(affine, int(source.header["sform_code"]))
    image.set_qform(affine, int(source.header["qform_code"]))
    plain = io.BytesIO()
    image.to_file_map({"header": nib.FileHolder(fileobj=plain), "image": nib.FileHolder(fileobj=plain)})
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=9, mtime=0) as stream:
        stream.write(plain.getvalue())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(packed.getvalue())
    back = nib.load(path)
    assert (np.asarray(back.dataobj) == voxels).all() and np.abs(back.affine - affine).max() < 1e-5, path


def organs5(labels):
    out = np.zeros(labels.shape, np.uint8)
    for source, (target, _) in ORGANS.items():
        out[labels == source] = target
    return out


def reduced(voxels, labels):
    """Means of 3x3 pixels in plane, and the labels at their middle."""
    ni, nj, nk = (voxels.shape[0] // 3, voxels.shape[1] // 3, voxels.shape[2])
    blocks = voxels[: ni * 3, : nj * 3].astype(np.float64).reshape(ni, 3, nj, 3, nk)
    return as_int16(np.rint(blocks.mean(axis=(1, 3)))), np.ascontiguousarray(labels[1 : ni * 3 : 3, 1 : nj * 3 : 3])


def dataset(path, name, about, licence, modality, labels, training, validation):
    pair = lambda image, label: {"image": f"./{image}", "label": f"./{label}"}
    content = {
        "name": name,
        "description": about,
        "licence": licence,
        "tensorImageSize": "3D",
        "modality": {"0": modality},
        "labels": {"0": "background", **{str(value): label for value, label in labels}},
        "numTraining": len(training),
        "numValidation": len(validation),
        "training": [pair(*each) for each in training],
        "validation": [pair(*each) for each in validation],
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def sample(source, target):
    ct, voxels = load(source / "ct_abdomen/ct.nii.gz")
    _, labels = load(source / "ct_abdomen/labels_total117.nii.gz")
    voxels, labels = as_int16(voxels), organs5(labels)
    assert not (labels[:, :, :CUT] == 1).any() and (labels[:, :, CUT] == 1).any(), "the cut lies just below the spleen"
    for name, low, high in (("patient_a_lower", 0, CUT), ("patient_a_upper", CUT, voxels.shape[2])):
        affine = moved(ct.affine, first=(0, 0, low))
        write(target / f"{name}_ct.nii.gz", voxels[:, :, low:high], ct, TOTALSEGMENTATOR, affine)
        write(target / f"{name}_organs5.nii.gz", labels[:, :, low:high], ct, TOTALSEGMENTATOR, affine, is_mask=True)
    ct, voxels = load(source / "dicom_ct_explicit_le/reference_hu.nii.gz")
    _, labels = load(source / "dicom_ct_explicit_le/labels_total117.nii.gz")
    write(target / "patient_b_ct.nii.gz", as_int16(voxels), ct, TOTALSEGMENTATOR)
    write(target / "patient_b_organs5.nii.gz", organs5(labels), ct, TOTALSEGMENTATOR, is_mask=True)
    about = "Medley's sample study: two parts of patient A to learn from, patient B to measure on; see README.md"
    cases = [(f"{name}_ct.nii.gz", f"{name}_organs5.nii.gz") for name in ("patient_a_lower", "patient_a_upper", "patient_b")]
    dataset(target / "dataset.json", "medley_sample", about, "Apache-2.0", "CT", ORGANS.values(), cases[:2], cases[2:])


def pretraining(source, target):
    mr, voxels = load(source / "mri_abdomen/mr.nii.gz")
    _, labels = load(source / "mri_abdomen/labels_mr23.nii.gz")
    named = json.loads((source / "msd/mri_abdomen/dataset.json").read_text())["labels"]
    named = [(int(value), label) for value, label in named.items() if value != "0"]
    folder = target / "mr_abdomen"
    write(folder / "mr.nii.gz", voxels, mr, TOTALSEGMENTATOR)
    write(folder / "labels23.nii.gz", labels, mr, TOTALSEGMENTATOR, is_mask=True)
    about = "Abdominal MR of one person, 23 structures; for pretraining"
    dataset(folder / "dataset.json", "mr_abdomen", about, "Apache-2.0", "MR", named, [("mr.nii.gz", "labels23.nii.gz")], [])
    for name, origin, modality, what in (
        ("mr_brain", "mri_brain_tumor1", "MR", "Brain MR"),
        ("ct_lung", "ct_lung_tumor1", "CT", "Chest CT"),
    ):
        image, voxels = load(source / origin / "image.nii.gz")
        _, labels = load(source / origin / "label.nii.gz")
        voxels, labels = reduced(voxels, labels)
        affine = moved(image.affine, step=(3, 3, 1), first=(1, 1, 0))
        folder = target / name
        write(folder / "image.nii.gz", voxels, image, PYRADIOMICS, affine)
        write(folder / "label.nii.gz", labels.astype(np.uint8), image, PYRADIOMICS, affine, is_mask=True)
        about = f"{what} of one person with a tumour outlined; for pretraining"
        dataset(folder / "dataset.json", name, about, "BSD-3-Clause", modality, [(1, "tumor")], [("image.nii.gz", "label.nii.gz")], [])


def checksums(target):
    files = sorted(path for folder in ("sample", "pretraining") for path in (target / folder).rglob("*.nii.gz"))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(target).as_posix()}" for path in files]
    (target / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: prepare_sample.py SOURCE [TARGET]")
    source = Path(sys.argv[1])
    target = Path(sys.argv[2]) if len(sys.argv) == 3 else Path(__file__).parent
    sample(source, target / "sample")
    pretraining(source, target / "pretraining")
    checksums(target)


if __name__ == "__main__":
    main()
