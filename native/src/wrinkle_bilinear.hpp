// SPDX-License-Identifier: GPL-3.0-or-later
// Bilinear samples of an image at a real position.
#pragma once

#include <algorithm>
#include <cmath>

#include "wrinkle_filters.hpp"

namespace wrinkle {

// All channels at (row, column) into `out`; 0 beyond the border, and for positions that are not finite.
inline void bilinear(const ConstImage& image, float row, float column, float* out) {
    const int channels = image.channels;
    const bool near = row > -1.0f && column > -1.0f && row < static_cast<float>(image.height) &&
                      column < static_cast<float>(image.width);
    if (!near) {
        std::fill_n(out, channels, 0.0f);
        return;
    }
    const float y = std::floor(row), x = std::floor(column), fy = row - y, fx = column - x;
    const int i = static_cast<int>(y), j = static_cast<int>(x);
    const float weights[4] = {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx};
    if (i >= 0 && j >= 0 && i + 1 < image.height && j + 1 < image.width) {
        const float *top = image.at(i, j), *bottom = image.at(i + 1, j);
        for (int c = 0; c < channels; ++c)
            out[c] = weights[0] * top[c] + weights[1] * top[c + channels] + weights[2] * bottom[c] +
                     weights[3] * bottom[c + channels];
        return;
    }
    std::fill_n(out, channels, 0.0f);
    for (int corner = 0; corner < 4; ++corner) {
        const int r = i + corner / 2, s = j + corner % 2;
        if (r < 0 || s < 0 || r >= image.height || s >= image.width) continue;
        const float* pixel = image.at(r, s);
        for (int c = 0; c < channels; ++c) out[c] += weights[corner] * pixel[c];
    }
}

}  // namespace wrinkle
