// SPDX-License-Identifier: GPL-3.0-or-later
// The last steps: relief on the texture's own grid, its normals, the confidence in bytes.
#pragma once

#include "wrinkle_filters.hpp"

namespace wrinkle {

class Progress;

// Cubic enlargement of a one-channel map by k; `out` is size x size.
void enlarge_cubic(ConstImage in, int k, float* out, int size, Progress* progress);

// Bilinear enlargement, rounded to bytes.
void enlarge_bytes(ConstImage in, int k, std::uint8_t* out, int size);

// OpenGL tangent-space normals (size, size, 3) of a displacement in mm (size, size), 16 bit: n * 0.5 + 0.5. `factor` scales the slope.
void normals(const float* displacement, int size, const Metric& metric, float factor, std::uint16_t* out, Progress* progress);

// Fades relief that is not steeper than noise: z * m / (m + tau^2), m = mean squared slope around, over `sigma` pixels. `out`
// holds zeros.
void soft_gate(ConstImage relief, const Metric& metric, float tau, double sigma, Image out);

}  // namespace wrinkle
