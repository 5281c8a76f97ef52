#!/usr/bin/env python3
"""Makes segmentations of the series in ../ct5n with highdicom: fractional and packed, a label map, and segments that overlap."""

import highdicom as hd
import numpy as np
import pydicom
from pathlib import Path
from pydicom.sr.codedict import codes

scan = [pydicom.dcmread(path) for path in sorted(Path("../ct5n").iterdir()) if "SCOUT" not in str(pydicom.dcmread(path).SeriesDescription).upper()]
scan.sort(key=lambda image: float(image.ImagePositionPatient[2]))
for image in scan:
    for word in ["AccessionNumber", "ReferringPhysicianName", "StudyID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"]:
        if word not in image:
            setattr(image, word, "")
mask = np.zeros((5, 16, 16), np.uint8)
mask[1:4, 2:6, 3:9] = 1
mask[2:5, 8:12, 3:5] = 2


def describe(number, name):
    return hd.seg.SegmentDescription(number, name, codes.SCT.Organ, codes.SCT.Liver, hd.seg.SegmentAlgorithmTypeValues.MANUAL)


def write(name, kind, pixels, syntax):
    seg = hd.seg.Segmentation(
        source_images=scan, pixel_array=pixels, segmentation_type=kind, segment_descriptions=[describe(1, "liver"), describe(2, "vessel")],
        series_instance_uid="2.25.5001", series_number=5, sop_instance_uid="2.25.5002", instance_number=1, manufacturer="made",
        manufacturer_model_name="made", software_versions="1", device_serial_number="1", transfer_syntax_uid=syntax)
    seg.save_as(f"{name}.dcm")


EXPLICIT, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"
write("seg_labelmap", "LABELMAP", mask, EXPLICIT)
parts = np.stack([mask == 1, mask == 2], -1).astype(np.float32)
parts[3] *= 0.3
write("seg_fractional", "FRACTIONAL", parts, RLE)
both = np.stack([mask == 1, mask == 1], -1).astype(np.uint8)
both[2, 2, 3, 1] = 0
write("seg_overlap", "BINARY", both, EXPLICIT)
