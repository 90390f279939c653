// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_patches.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <new>

#include "pool.hpp"
#include "wrinkle_bilinear.hpp"

namespace wrinkle {
namespace {

// One thread's working memory, kept from call to call.
class Arena {
public:
    float* get(std::int64_t floats) {
        const std::size_t wanted = static_cast<std::size_t>(floats) + 8;
        if (data_.size() < wanted) data_.assign(wanted, 0.0f);
        void* start = data_.data();
        std::size_t room = data_.size() * sizeof(float);
        return static_cast<float*>(std::align(32, static_cast<std::size_t>(floats) * sizeof(float), start, room));
    }

private:
    std::vector<float> data_;
};

// Calls visit(sample index, row, column) over the patch's samples.
template <class Visit>
void for_samples(const Places& places, std::int64_t p, Visit visit) {
    const float *at = places.at + 2 * p, *s = places.steps + 4 * p;
    const float middle = static_cast<float>(places.size - 1) * 0.5f;
    for (int i = 0; i < places.size; ++i) {
        const float y = middle - static_cast<float>(i);
        for (int j = 0; j < places.size; ++j) {
            const float x = static_cast<float>(j) - middle;
            visit(i, j, at[0] + s[0] * x + s[1] * y, at[1] + s[2] * x + s[3] * y);
        }
    }
}

void clear_input(const Net& net, float* arena) {
    std::fill_n(arena + net.input().offset, net.input().floats(), 0.0f);
}

float* input_pixel(const Net& net, float* arena, int i, int j) {
    const Activation& a = net.input();
    return arena + a.offset + static_cast<std::int64_t>(i + 1) * a.row() + (j + 1) * a.stride();
}

// A square of the map that one piece of merging owns.
struct Block {
    int top, left, bottom, right;
    std::vector<std::int64_t> patches;
};

struct Inverse {
    float x_row, x_column, y_row, y_column;  // steps in samples per pixel
};

bool inverse_of(const float* s, Inverse& inverse) {
    const float determinant = s[0] * s[3] - s[1] * s[2];
    if (!(std::fabs(determinant) > 1e-12f)) return false;
    inverse = {s[3] / determinant, -s[1] / determinant, -s[2] / determinant, s[0] / determinant};
    return true;
}

std::vector<Block> blocks_of(const Places& places, int height, int width) {
    constexpr int edge = 64;
    const int across = (width + edge - 1) / edge, down = (height + edge - 1) / edge;
    std::vector<Block> blocks;
    for (int y = 0; y < down; ++y)
        for (int x = 0; x < across; ++x)
            blocks.push_back({y * edge, x * edge, std::min((y + 1) * edge, height), std::min((x + 1) * edge, width), {}});
    const float half = static_cast<float>(places.size) * 0.5f;
    const auto cell = [](float v, int count) {
        return static_cast<int>(std::clamp(v / edge, 0.0f, static_cast<float>(count - 1)));
    };
    for (std::int64_t p = 0; p < places.count; ++p) {
        const float *at = places.at + 2 * p, *s = places.steps + 4 * p;
        const float tall = half * (std::fabs(s[0]) + std::fabs(s[1])), wide = half * (std::fabs(s[2]) + std::fabs(s[3]));
        if (at[0] + tall < 0 || at[1] + wide < 0 || at[0] - tall > height || at[1] - wide > width) continue;
        for (int y = cell(at[0] - tall, down); y <= cell(at[0] + tall, down); ++y)
            for (int x = cell(at[1] - wide, across); x <= cell(at[1] + wide, across); ++x)
                blocks[static_cast<std::size_t>(y) * across + x].patches.push_back(p);
    }
    return blocks;
}

// Narrows first..end to where |start + slope * i| < half, one more at each side at most.
void clip(float start, float slope, float half, int& first, int& end) {
    if (std::fabs(slope) < 1e-6f) {
        if (std::fabs(start) >= half) end = first;
        return;
    }
    const float one = (-half - start) / slope, other = (half - start) / slope;
    const float low = std::clamp(std::min(one, other), -1.0f, 1e6f), high = std::clamp(std::max(one, other), -2.0f, 1e6f);
    first = std::max(first, static_cast<int>(low));
    end = std::min(end, static_cast<int>(high) + 2);
}

void add_patch(const float* values, const Places& places, std::int64_t p, const Block& block, float* sums, float* weights) {
    const float* at = places.at + 2 * p;
    const int size = places.size;
    Inverse inverse;
    if (!inverse_of(places.steps + 4 * p, inverse)) return;
    const float half = static_cast<float>(size) * 0.5f, middle = half - 0.5f, last = static_cast<float>(size - 1);
    const float shrink = 1.0f / half;
    const int width = block.right - block.left;
    for (int row = block.top; row < block.bottom; ++row, sums += width, weights += width) {
        const float dr = static_cast<float>(row) - at[0], dc = static_cast<float>(block.left) - at[1];
        const float x0 = inverse.x_row * dr + inverse.x_column * dc, y0 = inverse.y_row * dr + inverse.y_column * dc;
        int first = 0, end = width;
        clip(x0, inverse.x_column, half, first, end);
        clip(y0, inverse.y_column, half, first, end);
        for (int i = first; i < end; ++i) {
            const float x = x0 + inverse.x_column * static_cast<float>(i), y = y0 + inverse.y_column * static_cast<float>(i);
            const float sx = x * shrink, sy = y * shrink;
            const float wx = std::max(1.0f - sx * sx, 0.0f), wy = std::max(1.0f - sy * sy, 0.0f);
            const float across = std::min(std::max(middle + x, 0.0f), last), down = std::min(std::max(middle - y, 0.0f), last);
            const int i0 = std::min(static_cast<int>(down), size - 2), j0 = std::min(static_cast<int>(across), size - 2);
            const float fi = down - static_cast<float>(i0), fj = across - static_cast<float>(j0);
            const float *top = values + static_cast<std::int64_t>(i0) * size + j0, *bottom = top + size;
            const float upper = top[0] + (top[1] - top[0]) * fj, lower = bottom[0] + (bottom[1] - bottom[0]) * fj;
            const float weight = wx * wx * wy * wy;
            sums[i] += weight * (upper + (lower - upper) * fi);
            weights[i] += weight;
        }
    }
}

}  // namespace

void structure_tensor(ConstImage maps, const Metric& metric, int r, Image out) {
    const float share = 1.0f / static_cast<float>(r * r);
    const int n = maps.width, height = maps.height;
    const auto units = static_cast<float>(metric.units);
    const LinearRows rows = metric_rows(metric, n);
    const Tiles tiles(maps, 0, 3);
    parallel_for(out.height, 8, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> acd(static_cast<std::size_t>(n) * 3), zeros(static_cast<std::size_t>(n) * 4, 0.0f);
        for (int y = static_cast<int>(begin) * r; y < std::min(static_cast<int>(end) * r, height); ++y) {
            float* sums = out.row(y / r);
            const float* above = y > 0 ? maps.row(y - 1) : zeros.data();
            const float* below = y + 1 < height ? maps.row(y + 1) : zeros.data();
            const float* here = maps.row(y);
            tiles.runs(y / Tiles::height, [&](int first, int last) {
                rows.row(y, acd.data(), first, last);
                for (int x = first; x < last; ++x) {
                    const float weight = here[4 * x + 3] * share;
                    if (weight == 0.0f) continue;
                    const float left = x > 0 ? here[4 * (x - 1)] : 0.0f, right = x + 1 < n ? here[4 * (x + 1)] : 0.0f;
                    const float du = 0.5f * (right - left) * units, dv = 0.5f * (above[4 * x] - below[4 * x]) * units;
                    const float t = du / acd[x], b = (dv - acd[n + x] * t) / acd[2 * n + x];
                    float* sum = sums + 3 * (x / r);
                    sum[0] += t * t * weight;
                    sum[1] += t * b * weight;
                    sum[2] += b * b * weight;
                }
            });
        }
    });
}

void sample_patches(ConstImage maps, const Places& places, float* out, Progress* progress) {
    const std::int64_t plane = static_cast<std::int64_t>(places.size) * places.size;
    parallel_for(places.count, 4, [&](std::int64_t begin, std::int64_t end) {
        float pixel[4];
        for (std::int64_t p = begin; p < end; ++p) {
            float* target = out + p * 4 * plane;
            for_samples(places, p, [&](int i, int j, float row, float column) {
                bilinear<4>(maps, row, column, pixel);
                for (int c = 0; c < 4; ++c) target[c * plane + i * places.size + j] = pixel[c];
            });
        }
    }, progress);
}

void run_net(const Net& net, const float* inputs, std::int64_t count, float* results, Progress* progress) {
    const int size = net.size(), channels = net.channels();
    const std::int64_t plane = static_cast<std::int64_t>(size) * size;
    parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
        thread_local Arena memory;
        float* arena = memory.get(net.arena_floats());
        for (std::int64_t p = begin; p < end; ++p) {
            clear_input(net, arena);
            const float* source = inputs + p * channels * plane;
            for (int i = 0; i < size; ++i)
                for (int j = 0; j < size; ++j) {
                    float* pixel = input_pixel(net, arena, i, j);
                    for (int c = 0; c < channels; ++c) pixel[c] = source[c * plane + i * size + j];
                }
            net.run(arena, results + p * plane);
        }
    }, progress);
}

void predict_patches(const Net& net, ConstImage maps, const Places& places, const float* constants, float* results,
                     Progress* progress) {
    const int size = net.size(), planes = net.channels() - 4;
    parallel_for(places.count, 1, [&](std::int64_t begin, std::int64_t end) {
        thread_local Arena memory;
        float* arena = memory.get(net.arena_floats());
        for (std::int64_t p = begin; p < end; ++p) {
            clear_input(net, arena);
            for_samples(places, p, [&](int i, int j, float row, float column) {
                float* pixel = input_pixel(net, arena, i, j);
                bilinear<4>(maps, row, column, pixel);
                for (int c = 0; c < planes; ++c) pixel[4 + c] = constants[p * planes + c];
            });
            net.run(arena, results + p * size * size);
        }
    }, progress);
}

void merge_patches(const float* values, const Places& places, Image out, float floor, Progress* progress) {
    const std::vector<Block> blocks = blocks_of(places, out.height, out.width);
    const std::int64_t plane = static_cast<std::int64_t>(places.size) * places.size;
    parallel_for(static_cast<std::int64_t>(blocks.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t b = begin; b < end; ++b) {
            const Block& block = blocks[static_cast<std::size_t>(b)];
            const int width = block.right - block.left, rows = block.bottom - block.top;
            std::vector<float> sums(static_cast<std::size_t>(width) * rows, 0.0f), weights(sums.size(), 0.0f);
            for (const std::int64_t p : block.patches)
                add_patch(values + p * plane, places, p, block, sums.data(), weights.data());
            for (int y = 0; y < rows; ++y)
                for (int x = 0; x < width; ++x) {
                    const std::size_t i = static_cast<std::size_t>(y) * width + x;
                    *out.at(block.top + y, block.left + x) = sums[i] / std::max(weights[i], floor);
                }
        }
    }, progress);
}

}  // namespace wrinkle
