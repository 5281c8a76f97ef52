#!/usr/bin/env python3
"""Reads DICOM segmentations that Medley wrote with highdicom and pydicom, and compares them with the same masks as NIfTI.

    pip install pydicom highdicom nibabel numpy
    MEDLEY_SHARED=... MEDLEY_PEERS_FOLDER=out cargo test -p medley-io --test dicom_seg -- --ignored
    python read_dicom_seg.py out/small.seg.dcm out/small.nii.gz [FOLDER_OF_THE_SERIES]

Prints one JSON object and exits with 1 if anything differs.
"""

import json
import sys
from pathlib import Path

import highdicom as hd
import nibabel as nib
import numpy as np
import pydicom


def main(seg_path, nifti_path, series_folder=None):
    seg = hd.seg.segread(seg_path)
    mask = nib.load(nifti_path)
    labels = np.asanyarray(mask.dataobj).astype(np.int64)
    lps_from_voxel = np.diag([-1.0, -1.0, 1.0, 1.0]) @ mask.affine
    voxel_from_lps = np.linalg.inv(lps_from_voxel)

    found = np.zeros_like(labels)
    frames = seg.pixel_array
    if frames.ndim == 2:
        frames = frames[None]
    worst = 0.0
    groups = seg.PerFrameFunctionalGroupsSequence
    for frame, group in zip(frames, groups, strict=True):
        position = [*map(float, group.PlanePositionSequence[0].ImagePositionPatient), 1.0]
        index = voxel_from_lps @ position
        worst = max(worst, float(np.abs(index[:3] - np.round(index[:3])).max()), float(np.abs(index[:2]).max()))
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        value = int(seg.get_segment_description(number).SegmentDescription.removeprefix("Label value "))
        slice_ = found[:, :, int(round(index[2]))]
        slice_[frame.T > 0] = value

    shared = seg.SharedFunctionalGroupsSequence[0]
    spacing = [float(v) for v in shared.PixelMeasuresSequence[0].PixelSpacing]
    wanted = [float(np.linalg.norm(lps_from_voxel[:3, 1])), float(np.linalg.norm(lps_from_voxel[:3, 0]))]

    problems = []
    if not np.array_equal(found, labels):
        problems.append(f"{int((found != labels).sum())} voxels differ")
    if worst > 1e-3:
        problems.append(f"positions are off by {worst} voxels")
    if not np.allclose(spacing, wanted, rtol=1e-5):
        problems.append(f"spacing {spacing}, not {wanted}")
    if [s.SegmentNumber for s in seg.SegmentSequence] != list(range(1, len(seg.SegmentSequence) + 1)):
        problems.append("segment numbers do not count from 1")

    if series_folder:
        sources = {}
        for path in Path(series_folder).iterdir():
            try:
                header = pydicom.dcmread(path, stop_before_pixels=True)
                sources[header.file_meta.MediaStorageSOPInstanceUID] = header
            except Exception:
                continue
        for group in groups:
            uid = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID if "DerivationImageSequence" in group else None
            if uid is not None:
                off = np.abs(np.array(sources[uid].ImagePositionPatient, float) - np.array(group.PlanePositionSequence[0].ImagePositionPatient, float))
                if off.max() > 1e-3:
                    problems.append(f"a frame names a picture {off.max()} mm away")
        one = next(iter(sources.values()))
        for word in ["PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID"]:
            if one.get(word) and one.get(word) != seg.get(word):
                problems.append(f"{word} is another")

    names = {int(s.SegmentNumber): str(s.SegmentLabel) for s in seg.SegmentSequence}
    print(json.dumps({"frames": len(frames), "segments": len(names), "voxels": int((labels > 0).sum()), "names": list(names.values())[:4],
                      "algorithm": str(seg.SegmentSequence[0].SegmentAlgorithmType), "problems": problems}))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
