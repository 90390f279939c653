// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_levels.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "pool.hpp"
#include "simd.hpp"
#include "zeros.hpp"

namespace wrinkle {
namespace {

// Share of the mean skin luminance added before every logarithm, so that exposure only shifts it.
constexpr double floor_share = 0.03;
constexpr float red = 0.2126f, green = 0.7152f, blue = 0.0722f;

// IEC 61966-2-1.
std::array<float, 256> linear_table() {
    std::array<float, 256> table;
    for (int i = 0; i < 256; ++i) {
        const double v = i / 255.0;
        table[static_cast<std::size_t>(i)] =
            static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    return table;
}

// Natural logarithm of a positive normal number to 2e-7, without branches so that loops of it become vector code:
// x = 2^e * m with m in 0.75..1.5, log m = 2 atanh((m - 1) / (m + 1)) by its series.
inline float fast_log(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    const std::uint32_t shifted = bits - 0x3f400000u;
    const auto exponent = static_cast<float>(static_cast<std::int32_t>(shifted) >> 23);
    const std::uint32_t mantissa = (shifted & 0x007fffffu) + 0x3f400000u;
    float m;
    std::memcpy(&m, &mantissa, sizeof m);
    const float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    const float series = 2.0f + z * (0.66666667f + z * (0.4f + z * (0.28571429f + z * (0.22222222f + z * 0.18181818f))));
    return exponent * 0.69314718f + s * series;
}

WRINKLE_CLONES void log_row(const float* in, float* out, int width, float floor) {
    for (int x = 0; x < width; ++x) {
        const float r = in[4 * x], g = in[4 * x + 1], b = in[4 * x + 2];
        const float log_green = fast_log(g + floor);
        out[4 * x] = fast_log(red * r + green * g + blue * b + floor);
        out[4 * x + 1] = fast_log(r + floor) - log_green;
        out[4 * x + 2] = fast_log(b + floor) - log_green;
        out[4 * x + 3] = std::min(std::max((in[4 * x + 3] - 0.2f) * 5.0f, 0.0f), 1.0f);
    }
}

WRINKLE_CLONES void subtract_mean(float* pixels, const float* means, int width, int begin, int end) {
    const float *first = means, *second = means + width, *third = means + 2 * static_cast<std::int64_t>(width);
    for (int x = begin; x < end; ++x) {
        float* p = pixels + 4 * static_cast<std::int64_t>(x);
        p[0] = (p[0] - first[x]) * p[3];
        p[1] = (p[1] - second[x]) * p[3];
        p[2] = (p[2] - third[x]) * p[3];
    }
}

double log_floor(ConstImage level) {
    std::vector<double> weighted(static_cast<std::size_t>(level.height)), weights(weighted.size());
    parallel_for(level.height, 16, [&](std::int64_t begin, std::int64_t end) {
        for (int y = static_cast<int>(begin); y < end; ++y) {
            const float* p = level.row(y);
            float row_weighted = 0, row_weights = 0;
            for (int x = 0; x < level.width; ++x, p += 4) {
                row_weighted += (red * p[0] + green * p[1] + blue * p[2]) * p[3];
                row_weights += p[3];
            }
            weighted[static_cast<std::size_t>(y)] = static_cast<double>(row_weighted);
            weights[static_cast<std::size_t>(y)] = static_cast<double>(row_weights);
        }
    });
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    return floor_share * std::max(std::accumulate(weighted.begin(), weighted.end(), 0.0) / std::max(sum, 1e-6), 1e-4);
}

// Adds what the texels of one row (from `start` on) give to the cells first..last; false where nothing is seen.
bool add_texels(const std::uint8_t* rgb, const std::uint8_t* alpha, const float* skin, std::int64_t start, int size, int k, int first,
                int last, float* sums) {
    static const std::array<float, 256> linear = linear_table();
    const std::int64_t begin = start + static_cast<std::int64_t>(first) * k, end = start + std::min(last * k, size);
    if (std::all_of(alpha + begin, alpha + end, [](std::uint8_t value) { return value == 0; })) return false;
    for (std::int64_t i = begin; i < end; sums += 4) {
        float r = 0, g = 0, b = 0, weights = 0;
        for (const std::int64_t cell_end = std::min(i + k, end); i < cell_end; ++i) {
            const float weight = static_cast<float>(alpha[i]) * (1.0f / 255.0f) * (skin ? skin[i] : 1.0f);
            if (weight == 0.0f) continue;
            r += linear[rgb[3 * i]] * weight;
            g += linear[rgb[3 * i + 1]] * weight;
            b += linear[rgb[3 * i + 2]] * weight;
            weights += weight;
        }
        sums[0] += r;
        sums[1] += g;
        sums[2] += b;
        sums[3] += weights;
    }
    return true;
}

// Adds pixels begin..end of a row, weighted by their mask, to cells of r pixels.
void add_means(const float* pixels, int begin, int end, int r, float share, float* cells) {
    for (int x = begin; x < end;) {
        float* cell = cells + 4 * (x / r);
        for (const int cell_end = std::min((x / r + 1) * r, end); x < cell_end; ++x) {
            const float* p = pixels + 4 * x;
            const float weight = p[3] * share;
            for (int c = 0; c < 3; ++c) cell[c] += p[c] * weight;
            cell[3] += weight;
        }
    }
}

}  // namespace

void texture_level(const std::uint8_t* rgb, const std::uint8_t* alpha, const float* skin, int size, int k, Image out,
                   Progress* progress) {
    const float share = 1.0f / static_cast<float>(k * k);
    constexpr int piece = 64;  // cells; most of a texture is empty
    parallel_for(out.height, 16, [&](std::int64_t begin, std::int64_t end) {
        for (int y = static_cast<int>(begin); y < end; ++y)
            for (int first = 0; first < out.width; first += piece) {
                const int last = std::min(first + piece, out.width);
                bool seen = false;
                for (int row = y * k; row < std::min((y + 1) * k, size); ++row)
                    seen |= add_texels(rgb, alpha, skin, static_cast<std::int64_t>(row) * size, size, k, first, last, out.at(y, first));
                if (!seen) continue;
                for (int x = first; x < last; ++x) {
                    float* cell = out.at(y, x);
                    const float scale = 1.0f / std::max(cell[3], 1e-6f);
                    for (int c = 0; c < 3; ++c) cell[c] *= scale;
                    cell[3] *= share;
                }
            }
    }, progress);
}

void coarser_level(ConstImage in, Image out, int k) {
    const float share = 1.0f / static_cast<float>(k * k);
    parallel_for(out.height, 16, [&](std::int64_t begin, std::int64_t end) {
        for (int y = static_cast<int>(begin); y < end; ++y)
            for (int x = 0; x < out.width; ++x) {
                float sums[4] = {};
                for (int i = y * k; i < std::min((y + 1) * k, in.height); ++i)
                    for (int j = x * k; j < std::min((x + 1) * k, in.width); ++j) {
                        const float* p = in.at(i, j);
                        for (int c = 0; c < 3; ++c) sums[c] += p[c] * p[3];
                        sums[3] += p[3];
                    }
                float* cell = out.at(y, x);
                for (int c = 0; c < 3; ++c) cell[c] = sums[c] / std::max(sums[3], 1e-6f);
                cell[3] = sums[3] * share;
            }
    });
}

void relit(Image level, const float* gain, const float* keep) {
    parallel_for(level.height, 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin * level.width; i < end * level.width; ++i) {
            float* p = level.data + 4 * i;
            if (p[3] == 0.0f) continue;
            if (gain)
                for (int c = 0; c < 3; ++c) p[c] *= gain[i];
            if (keep) p[3] *= keep[i];
        }
    });
}

void highpassed(ConstImage level, Image out, double sigma) {
    const auto floor = static_cast<float>(log_floor(level));
    int r = 1;
    while (sigma / (2 * r) >= 4) r *= 2;
    const int height = (level.height + r - 1) / r, width = (level.width + r - 1) / r;
    const auto cells = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    const Zeros<float> sums(4 * cells), means(4 * cells);
    const float share = 1.0f / static_cast<float>(r * r);
    const Tiles tiles(level, 0, 3);
    parallel_for(height, 4, [&](std::int64_t begin, std::int64_t end) {
        for (int y = static_cast<int>(begin); y < end; ++y)
            for (int row = y * r; row < std::min((y + 1) * r, level.height); ++row)
                tiles.runs(row / Tiles::height, [&](int left, int right) {
                    log_row(level.at(row, left), out.at(row, left), right - left, floor);
                    add_means(out.row(row), left, right, r, share, sums.data() + static_cast<std::int64_t>(y) * width * 4);
                });
    });
    const Image mean{means.data(), height, width, 4};
    gaussian({sums.data(), height, width, 4}, mean, sigma / r);
    for (std::size_t i = 0; i < 4 * cells; i += 4) {
        float* p = means.data() + i;
        for (int c = 0; c < 3; ++c) p[c] = p[3] > 1e-4f ? p[c] / p[3] : 0.0f;
    }
    const LinearRows rows(mean, 1.0 / r, level.width);
    parallel_for(level.height, 32, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> planes(static_cast<std::size_t>(level.width) * 4);
        for (int y = static_cast<int>(begin); y < end; ++y)
            tiles.runs(y / Tiles::height, [&](int left, int right) {
                rows.row(y, planes.data(), left, right);
                subtract_mean(out.row(y), planes.data(), level.width, left, right);
            });
    });
}

}  // namespace wrinkle
