// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_conv.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>

#include "pool.hpp"
#include "simd.hpp"

#if WRINKLE_X86
#include <immintrin.h>
#endif

namespace wrinkle {
namespace {

// A register tile holds pixels x channels: 12 x 8, 6 x 16 or 4 x 24. Each fills 12 of the 16 vector registers with sums, which
// leaves room for weights and input and hides the latency of two multiply-adds per cycle.
constexpr int most_pixels = 12, most_channels = 24;
constexpr int pixels_for(int width) { return most_pixels * lane / width; }

// Weights that are used again and again while they are in the first cache: a convolution is summed up tap by tap in passes.
constexpr int cached_weights = 21 << 8;  // floats

struct Job {
    const float* pixels[most_pixels];  // top left corner of each pixel's neighbourhood
    float* outs[most_pixels];
    const float *weights, *bias;  // bias is null where the sums go on from `outs`
    int first_tap, end_tap, channels, row, stride;
    bool relu;

    std::ptrdiff_t shift(int tap) const { return static_cast<std::ptrdiff_t>(tap / 3) * row + (tap % 3) * stride; }
};

void plain_tile(const Job& job, int count, int width) {
    for (int p = 0; p < count; ++p) {
        float sums[most_channels];
        std::copy_n(job.bias ? job.bias : job.outs[p], width, sums);
        const float* w = job.weights;
        for (int tap = job.first_tap; tap < job.end_tap; ++tap) {
            const float* in = job.pixels[p] + job.shift(tap);
            for (int c = 0; c < job.channels; ++c, w += width)
                for (int o = 0; o < width; ++o) sums[o] += w[o] * in[c];
        }
        for (int o = 0; o < width; ++o) job.outs[p][o] = job.relu ? std::max(sums[o], 0.0f) : sums[o];
    }
}

#if WRINKLE_X86
// One step of the product for one pixel: the compiler keeps named sums in registers, which it does not do for arrays.
#define WRINKLE_START(p, part) _mm256_loadu_ps((job.bias ? job.bias : job.outs[p]) + 8 * part)
#define WRINKLE_ROW(p) const float* row##p = job.pixels[p] + shift;
#define WRINKLE_STORE(p, part, sum) _mm256_storeu_ps(job.outs[p] + 8 * part, _mm256_max_ps(sum, lowest));
#define WRINKLE_LOWEST \
    const __m256 lowest = _mm256_set1_ps(job.relu ? 0.0f : -std::numeric_limits<float>::infinity());

#define WRINKLE_EACH12(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11)
#define WRINKLE_EACH6(m) m(0) m(1) m(2) m(3) m(4) m(5)
#define WRINKLE_EACH4(m) m(0) m(1) m(2) m(3)

WRINKLE_AVX2 void tile_12x8(const Job& job) {
#define WRINKLE_SUMS(p) __m256 a##p = WRINKLE_START(p, 0);
    WRINKLE_EACH12(WRINKLE_SUMS)
#undef WRINKLE_SUMS
    const float* w = job.weights;
    for (int tap = job.first_tap; tap < job.end_tap; ++tap) {
        const std::ptrdiff_t shift = job.shift(tap);
        WRINKLE_EACH12(WRINKLE_ROW)
        for (std::ptrdiff_t c = 0; c < job.channels; ++c, w += 8) {
            const __m256 w0 = _mm256_loadu_ps(w);
#define WRINKLE_STEP(p) a##p = _mm256_fmadd_ps(_mm256_broadcast_ss(row##p + c), w0, a##p);
            WRINKLE_EACH12(WRINKLE_STEP)
#undef WRINKLE_STEP
        }
    }
    WRINKLE_LOWEST
#define WRINKLE_LAST(p) WRINKLE_STORE(p, 0, a##p)
    WRINKLE_EACH12(WRINKLE_LAST)
#undef WRINKLE_LAST
}

WRINKLE_AVX2 void tile_6x16(const Job& job) {
#define WRINKLE_SUMS(p) __m256 a##p = WRINKLE_START(p, 0), b##p = WRINKLE_START(p, 1);
    WRINKLE_EACH6(WRINKLE_SUMS)
#undef WRINKLE_SUMS
    const float* w = job.weights;
    for (int tap = job.first_tap; tap < job.end_tap; ++tap) {
        const std::ptrdiff_t shift = job.shift(tap);
        WRINKLE_EACH6(WRINKLE_ROW)
        for (std::ptrdiff_t c = 0; c < job.channels; ++c, w += 16) {
            const __m256 w0 = _mm256_loadu_ps(w), w1 = _mm256_loadu_ps(w + 8);
#define WRINKLE_STEP(p)                                       \
    {                                                         \
        const __m256 value = _mm256_broadcast_ss(row##p + c); \
        a##p = _mm256_fmadd_ps(value, w0, a##p);              \
        b##p = _mm256_fmadd_ps(value, w1, b##p);              \
    }
            WRINKLE_EACH6(WRINKLE_STEP)
#undef WRINKLE_STEP
        }
    }
    WRINKLE_LOWEST
#define WRINKLE_LAST(p) WRINKLE_STORE(p, 0, a##p) WRINKLE_STORE(p, 1, b##p)
    WRINKLE_EACH6(WRINKLE_LAST)
#undef WRINKLE_LAST
}

WRINKLE_AVX2 void tile_4x24(const Job& job) {
#define WRINKLE_SUMS(p) __m256 a##p = WRINKLE_START(p, 0), b##p = WRINKLE_START(p, 1), c##p = WRINKLE_START(p, 2);
    WRINKLE_EACH4(WRINKLE_SUMS)
#undef WRINKLE_SUMS
    const float* w = job.weights;
    for (int tap = job.first_tap; tap < job.end_tap; ++tap) {
        const std::ptrdiff_t shift = job.shift(tap);
        WRINKLE_EACH4(WRINKLE_ROW)
        for (std::ptrdiff_t c = 0; c < job.channels; ++c, w += 24) {
            const __m256 w0 = _mm256_loadu_ps(w), w1 = _mm256_loadu_ps(w + 8), w2 = _mm256_loadu_ps(w + 16);
#define WRINKLE_STEP(p)                                       \
    {                                                         \
        const __m256 value = _mm256_broadcast_ss(row##p + c); \
        a##p = _mm256_fmadd_ps(value, w0, a##p);              \
        b##p = _mm256_fmadd_ps(value, w1, b##p);              \
        c##p = _mm256_fmadd_ps(value, w2, c##p);              \
    }
            WRINKLE_EACH4(WRINKLE_STEP)
#undef WRINKLE_STEP
        }
    }
    WRINKLE_LOWEST
#define WRINKLE_LAST(p) WRINKLE_STORE(p, 0, a##p) WRINKLE_STORE(p, 1, b##p) WRINKLE_STORE(p, 2, c##p)
    WRINKLE_EACH4(WRINKLE_LAST)
#undef WRINKLE_LAST
}

void wide_tile(const Job& job, int width) {
    if (width == 24)
        tile_4x24(job);
    else if (width == 16)
        tile_6x16(job);
    else
        tile_12x8(job);
}

WRINKLE_AVX2 float chains(std::int64_t rounds) {
    __m256 sums[12];
    for (int i = 0; i < 12; ++i) sums[i] = _mm256_set1_ps(static_cast<float>(i));
    const __m256 factor = _mm256_set1_ps(0.999f), term = _mm256_set1_ps(0.001f);
    for (std::int64_t round = 0; round < rounds; ++round)
        for (int i = 0; i < 12; ++i) sums[i] = _mm256_fmadd_ps(sums[i], factor, term);
    for (int i = 1; i < 12; ++i) sums[0] = _mm256_add_ps(sums[0], sums[i]);
    return _mm256_cvtss_f32(sums[0]);
}
#endif

float plain_chains(std::int64_t rounds) {
    float sums[96];
    for (int i = 0; i < 96; ++i) sums[i] = static_cast<float>(i);
    for (std::int64_t round = 0; round < rounds; ++round)
        for (int i = 0; i < 96; ++i) sums[i] = sums[i] * 0.999f + 0.001f;
    return *std::max_element(sums, sums + 96);
}

// One block of output channels, `width` from `first` on.
void convolve_block(const Step& step, float* arena, int first, int width, const float* weights) {
    const Activation &in = step.in, &out = step.out;
    const int ring = step.taps == 9 ? 1 : 0, per_tap = in.channels * width, tile = pixels_for(width);
    const float* source = arena + in.offset + (1 - ring) * (in.row() + in.stride());
    float* target = arena + out.offset + out.row() + out.stride() + first;
    const bool wide = has_avx2();
    const int at_once = std::max(1, cached_weights / per_tap);
    Job job;
    job.channels = in.channels;
    job.row = in.row();
    job.stride = in.stride();
    for (int tap = 0; tap < step.taps; tap += at_once) {
        job.first_tap = tap;
        job.end_tap = std::min(tap + at_once, step.taps);
        job.weights = weights + static_cast<std::int64_t>(tap) * per_tap;
        job.bias = tap ? nullptr : step.bias.data() + first;
        job.relu = step.relu && job.end_tap == step.taps;
        int filled = 0;
        const auto finish = [&] {
#if WRINKLE_X86
            if (wide) {
                for (int p = filled; p < tile; ++p) {  // beyond the end the last pixel is computed again
                    job.pixels[p] = job.pixels[filled - 1];
                    job.outs[p] = job.outs[filled - 1];
                }
                wide_tile(job, width);
                filled = 0;
                return;
            }
#endif
            plain_tile(job, filled, width);
            filled = 0;
        };
        for (int y = 0; y < out.size; ++y)
            for (int x = 0; x < out.size; ++x) {
                job.pixels[filled] = source + static_cast<std::int64_t>(y) * in.row() + x * in.stride();
                job.outs[filled] = target + static_cast<std::int64_t>(y) * out.row() + x * out.stride();
                if (++filled == tile) finish();
            }
        if (filled) finish();
    }
}

}  // namespace

void convolve(const Step& step, float* arena) {
    const float* weights = step.weights.data();
    for (int first = 0; first < step.out.stride();) {
        const int width = block_width(step.out.stride() - first);
        convolve_block(step, arena, first, width, weights);
        weights += static_cast<std::int64_t>(width) * step.taps * step.in.channels;
        first += width;
    }
}

double multiply_add_peak(double seconds) {
    using clock = std::chrono::steady_clock;
    constexpr std::int64_t rounds = 100000;
    std::atomic<std::int64_t> total{0};
    std::atomic<float> sink{0.0f};
    const auto start = clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(clock::now() - start).count(); };
    parallel_for(threads(), 1, [&](std::int64_t, std::int64_t) {
        while (elapsed() < seconds) {
#if WRINKLE_X86
            sink = has_avx2() ? chains(rounds) : plain_chains(rounds);
#else
            sink = plain_chains(rounds);
#endif
            total += rounds * 96;
        }
    });
    return static_cast<double>(total) / elapsed() / 1e9;
}

}  // namespace wrinkle
