// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_filters.hpp"

#include <algorithm>
#include <cmath>

#include "pool.hpp"
#include "simd.hpp"

namespace wrinkle {
namespace {

constexpr int chunk = 32;  // floats summed in registers

// out[i] = sum_j kernel[j] * in[i + j * step]
WRINKLE_CLONES void filter_row(const float* in, float* out, const float* kernel, int taps, int step, int count) {
    int i = 0;
    for (; i + chunk <= count; i += chunk) {
        float sums[chunk] = {};
        for (int j = 0; j < taps; ++j) {
            const float* p = in + i + static_cast<std::int64_t>(j) * step;
            for (int c = 0; c < chunk; ++c) sums[c] += kernel[j] * p[c];
        }
        std::copy_n(sums, chunk, out + i);
    }
    for (; i < count; ++i) {
        float sum = 0;
        for (int j = 0; j < taps; ++j) sum += kernel[j] * in[i + static_cast<std::int64_t>(j) * step];
        out[i] = sum;
    }
}

// out[i] += sum over the block's k columns
void add_blocks(const float* in, float* out, int width, int channels, int k) {
    for (int x = 0; x < width; ++x) {
        float* target = out + static_cast<std::int64_t>(x / k) * channels;
        for (int c = 0; c < channels; ++c) target[c] += *in++;
    }
}

struct Between {
    int first, second;
    float part;
};

// Where pixel i of the large map lies in a small one of `size` pixels, scale = small pixels per large pixel.
Between between(int i, double scale, int size) {
    const double at = std::clamp((i + 0.5) * scale - 0.5, 0.0, size - 1.0);
    const int first = static_cast<int>(at);
    return {first, std::min(first + 1, size - 1), static_cast<float>(at - first)};
}

}  // namespace

void gaussian(ConstImage in, Image out, double sigma) {
    const int radius = static_cast<int>(std::ceil(3 * sigma)), taps = 2 * radius + 1;
    std::vector<float> kernel(static_cast<std::size_t>(taps));
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) sum += std::exp(-0.5 * i * i / (sigma * sigma));
    for (int i = -radius; i <= radius; ++i)
        kernel[static_cast<std::size_t>(i + radius)] = static_cast<float>(std::exp(-0.5 * i * i / (sigma * sigma)) / sum);
    const int count = in.width * in.channels, margin = radius * in.channels;
    parallel_for(in.height, std::max(24, 2 * radius), [&](std::int64_t begin, std::int64_t end) {
        const int first = static_cast<int>(begin) - radius, rows = static_cast<int>(end - begin) + 2 * radius;
        std::vector<float> band(static_cast<std::size_t>(rows) * count, 0.0f);
        std::vector<float> line(static_cast<std::size_t>(count) + 2 * margin, 0.0f);
        for (int y = std::max(first, 0); y < std::min(first + rows, in.height); ++y) {
            std::copy_n(in.row(y), count, line.data() + margin);
            filter_row(line.data(), band.data() + static_cast<std::int64_t>(y - first) * count, kernel.data(), taps,
                       in.channels, count);
        }
        for (int y = static_cast<int>(begin); y < end; ++y)
            filter_row(band.data() + static_cast<std::int64_t>(y - begin) * count, out.row(y), kernel.data(), taps, count,
                       count);
    });
}

void reduce(ConstImage in, Image out, int k) {
    const float share = 1.0f / static_cast<float>(k * k);
    parallel_for(out.height, 8, [&](std::int64_t begin, std::int64_t end) {
        for (int y = static_cast<int>(begin); y < end; ++y) {
            float* target = out.row(y);
            const int count = out.width * out.channels;
            std::fill_n(target, count, 0.0f);
            for (int i = y * k; i < std::min((y + 1) * k, in.height); ++i)
                add_blocks(in.row(i), target, in.width, in.channels, k);
            for (int i = 0; i < count; ++i) target[i] *= share;
        }
    });
}

void Metric::row(int y, int width, float* acd) const {
    const double scale = size / units;
    const Between v = between(y, scale, size);
    const float* top = grid + static_cast<std::int64_t>(v.first) * size * 3;
    const float* bottom = grid + static_cast<std::int64_t>(v.second) * size * 3;
    for (int x = 0; x < width; ++x) {
        const Between u = between(x, scale, size);
        for (int i = 0; i < 3; ++i) {
            const float left = top[3 * u.first + i] + (bottom[3 * u.first + i] - top[3 * u.first + i]) * v.part;
            const float right = top[3 * u.second + i] + (bottom[3 * u.second + i] - top[3 * u.second + i]) * v.part;
            acd[i * width + x] = left + (right - left) * u.part;
        }
    }
}

void enlarged_row(ConstImage image, int k, int y, int width, float* out) {
    const Between v = between(y, 1.0 / k, image.height);
    const float *top = image.row(v.first), *bottom = image.row(v.second);
    const int channels = image.channels;
    for (int x = 0; x < width; ++x) {
        const Between u = between(x, 1.0 / k, image.width);
        for (int c = 0; c < channels; ++c, ++out) {
            const int i = u.first * channels + c, j = u.second * channels + c;
            const float left = top[i] + (bottom[i] - top[i]) * v.part;
            const float right = top[j] + (bottom[j] - top[j]) * v.part;
            *out = left + (right - left) * u.part;
        }
    }
}

CubicRows::CubicRows(ConstImage image, int k, int width)
    : image_(image), k_(k), width_(width), taps_(static_cast<std::size_t>(k) * 4), rows_(static_cast<std::size_t>(width) * 4) {
    for (int phase = 0; phase < k; ++phase) {
        const double at = (phase + 0.5) / k - 0.5, t = at - std::floor(at);
        float* w = taps_.data() + 4 * phase;
        w[0] = static_cast<float>(-0.5 * t + t * t - 0.5 * t * t * t);
        w[1] = static_cast<float>(1 - 2.5 * t * t + 1.5 * t * t * t);
        w[2] = static_cast<float>(0.5 * t + 2 * t * t - 1.5 * t * t * t);
        w[3] = static_cast<float>(-0.5 * t * t + 0.5 * t * t * t);
    }
}

const float* CubicRows::stretched(int y) {
    y = std::clamp(y, 0, image_.height - 1);
    float* target = rows_.data() + static_cast<std::int64_t>(y % 4) * width_;
    if (held_[y % 4] == y) return target;
    held_[y % 4] = y;
    const float* in = image_.row(y);
    const int last = image_.width - 1;
    for (int x = 0; x < width_; ++x) {
        const int phase = x % k_, cell = x / k_ - (2 * phase + 1 < k_ ? 1 : 0);
        const float* w = taps_.data() + 4 * phase;
        if (cell >= 1 && cell + 2 <= last) {
            target[x] = w[0] * in[cell - 1] + w[1] * in[cell] + w[2] * in[cell + 1] + w[3] * in[cell + 2];
        } else {
            float sum = 0;
            for (int i = 0; i < 4; ++i) sum += w[i] * in[std::clamp(cell - 1 + i, 0, last)];
            target[x] = sum;
        }
    }
    return target;
}

void CubicRows::row(int y, float* out) {
    const int phase = y % k_, cell = y / k_ - (2 * phase + 1 < k_ ? 1 : 0);
    const float* w = taps_.data() + 4 * phase;
    const float* rows[4];
    for (int i = 0; i < 4; ++i) rows[i] = stretched(cell - 1 + i);
    for (int x = 0; x < width_; ++x)
        out[x] = w[0] * rows[0][x] + w[1] * rows[1][x] + w[2] * rows[2][x] + w[3] * rows[3][x];
}

}  // namespace wrinkle
