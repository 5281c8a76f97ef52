#!/usr/bin/env python3
"""Checkpoints with the names, shapes and layout of the released Med3D weights, filled with random numbers.

    make_released_like.py OUT_FOLDER [DEPTH+SHORTCUT ...]        (default: 18A 50B)

Writes for each network, at full width:
  resnet_18A.legacy.pth       {"state_dict": {"module.…": tensor}} in PyTorch's old multi-pickle stream
  resnet_18A.io.safetensors   `input` 1×1×64³ and what PyTorch computes from it: conv1 (before its normalisation), maxpool,
                              layer1 … layer4, in evaluation mode
Needs torch and safetensors. The network below was written from the published facts (layers, strides, dilations, names).
"""

import pathlib
import sys

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

BLOCKS = {10: (1, 1, 1, 1), 18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)}
# Width factor, stride and dilation of layer1 to layer4.
STAGES = ((1, 1, 1), (2, 2, 1), (4, 1, 2), (8, 1, 4))


def convolution(into, out, kernel, stride=1, dilation=1):
    return nn.Conv3d(into, out, kernel, stride=stride, padding=dilation * (kernel // 2), dilation=dilation, bias=False)


class Block(nn.Module):
    """A basic block (two 3³ convolutions) or a bottleneck (1³, 3³, 1³) with its shortcut."""

    def __init__(self, into, width, stride, dilation, is_bottleneck, shortcut):
        super().__init__()
        self.out = width * (4 if is_bottleneck else 1)
        self.stride = stride
        if is_bottleneck:
            kernels = ((into, width, 1, 1, 1), (width, width, 3, stride, dilation), (width, self.out, 1, 1, 1))
        else:
            kernels = ((into, width, 3, stride, dilation), (width, width, 3, 1, dilation))
        self.layers = len(kernels)
        for number, arguments in enumerate(kernels, 1):
            setattr(self, f"conv{number}", convolution(*arguments))
            setattr(self, f"bn{number}", nn.BatchNorm3d(arguments[1]))
        self.changes = stride != 1 or into != self.out
        if self.changes and shortcut == "B":
            self.downsample = nn.Sequential(convolution(into, self.out, 1, stride), nn.BatchNorm3d(self.out))

    def forward(self, x):
        past = x
        for number in range(1, self.layers + 1):
            x = getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(x))
            x = functional.relu(x) if number < self.layers else x
        if self.changes:
            if hasattr(self, "downsample"):
                past = self.downsample(past)
            else:
                past = past[:, :, :: self.stride, :: self.stride, :: self.stride]
                past = functional.pad(past, (0, 0, 0, 0, 0, 0, 0, self.out - past.shape[1]))
        return functional.relu(x + past)


class ResNet3d(nn.Module):
    def __init__(self, depth, shortcut, width=64, channels=1):
        super().__init__()
        self.conv1 = convolution(channels, width, 7, 2)
        self.bn1 = nn.BatchNorm3d(width)
        into = width
        for number, (count, (factor, stride, dilation)) in enumerate(zip(BLOCKS[depth], STAGES), 1):
            blocks = []
            for index in range(count):
                blocks.append(Block(into, width * factor, stride if index == 0 else 1, dilation, depth >= 50, shortcut))
                into = blocks[-1].out
            setattr(self, f"layer{number}", nn.Sequential(*blocks))

    def stages(self, x):
        found = {"conv1": self.conv1(x)}
        x = functional.max_pool3d(functional.relu(self.bn1(found["conv1"])), 3, stride=2, padding=1)
        found["maxpool"] = x
        for number in range(1, 5):
            x = getattr(self, f"layer{number}")(x)
            found[f"layer{number}"] = x
        return found


def random_network(depth, shortcut):
    """Kaiming's rule for kernels; normalisations as uneven as training leaves them, but with activations of ordinary size."""
    torch.manual_seed(depth)
    network = ResNet3d(depth, shortcut)
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, nn.BatchNorm3d):
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.normal_(module.bias, 0.0, 0.1)
            nn.init.normal_(module.running_mean, 0.0, 0.1)
            nn.init.uniform_(module.running_var, 0.8, 1.6)
            module.num_batches_tracked.fill_(1000)
    return network.eval()


def main(folder, names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        depth, shortcut = int(name[:-1]), name[-1]
        network = random_network(depth, shortcut)
        state = {f"module.{key}": value for key, value in network.state_dict().items()}
        torch.save({"state_dict": state}, folder / f"resnet_{name}.legacy.pth", _use_new_zipfile_serialization=False)
        scan = torch.randn(1, 1, 64, 64, 64)
        with torch.no_grad():
            stages = network.stages(scan)
        save_file({"input": scan, **{key: value.contiguous() for key, value in stages.items()}}, folder / f"resnet_{name}.io.safetensors")
        print(name, sum(parameter.numel() for parameter in network.parameters()), "parameters,", len(state), "tensors")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2:] or ["18A", "50B"])
