# SPDX-License-Identifier: GPL-3.0-or-later
"""Convolutional regressors as lists of operations: what is trained in PyTorch is what the native code runs.

A program is a list of operations on one running tensor: ``"relu"``, ``"avgpool2"``, ``"upsample2"`` (nearest),
``"unshuffle2"``, ``"shuffle2"``, ``{"conv3x3": "w0"}``, ``{"conv1x1": "w1"}`` (zero padding, bias ``b0``, ``b1``),
``{"save": name}``, ``{"concat": name}`` (running tensor first).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .geometry import Float

Program = list[str | dict[str, str]]


class Builder:
    """Writes a program and remembers the shape of each convolution it asks for."""

    def __init__(self) -> None:
        self.program: Program = []
        self.shapes: list[tuple[int, int, int]] = []

    def conv(self, inside: int, outside: int, kernel: int = 3, relu: bool = True) -> None:
        self.program.append({f"conv{kernel}x{kernel}": f"w{len(self.shapes)}"})
        self.shapes.append((outside, inside, kernel))
        if relu:
            self.program.append("relu")

    def op(self, *names: str) -> None:
        self.program.extend(names)

    def keep(self, name: str) -> None:
        self.program.append({"save": name})

    def join(self, name: str) -> None:
        self.program.append({"concat": name})


def unet(a: int, b: int, c: int, d: int, channels: int = 8) -> Builder:
    """A small U-shaped net on N/2, N/4, N/8 and N/16 samples with ``a``, ``b``, ``c`` and ``d`` channels.

    The finest level does little (its samples are many), the coarser ones carry the context.
    """
    net = Builder()
    net.op("unshuffle2")
    net.conv(4 * channels, a, 1)
    net.conv(a, a)
    net.keep("a")
    for inside, outside, name in ((a, b, "b"), (b, c, "c"), (c, d, "")):
        net.op("avgpool2")
        net.conv(inside, outside)
        net.conv(outside, outside)
        if name:
            net.keep(name)
    for inside, outside, name in ((d, c, "c"), (c, b, "b"), (b, a, "a")):
        net.op("upsample2")
        net.join(name)
        net.conv(inside + outside, outside, 1)
        if name != "a":
            net.conv(outside, outside)
    net.conv(a, 4, relu=False)
    net.op("shuffle2")
    return net


def widths_of(arrays: Mapping[str, Float]) -> tuple[int, int, int, int]:
    """The channel counts of the :func:`unet` that these weights belong to."""
    a, b, c, d = (len(arrays[f"b{k}"]) for k in (1, 3, 5, 7))
    return a, b, c, d


INPUT_GAIN = (8.0, 12.0, 12.0, 1.0, 2.0, 2.0, 2.0, 2.0)
"""Brings the input channels to about unit spread while training."""


class ProgramNet(nn.Module):
    """Runs a program. Inputs are scaled by ``INPUT_GAIN`` and outputs are in units of ``unit_mm`` while training; the
    export folds both into the first and the last layer."""

    def __init__(self, builder: Builder, unit_mm: float) -> None:
        super().__init__()
        self.program, self.unit_mm = builder.program, unit_mm
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for k, (outside, inside, kernel) in enumerate(builder.shapes):
            gain = (2 / (inside * kernel * kernel)) ** 0.5 * (0.3 if k == len(builder.shapes) - 1 else 1.0)
            self.weights.append(nn.Parameter(torch.randn(outside, inside, kernel, kernel) * gain))
            self.biases.append(nn.Parameter(torch.zeros(outside)))
        self.gain: torch.Tensor
        self.register_buffer("gain", torch.tensor(INPUT_GAIN)[None, :, None, None])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        saved: dict[str, torch.Tensor] = {}
        x = x * self.gain
        for op in self.program:
            if isinstance(op, str):
                x = _PLAIN[op](x)
                continue
            name, value = next(iter(op.items()))
            if name == "save":
                saved[value] = x
            elif name == "concat":
                x = torch.cat((x, saved[value]), 1)
            else:
                k = int(value[1:])
                x = functional.conv2d(x, self.weights[k], self.biases[k], padding=int(name[4]) // 2)
        return x

    def load(self, arrays: Mapping[str, Float]) -> None:
        """Take over weights that :meth:`arrays` gave, of this or another training run of the same program."""
        last = len(self.weights) - 1
        with torch.no_grad():
            for k, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
                kernel = np.array(arrays[f"w{k}"], np.float32)
                if k == 0:
                    kernel /= np.repeat(INPUT_GAIN, kernel.shape[1] // len(INPUT_GAIN))[None, :, None, None]
                unit = self.unit_mm if k == last else 1.0
                w.copy_(torch.from_numpy(kernel / np.float32(unit)))
                b.copy_(torch.from_numpy(np.array(arrays[f"b{k}"], np.float32) / np.float32(unit)))

    def arrays(self) -> dict[str, Float]:
        """Weights and biases by name (``w0``, ``b0``, ...), output in mm."""
        found: dict[str, Float] = {}
        last = len(self.weights) - 1
        for k, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            scale = self.unit_mm if k == last else 1.0
            kernel = w.detach().numpy() * scale
            if k == 0:
                kernel = kernel * np.repeat(INPUT_GAIN, kernel.shape[1] // len(INPUT_GAIN))[None, :, None, None]
            found[f"w{k}"] = kernel.astype(np.float32)
            found[f"b{k}"] = (b.detach().numpy() * scale).astype(np.float32)
        return found


_PLAIN: dict[str, Any] = {
    "relu": functional.relu,
    "avgpool2": lambda x: functional.avg_pool2d(x, 2),
    "upsample2": lambda x: functional.interpolate(x, scale_factor=2, mode="nearest"),
    "unshuffle2": lambda x: functional.pixel_unshuffle(x, 2),
    "shuffle2": lambda x: functional.pixel_shuffle(x, 2),
}


def multiply_adds(builder: Builder, size: int = 64) -> int:
    """Multiply-adds of one patch."""
    total, n, k = 0, size, 0
    steps = {"unshuffle2": 0.5, "avgpool2": 0.5, "upsample2": 2.0, "shuffle2": 2.0}
    for op in builder.program:
        if isinstance(op, str):
            n = int(n * steps.get(op, 1.0))
        elif next(iter(op)).startswith("conv"):
            outside, inside, kernel = builder.shapes[k]
            total, k = total + outside * inside * kernel * kernel * n * n, k + 1
    return total
