# SPDX-License-Identifier: GPL-3.0-or-later
"""The network's steps in plain NumPy, for comparison with the native executor."""

from __future__ import annotations

import numpy as np


def convolve(x, weights, bias):
    """x: (P, C, H, W); weights: (O, C, k, k); zero padding. One matrix product per tap."""
    k = weights.shape[2]
    padded = np.pad(x, [(0, 0), (0, 0), (k // 2, k // 2), (k // 2, k // 2)])
    height, width = x.shape[2:]
    out = np.zeros((len(x), len(weights), height * width), np.float32)
    for dy in range(k):
        for dx in range(k):
            part = padded[:, :, dy : dy + height, dx : dx + width].reshape(len(x), x.shape[1], -1)
            out += np.matmul(weights[:, :, dy, dx], part)
    return out.reshape(len(x), len(weights), height, width) + bias[:, None, None]


def unshuffle(x):
    """(P, C, H, W) to (P, 4 C, H/2, W/2), channel order as in PyTorch's pixel_unshuffle."""
    p, c, h, w = x.shape
    return x.reshape(p, c, h // 2, 2, w // 2, 2).transpose(0, 1, 3, 5, 2, 4).reshape(p, 4 * c, h // 2, w // 2)


def shuffle(x):
    """(P, 4 C, H, W) to (P, C, 2 H, 2 W), channel order as in PyTorch's pixel_shuffle."""
    p, c, h, w = x.shape
    return x.reshape(p, c // 4, 2, 2, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(p, c // 4, 2 * h, 2 * w)


def run(program, x):
    """program: list of tuples as the native `Net` takes them; x: (P, C, N, N) float32; returns (P, N, N)."""
    saved = {}
    for kind, *arguments in program:
        match kind:
            case "conv3x3" | "conv1x1":
                x = convolve(x, *arguments)
            case "relu":
                x = np.maximum(x, 0)
            case "avgpool2":
                x = x.reshape(*x.shape[:2], x.shape[2] // 2, 2, x.shape[3] // 2, 2).mean((3, 5))
            case "upsample2":
                x = x.repeat(2, 2).repeat(2, 3)
            case "unshuffle2":
                x = unshuffle(x)
            case "shuffle2":
                x = shuffle(x)
            case "save":
                saved[arguments[0]] = x
            case "concat":
                x = np.concatenate([x, saved[arguments[0]]], 1)
    return x[:, 0]
