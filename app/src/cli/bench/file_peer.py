"""The other side of `medley bench io`: opens a scan with one reader, and says how long it took and what it held at most.

    python file_peer.py nibabel|simpleitk PATH
"""

import json
import os
import sys
import time

reader, path = sys.argv[1:]
if reader == "nibabel":
    import nibabel
    import numpy

    version = nibabel.__version__
else:
    import SimpleITK

    version = SimpleITK.Version.VersionString()


def memory(name):
    try:
        with open("/proc/self/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith(name + ":")), None)
    except OSError:
        return None


before = memory("VmRSS")
start = time.perf_counter()
if reader == "nibabel":
    voxels = numpy.asanyarray(nibabel.load(path).dataobj)
    if isinstance(voxels, numpy.memmap):
        # A file that is only mapped was not read yet.
        voxels.max()
elif os.path.isdir(path):
    series = SimpleITK.ImageSeriesReader()
    series.SetFileNames(series.GetGDCMSeriesFileNames(path))
    image = series.Execute()
    voxels = SimpleITK.GetArrayViewFromImage(image)
else:
    image = SimpleITK.ReadImage(path)
    voxels = SimpleITK.GetArrayViewFromImage(image)
seconds = time.perf_counter() - start
peak = memory("VmHWM")
print(json.dumps({"version": version, "seconds": seconds, "bytes": voxels.nbytes, "peak": peak - before if peak else None, "total": int(voxels.max())}))
