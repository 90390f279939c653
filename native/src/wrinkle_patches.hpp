// SPDX-License-Identifier: GPL-3.0-or-later
// Patches: their direction, sampling them out of a map, running the network on them, laying results back.
#pragma once

#include "wrinkle_filters.hpp"
#include "wrinkle_net.hpp"

namespace wrinkle {

class Progress;

// Where `count` patches lie: `at` (count, 2) row and column of the centre in pixels of the map, `steps` (count, 2, 2), columns
// are the (row, column) steps in pixels from sample to sample along the patch's x and y (y up). Both finite.
struct Places {
    const float *at, *steps;
    std::int64_t count;
    int size;  // samples a side
};

// Products of the gradient of channel 0 in tangent coordinates (per mm), times the mask (channel 3), in r x r block means:
// `out` (ceil(height / r), ceil(width / r), 3) holds tt, tb, bb; it holds zeros before.
void structure_tensor(ConstImage maps, const Metric& metric, int r, Image out);

// (count, 4, size, size): bilinear samples of the map (4 channels), 0 beyond its border.
void sample_patches(ConstImage maps, const Places& places, float* out, Progress* progress);

// The network on planar inputs (count, channels, size, size); results (count, size, size).
void run_net(const Net& net, const float* inputs, std::int64_t count, float* results, Progress* progress);

// The same on samples of the map followed by constant planes, `constants` (count, net channels - 4).
void predict_patches(const Net& net, ConstImage maps, const Places& places, const float* constants, float* results,
                     Progress* progress);

// Means of the patches' values over each pixel of `out` (one channel), weighted (1 - x^2)^2 (1 - y^2)^2 with x, y in -1..1 across
// the patch; fades to 0 where the weights add up to less than `floor`.
void merge_patches(const float* values, const Places& places, Image out, float floor, Progress* progress);

}  // namespace wrinkle
