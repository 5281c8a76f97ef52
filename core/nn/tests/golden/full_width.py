"""Full-width checkpoints of random weights, in PyTorch's legacy stream, through `medley features` against PyTorch.

    python full_width.py target/debug/medley     # torch, numpy; about a minute; leaves nothing behind
"""

import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from torch import nn

spec = importlib.util.spec_from_file_location("make", pathlib.Path(__file__).parent / "make.py")
make = importlib.util.module_from_spec(spec)
spec.loader.exec_module(make)


class Bottleneck(nn.Module):
    def __init__(self, cin, width, stride, dilation):
        super().__init__()
        self.conv1, self.bn1 = make.conv(cin, width, 1), nn.BatchNorm3d(width)
        self.conv2, self.bn2 = make.conv(width, width, 3, stride, dilation), nn.BatchNorm3d(width)
        self.conv3, self.bn3 = make.conv(width, 4 * width, 1), nn.BatchNorm3d(4 * width)
        if stride != 1 or cin != 4 * width:
            self.downsample = nn.Sequential(make.conv(cin, 4 * width, 1, stride), nn.BatchNorm3d(4 * width))

    def forward(self, x):
        y = torch.relu(self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x))))))
        return torch.relu(self.bn3(self.conv3(y)) + (self.downsample(x) if hasattr(self, "downsample") else x))


def resnet50():
    net = make.Net((1, 1, 1, 1), 64, "B", False)
    cin = 64
    for at, (count, stride, dilation) in enumerate(zip((3, 4, 6, 3), (1, 2, 1, 1), (1, 1, 2, 4))):
        stage = []
        for block in range(count):
            stage.append(Bottleneck(cin, 64 << at, stride if block == 0 else 1, dilation))
            cin = (64 << at) * 4
        setattr(net, f"layer{at + 1}", nn.Sequential(*stage))
    return net


def lived_in(net):
    """Running numbers and slopes far from their defaults, as training would leave them."""
    draws = torch.Generator().manual_seed(1)
    for name, value in net.state_dict().items():
        if name.endswith(("running_var", "weight")) and value.ndim == 1:
            value.uniform_(0.5, 1.5, generator=draws)
        elif value.ndim == 1:
            value.uniform_(-0.3, 0.3, generator=draws)
    return net.eval()


def main(medley):
    torch.manual_seed(0)
    for name, net in (("ResNet-18 A", make.Net((2, 2, 2, 2), 64, "A", False)), ("ResNet-50 B", resnet50())):
        del net.conv_seg
        net.conv_seg = nn.Identity()
        lived_in(net)
        x = torch.randn(1, 1, 64, 64, 64, generator=torch.Generator().manual_seed(2))
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            folder = pathlib.Path(folder)
            state = {f"module.{key}": value for key, value in net.state_dict().items()}
            torch.save({"state_dict": state}, folder / "w.pth", _use_new_zipfile_serialization=False)
            np.save(folder / "x.npy", x.numpy())
            start = time.time()
            subprocess.run([medley, "weights", "inspect", folder / "w.pth", "--json"], check=True, stdout=subprocess.DEVNULL)
            inspected = time.time() - start
            np.save(folder / "small.npy", x.numpy()[:, :, :8, :8, :8])
            run = [medley, "features", "--weights", folder / "w.pth", "--layer", "layer4", "--device", "cpu", "--json"]
            start = time.time()
            subprocess.run([*run, folder / "small.npy", "-o", folder / "s.npy"], check=True, capture_output=True)
            loaded = time.time() - start
            answer = subprocess.run([*run, folder / "x.npy", "-o", folder / "y.npy"], check=True, capture_output=True)
            found, wanted = np.load(folder / "y.npy"), net.stages(x)["layer4"].numpy()
            error = np.abs(found - wanted).max() / wanted.std()
            size = (folder / "w.pth").stat().st_size / 1e6
            print(f"{name}: {size:.0f} MB, layer4 {json.loads(answer.stdout)['shape']} within {error:.1e} σ of PyTorch; "
                  f"inspected in {inspected:.1f} s, loaded and run on 8³ in {loaded:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1])
