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

// Pixels that one register tile holds: 6 pixels x 16 channels fill 12 of the 16 vector registers with sums, which leaves room
// for two of weights and one of input, and hides the latency of two multiply-adds per cycle.
constexpr int tile = 6;

struct Job {
    const float* pixels[tile];  // top left corner of each pixel's neighbourhood
    float* outs[tile];
    const float *weights, *bias;
    int taps, channels, row, stride;
    bool relu;
};

void plain_tile(const Job& job, int count, int width) {
    for (int p = 0; p < count; ++p) {
        float sums[16];
        std::copy_n(job.bias, width, sums);
        const float* w = job.weights;
        for (int tap = 0; tap < job.taps; ++tap) {
            const float* in = job.pixels[p] + (tap / 3) * job.row + (tap % 3) * job.stride;
            for (int c = 0; c < job.channels; ++c, w += width)
                for (int o = 0; o < width; ++o) sums[o] += w[o] * in[c];
        }
        for (int o = 0; o < width; ++o) job.outs[p][o] = job.relu ? std::max(sums[o], 0.0f) : sums[o];
    }
}

#if WRINKLE_X86
// One step of the product for one pixel: the compiler keeps named sums in registers, which it does not do for arrays.
#define WRINKLE_PIXEL(p)                                  \
    {                                                     \
        const __m256 value = _mm256_broadcast_ss(row##p + c); \
        a##p = _mm256_fmadd_ps(value, w0, a##p);          \
        if (vectors == 2) b##p = _mm256_fmadd_ps(value, w1, b##p); \
    }

#define WRINKLE_STORE(p)                                                               \
    _mm256_storeu_ps(job.outs[p], _mm256_max_ps(a##p, least));                         \
    if (vectors == 2) _mm256_storeu_ps(job.outs[p] + 8, _mm256_max_ps(b##p, least));

template <int vectors>
WRINKLE_AVX2 void wide_tile(const Job& job) {
    __m256 a0 = _mm256_loadu_ps(job.bias), b0 = vectors == 2 ? _mm256_loadu_ps(job.bias + 8) : a0;
    __m256 a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, b1 = b0, b2 = b0, b3 = b0, b4 = b0, b5 = b0;
    const float* w = job.weights;
    for (int tap = 0; tap < job.taps; ++tap) {
        const std::ptrdiff_t shift = static_cast<std::ptrdiff_t>(tap / 3) * job.row + (tap % 3) * job.stride;
        const float *row0 = job.pixels[0] + shift, *row1 = job.pixels[1] + shift, *row2 = job.pixels[2] + shift;
        const float *row3 = job.pixels[3] + shift, *row4 = job.pixels[4] + shift, *row5 = job.pixels[5] + shift;
        for (std::ptrdiff_t c = 0; c < job.channels; ++c, w += 8 * vectors) {
            const __m256 w0 = _mm256_loadu_ps(w), w1 = vectors == 2 ? _mm256_loadu_ps(w + 8) : w0;
            WRINKLE_PIXEL(0) WRINKLE_PIXEL(1) WRINKLE_PIXEL(2) WRINKLE_PIXEL(3) WRINKLE_PIXEL(4) WRINKLE_PIXEL(5)
        }
    }
    const __m256 least = _mm256_set1_ps(job.relu ? 0.0f : -std::numeric_limits<float>::infinity());
    WRINKLE_STORE(0) WRINKLE_STORE(1) WRINKLE_STORE(2) WRINKLE_STORE(3) WRINKLE_STORE(4) WRINKLE_STORE(5)
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

}  // namespace

void convolve(const Step& step, float* arena) {
    const Activation &in = step.in, &out = step.out;
    const bool wide = has_avx2();
    const int pixels = out.size * out.size, ring = step.taps == 9 ? 1 : 0;
    const float* source = arena + in.offset + (1 - ring) * (in.row() + in.stride());
    float* target = arena + out.offset + out.row() + out.stride();
    Job job;
    job.taps = step.taps;
    job.channels = in.channels;
    job.row = in.row();
    job.stride = in.stride();
    job.relu = step.relu;
    const float* weights = step.weights.data();
    for (int first = 0; first < out.stride(); first += 16) {
        const int width = std::min(16, out.stride() - first);
        job.weights = weights;
        job.bias = step.bias.data() + first;
        for (int begin = 0; begin < pixels; begin += tile) {
            const int count = std::min(tile, pixels - begin);
            for (int p = 0; p < tile; ++p) {  // beyond the end the last pixel is computed again
                const int index = begin + std::min(p, count - 1), y = index / out.size, x = index % out.size;
                job.pixels[p] = source + static_cast<std::int64_t>(y) * in.row() + x * in.stride();
                job.outs[p] = target + static_cast<std::int64_t>(y) * out.row() + x * out.stride() + first;
            }
#if WRINKLE_X86
            if (wide) {
                width == 16 ? wide_tile<2>(job) : wide_tile<1>(job);
                continue;
            }
#endif
            plain_tile(job, count, width);
        }
        weights += static_cast<std::int64_t>(width) * step.taps * in.channels;
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
