// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_normals.hpp"

#include <algorithm>
#include <cmath>

#include "pool.hpp"
#include "simd.hpp"
#include "zeros.hpp"

namespace wrinkle {
namespace {

// Slope of a row's pixels begin..end along t and b, in mm per mm. `acd` as in Metric::row.
WRINKLE_CLONES void slopes(const float* above, const float* here, const float* below, const float* acd, int width, float units,
                           float rows_apart, int begin, int end, float* along_t, float* along_b) {
    const float *a = acd, *c = acd + width, *d = acd + 2 * static_cast<std::int64_t>(width);
    const float across = 0.5f * units, down = units / rows_apart;
    for (int x = std::max(begin, 1); x < std::min(end, width - 1); ++x) {
        const float inverse = 1.0f / (a[x] * d[x]);  // one division serves both
        const float t = (here[x + 1] - here[x - 1]) * across * (d[x] * inverse);
        along_t[x] = t;
        along_b[x] = ((above[x] - below[x]) * down - c[x] * t) * (a[x] * inverse);
    }
    for (const int x : {0, width - 1}) {
        if (x < begin || x >= end) continue;
        const int left = std::max(x - 1, 0), right = std::min(x + 1, width - 1);
        const float t = right > left ? (here[right] - here[left]) * units / (static_cast<float>(right - left) * a[x]) : 0.0f;
        along_t[x] = t;
        along_b[x] = ((above[x] - below[x]) * down - c[x] * t) / d[x];
    }
}

WRINKLE_CLONES void encode(const float* along_t, const float* along_b, int width, float factor, float* scaled) {
    float *nx = scaled, *ny = scaled + width, *nz = scaled + 2 * static_cast<std::int64_t>(width);
    for (int x = 0; x < width; ++x) {
        const float p = -factor * along_t[x], q = -factor * along_b[x];
        const float length = 32767.5f / std::sqrt(p * p + q * q + 1.0f);
        nx[x] = p * length + 32768.0f;
        ny[x] = q * length + 32768.0f;
        nz[x] = length + 32768.0f;
    }
}

// Planes of 0..65535 to pixels; what is not a number becomes 0.
WRINKLE_CLONES void interleave(const float* planes, int width, std::uint16_t* out) {
    const float *r = planes, *g = planes + width, *b = planes + 2 * static_cast<std::int64_t>(width);
    constexpr int piece = 64;
    for (int start = 0; start < width; start += piece) {
        const int count = std::min(piece, width - start);
        std::uint16_t codes[3][piece];
        const float* planes_of[3] = {r + start, g + start, b + start};
        for (int c = 0; c < 3; ++c)
            for (int x = 0; x < count; ++x)
                codes[c][x] = static_cast<std::uint16_t>(
                    static_cast<std::int32_t>(std::min(std::max(0.0f, planes_of[c][x]), 65535.0f)));
        std::uint16_t* target = out + 3 * static_cast<std::int64_t>(start);
        for (int x = 0; x < count; ++x) {
            target[3 * x] = codes[0][x];
            target[3 * x + 1] = codes[1][x];
            target[3 * x + 2] = codes[2][x];
        }
    }
}

WRINKLE_CLONES void to_bytes(const float* in, int width, std::uint8_t* out) {
    for (int x = 0; x < width; ++x)
        out[x] = static_cast<std::uint8_t>(static_cast<std::int32_t>(std::min(std::max(in[x], 0.0f), 255.0f) + 0.5f));
}

struct Neighbours {
    const float *above, *here, *below;
    float apart;
};

Neighbours neighbours(const float* image, int y, int height, int width) {
    const auto row = [&](int i) { return image + static_cast<std::int64_t>(std::clamp(i, 0, height - 1)) * width; };
    const float apart = static_cast<float>(std::min(y + 1, height - 1) - std::max(y - 1, 0));
    return {row(y - 1), row(y), row(y + 1), std::max(apart, 1.0f)};
}

}  // namespace

void enlarge_cubic(ConstImage in, int k, float* out, int size, Progress* progress) {
    parallel_for(size, 128, [&](std::int64_t begin, std::int64_t end) {
        CubicRows rows(in, k, size);
        for (int y = static_cast<int>(begin); y < end; ++y) rows.row(y, out + static_cast<std::int64_t>(y) * size);
    }, progress);
}

void enlarge_bytes(ConstImage in, int k, std::uint8_t* out, int size) {
    const LinearRows rows(in, 1.0 / k, size);
    parallel_for(size, 64, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> line(static_cast<std::size_t>(size));
        for (int y = static_cast<int>(begin); y < end; ++y) {
            rows.row(y, line.data());
            std::uint8_t* target = out + static_cast<std::int64_t>(y) * size;
            to_bytes(line.data(), size, target);
        }
    });
}

void normals(const float* displacement, int size, const Metric& metric, float factor, std::uint16_t* out,
             Progress* progress) {
    const LinearRows rows = metric_rows(metric, size);
    parallel_for(size, 32, [&](std::int64_t begin, std::int64_t end) {
        const std::size_t width = static_cast<std::size_t>(size);
        std::vector<float> acd(3 * width), t(width), b(width), scaled(3 * width);
        for (int y = static_cast<int>(begin); y < end; ++y) {
            rows.row(y, acd.data());
            const Neighbours n = neighbours(displacement, y, size, size);
            slopes(n.above, n.here, n.below, acd.data(), size, static_cast<float>(metric.units), n.apart, 0, size,
                   t.data(), b.data());
            encode(t.data(), b.data(), size, factor, scaled.data());
            std::uint16_t* target = out + static_cast<std::int64_t>(y) * size * 3;
            interleave(scaled.data(), size, target);
        }
    }, progress);
}

void soft_gate(ConstImage relief, const Metric& metric, float tau, double sigma, Image out) {
    const int height = relief.height, width = relief.width;
    const auto pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    const Zeros<float> squares(pixels), means(pixels);
    const LinearRows rows = metric_rows(metric, width);
    const Tiles sloping(relief, 1);
    const auto over = [&](const Tiles& tiles, const auto& visit) {
        parallel_for(tiles.rows(), 1, [&](std::int64_t begin, std::int64_t end) {
            std::vector<float> acd(static_cast<std::size_t>(width) * 3), t(static_cast<std::size_t>(width)), b(t.size());
            for (int y = static_cast<int>(begin) * Tiles::height; y < std::min(static_cast<int>(end) * Tiles::height, height); ++y)
                tiles.runs(y / Tiles::height, [&](int left, int right) { visit(y, left, right, acd.data(), t.data(), b.data()); });
        });
    };
    over(sloping, [&](int y, int left, int right, float* acd, float* t, float* b) {
        rows.row(y, acd, left, right);
        const Neighbours n = neighbours(relief.data, y, height, width);
        slopes(n.above, n.here, n.below, acd, width, static_cast<float>(metric.units), n.apart, left, right, t, b);
        float* target = squares.data() + static_cast<std::int64_t>(y) * width;
        for (int x = left; x < right; ++x) target[x] = t[x] * t[x] + b[x] * b[x];
    });
    gaussian({squares.data(), height, width, 1}, {means.data(), height, width, 1}, sigma);
    const float least = tau * tau + 1e-12f;
    over(sloping, [&](int y, int left, int right, float*, float*, float*) {
        const std::int64_t start = static_cast<std::int64_t>(y) * width;
        const float *in = relief.data + start, *mean = means.data() + start;
        for (int x = left; x < right; ++x) out.data[start + x] = in[x] * mean[x] / (mean[x] + least);
    });
}

}  // namespace wrinkle
