// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pool.hpp"
#include "simd.hpp"

#if WRINKLE_X86
#include <immintrin.h>
#endif

namespace wrinkle {
namespace {

constexpr int kMostSamples = 8;

// Adds weight * colour at each place of the line (in the level's own pixels) to rgba, or sets it when `fresh`.
using Gather = void (*)(const Level& level, const Line& line, float weight, bool fresh, float* rgba);

// Place i of the line, kept inside the level: whole pixel and rest.
struct Tap {
    std::int64_t whole;
    float rest;
    Tap(double place, std::int64_t size) {
        const double inside = std::min(std::max(place, 0.0), static_cast<double>(size - 1));
        whole = static_cast<std::int64_t>(inside);
        rest = static_cast<float>(inside - static_cast<double>(whole));
    }
};

void gather_plain(const Level& level, const Line& line, float weight, bool fresh, float* rgba) {
    const auto weights = [](float t, float (&w)[4]) {
        w[0] = t * (-0.5F + t * (1.0F - 0.5F * t));
        w[1] = 1.0F + t * t * (-2.5F + 1.5F * t);
        w[2] = t * (0.5F + t * (2.0F - 1.5F * t));
        w[3] = t * t * (-0.5F + 0.5F * t);
    };
    for (std::int64_t i = 0; i < line.count; ++i) {
        const Tap x(line.x + line.dx * static_cast<double>(i), level.width);
        const Tap y(line.y + line.dy * static_cast<double>(i), level.height);
        float wx[4], wy[4], sum[4] = {};
        weights(x.rest, wx);
        weights(y.rest, wy);
        for (int r = 0; r < 4; ++r) {
            const std::uint8_t* p = level.at(x.whole - 1, y.whole - 1 + r);
            for (int k = 0; k < 4; ++k)
                for (int c = 0; c < 4; ++c) sum[c] += wy[r] * wx[k] * static_cast<float>(p[4 * k + c]);
        }
        for (int c = 0; c < 4; ++c) rgba[4 * i + c] = (fresh ? 0.0F : rgba[4 * i + c]) + weight * sum[c];
    }
}

#if WRINKLE_X86
WRINKLE_AVX2
void gather_avx2(const Level& level, const Line& line, float weight, bool fresh, float* rgba) {
    const __m128 c0 = _mm_setr_ps(0.0F, 1.0F, 0.0F, 0.0F), c1 = _mm_setr_ps(-0.5F, 0.0F, 0.5F, 0.0F);
    const __m128 c2 = _mm_setr_ps(1.0F, -2.5F, 2.0F, -0.5F), c3 = _mm_setr_ps(-0.5F, 1.5F, -1.5F, 0.5F);
    const __m256i first = _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1), second = _mm256_setr_epi32(2, 2, 2, 2, 3, 3, 3, 3);
    const __m128 scale = _mm_set1_ps(weight);
    for (std::int64_t i = 0; i < line.count; ++i) {
        const Tap x(line.x + line.dx * static_cast<double>(i), level.width);
        const Tap y(line.y + line.dy * static_cast<double>(i), level.height);
        const __m128 tx = _mm_set1_ps(x.rest), ty = _mm_set1_ps(y.rest);
        const __m128 wx = _mm_fmadd_ps(tx, _mm_fmadd_ps(tx, _mm_fmadd_ps(tx, c3, c2), c1), c0);
        const __m128 wy = _mm_fmadd_ps(ty, _mm_fmadd_ps(ty, _mm_fmadd_ps(ty, c3, c2), c1), c0);
        alignas(16) float weights[4];
        _mm_store_ps(weights, wy);
        __m256 left = _mm256_setzero_ps(), right = _mm256_setzero_ps();
        const std::uint8_t* p = level.at(x.whole - 1, y.whole - 1);
        for (int row = 0; row < 4; ++row, p += level.stride) {
            const __m256 w = _mm256_broadcast_ss(weights + row);
            const __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
            left = _mm256_fmadd_ps(w, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(four)), left);
            right = _mm256_fmadd_ps(w, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_srli_si128(four, 8))), right);
        }
        const __m256 wx2 = _mm256_castps128_ps256(wx);
        const __m256 both = _mm256_fmadd_ps(left, _mm256_permutevar8x32_ps(wx2, first),
                                            _mm256_mul_ps(right, _mm256_permutevar8x32_ps(wx2, second)));
        __m128 sum = _mm_mul_ps(scale, _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1)));
        if (!fresh) sum = _mm_add_ps(sum, _mm_loadu_ps(rgba + 4 * i));
        _mm_storeu_ps(rgba + 4 * i, sum);
    }
}
#endif

Gather best_gather() {
#if WRINKLE_X86
    if (has_avx2()) return gather_avx2;
#endif
    return gather_plain;
}

void pad(Level& level) {
    constexpr std::int64_t border = Level::kBorder;
    for (std::int64_t row = 0; row < level.height; ++row)
        for (std::int64_t i = 1; i <= border; ++i) {
            std::memcpy(level.at(-i, row), level.at(0, row), 4);
            std::memcpy(level.at(level.width - 1 + i, row), level.at(level.width - 1, row), 4);
        }
    for (std::int64_t i = 1; i <= border; ++i) {
        std::memcpy(level.at(-border, -i), level.at(-border, 0), static_cast<std::size_t>(level.stride));
        std::memcpy(level.at(-border, level.height - 1 + i), level.at(-border, level.height - 1),
                    static_cast<std::size_t>(level.stride));
    }
}

Level empty_level(std::int64_t width, std::int64_t height, double left, double top, double step) {
    Level level{width, height, (width + 2 * Level::kBorder) * 4, left, top, step, {}};
    level.pixels.resize(static_cast<std::size_t>(level.stride * (height + 2 * Level::kBorder)));
    return level;
}

WRINKLE_CLONES
void halve_row(const std::uint8_t* upper, const std::uint8_t* lower, std::int64_t pairs, std::uint8_t* out) {
    for (std::int64_t i = 0; i < pairs; ++i)
        for (int c = 0; c < 4; ++c)
            out[4 * i + c] = static_cast<std::uint8_t>(
                (upper[8 * i + c] + upper[8 * i + 4 + c] + lower[8 * i + c] + lower[8 * i + 4 + c] + 2) / 4);
}

// Averages 2 x 2 pixels; an odd last row or column counts twice (it is repeated in the border).
Level halved(const Level& fine) {
    Level coarse = empty_level((fine.width + 1) / 2, (fine.height + 1) / 2, fine.left + 0.5 * fine.step,
                               fine.top + 0.5 * fine.step, 2.0 * fine.step);
    parallel_for(coarse.height, 32, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row)
            halve_row(fine.at(0, 2 * row), fine.at(0, 2 * row + 1), coarse.width, coarse.at(0, row));
    });
    pad(coarse);
    return coarse;
}

}  // namespace

Footprint::Footprint(const Affine& x, const Affine& y) {
    // Singular values of the 2 x 2 derivative, and the direction of the larger.
    const double e = x.dx * x.dx + y.dx * y.dx, f = x.dy * x.dy + y.dy * y.dy, g = x.dx * x.dy + y.dx * y.dy;
    const double half = 0.5 * (e + f), root = std::sqrt(0.25 * (e - f) * (e - f) + g * g);
    if (half + root <= 1.0) return;
    const double longer = std::sqrt(half + root), shorter = std::sqrt(std::max(half - root, 0.0));
    const double along = std::max(shorter, std::max(1.0, longer / kMostSamples));
    level = std::log2(along);
    samples = std::clamp(static_cast<int>(std::ceil(longer / along - 0.25)), 1, kMostSamples);
    if (samples == 1) return;
    const double angle = 0.5 * std::atan2(2.0 * g, e - f);
    dx = x.dx * std::cos(angle) + x.dy * std::sin(angle);
    dy = y.dx * std::cos(angle) + y.dy * std::sin(angle);
}

Pyramid::Pyramid(const std::uint8_t* rgb, std::int64_t width, std::int64_t height, const Point& low, const Point& high) {
    constexpr double margin = 8.0;  // what the widest filter reaches beyond the mesh without being seen to end
    const auto clipped = [](double value, std::int64_t size) {
        return static_cast<std::int64_t>(std::clamp(value, 0.0, static_cast<double>(size - 1)));
    };
    const std::int64_t left = clipped(low.x - margin, width), right = clipped(high.x + margin, width);
    const std::int64_t top = clipped(low.y - margin, height), bottom = clipped(high.y + margin, height);
    Level base = empty_level(right - left + 1, bottom - top + 1, static_cast<double>(left), static_cast<double>(top), 1.0);
    parallel_for(base.height, 64, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            const std::uint8_t* from = rgb + ((top + row) * width + left) * 3;
            std::uint8_t* to = base.at(0, row);
            for (std::int64_t i = 0; i < base.width; ++i) {
                to[4 * i] = from[3 * i];
                to[4 * i + 1] = from[3 * i + 1];
                to[4 * i + 2] = from[3 * i + 2];
                to[4 * i + 3] = 255;
            }
        }
    });
    pad(base);
    levels_.push_back(std::move(base));
    while (std::max(levels_.back().width, levels_.back().height) > 4) levels_.push_back(halved(levels_.back()));
}

void Pyramid::read(const Line& line, const Footprint& footprint, std::vector<float>& buffer, std::uint8_t* rgb) const {
    static const Gather gather = best_gather();
    buffer.resize(static_cast<std::size_t>(line.count) * 4);
    const double level = std::min(footprint.level, static_cast<double>(levels_.size() - 1));
    const auto finer = static_cast<std::size_t>(level);
    const double blend = level - static_cast<double>(finer);
    bool fresh = true;
    const auto add = [&](std::size_t index, double share) {
        const Level& source = levels_[index];
        const double weight = share / footprint.samples;
        for (int s = 0; s < footprint.samples; ++s) {
            const double offset = (s + 0.5) / footprint.samples - 0.5;
            const Line own{(line.x + offset * footprint.dx - source.left) / source.step,
                           (line.y + offset * footprint.dy - source.top) / source.step, line.dx / source.step,
                           line.dy / source.step, line.count};
            gather(source, own, static_cast<float>(weight), fresh, buffer.data());
            fresh = false;
        }
    };
    // A share of 1/64 changes no byte that matters.
    if (blend < 1.0 - 1.0 / 64) add(finer, blend < 1.0 / 64 ? 1.0 : 1.0 - blend);
    if (blend >= 1.0 / 64) add(finer + 1, blend >= 1.0 - 1.0 / 64 ? 1.0 : blend);
    for (std::int64_t i = 0; i < line.count; ++i)
        for (int c = 0; c < 3; ++c)
            rgb[3 * i + c] = static_cast<std::uint8_t>(std::clamp(buffer[static_cast<std::size_t>(4 * i + c)] + 0.5F, 0.0F, 255.0F));
}

}  // namespace wrinkle
