// SPDX-License-Identifier: GPL-3.0-or-later
// Bilinear samples of an image at a real position.
#pragma once

#include <algorithm>
#include <cmath>

#include "wrinkle_filters.hpp"

namespace wrinkle {

// The `channels` values at (row, column) into `out`; 0 beyond the border, and for positions that are not finite.
template <int channels>
inline void bilinear(const ConstImage& image, float row, float column, float* out) {
    const bool near = row > -1.0f && column > -1.0f && row < static_cast<float>(image.height) &&
                      column < static_cast<float>(image.width);
    if (!near) {
        for (int c = 0; c < channels; ++c) out[c] = 0.0f;
        return;
    }
    const int i = static_cast<int>(row + 1.0f) - 1, j = static_cast<int>(column + 1.0f) - 1;  // floor, as both are above -1
    const float fy = row - static_cast<float>(i), fx = column - static_cast<float>(j);
    const float a = (1 - fy) * (1 - fx), b = (1 - fy) * fx, c = fy * (1 - fx), d = fy * fx;
    if (i >= 0 && j >= 0 && i + 1 < image.height && j + 1 < image.width) {
        const float* top = image.data + (static_cast<std::int64_t>(i) * image.width + j) * channels;
        const float* bottom = top + static_cast<std::int64_t>(image.width) * channels;
        for (int n = 0; n < channels; ++n)
            out[n] = a * top[n] + b * top[n + channels] + c * bottom[n] + d * bottom[n + channels];
        return;
    }
    const float weights[4] = {a, b, c, d};
    for (int n = 0; n < channels; ++n) out[n] = 0.0f;
    for (int corner = 0; corner < 4; ++corner) {
        const int r = i + corner / 2, s = j + corner % 2;
        if (r < 0 || s < 0 || r >= image.height || s >= image.width) continue;
        const float* pixel = image.data + (static_cast<std::int64_t>(r) * image.width + s) * channels;
        for (int n = 0; n < channels; ++n) out[n] += weights[corner] * pixel[n];
    }
}

}  // namespace wrinkle
