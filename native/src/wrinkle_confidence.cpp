// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_confidence.hpp"

#include <algorithm>
#include <cmath>

#include "pool.hpp"
#include "simd.hpp"
#include "zeros.hpp"

namespace wrinkle {
namespace {

constexpr int reach = 3;         // samples along the line to each side
constexpr float least = 1e-3f;   // contrast below which nothing is looked at: a quarter of one 8-bit step
constexpr int lanes = Tiles::width;

// Two values per pixel inside a ring of zeros, so that samples at the border need no question.
class Pairs {
public:
    Pairs(int height, int width)
        : height_(height), width_(width), stride_(width + 3),
          values_(2 * static_cast<std::size_t>(height + 3) * static_cast<std::size_t>(width + 3)) {}

    float* at(int y, int x) const { return values_.data() + 2 * (static_cast<std::int64_t>(y + 1) * stride_ + x + 1); }
    const float* data() const { return values_.data(); }
    int height() const { return height_; }
    int width() const { return width_; }
    int stride() const { return stride_; }

private:
    int height_, width_, stride_;
    Zeros<float> values_;
};

// What is known of up to `lanes` pixels of a row: where they are, and cosine and sine of the doubled angle across the line.
struct Pixels {
    int count = 0;
    int x[lanes];
    float cos2[lanes], sin2[lanes], narrow[lanes], value[lanes], mask[lanes];
};

// Steps in pixels per mm along t and b; a step along t stays in its row.
struct Steps {
    float t_column[lanes], b_column[lanes], b_row[lanes];
};

// Bilinear samples of both values; 0 beyond the border and for places that are not finite.
WRINKLE_CLONES void sample(const float* data, int stride, int height, int width, const float* rows, const float* columns,
                           int count, float* first, float* second) {
    std::int32_t index[lanes];
    float down[lanes], right[lanes];
    const auto bottom = static_cast<float>(height), end = static_cast<float>(width);
    for (int i = 0; i < count; ++i) {
        float row = rows[i] > -1.0f ? rows[i] : -1.0f, column = columns[i] > -1.0f ? columns[i] : -1.0f;
        row = (row < bottom ? row : bottom) + 1.0f;
        column = (column < end ? column : end) + 1.0f;
        const auto r = static_cast<std::int32_t>(row), c = static_cast<std::int32_t>(column);
        index[i] = 2 * (r * stride + c);
        down[i] = row - static_cast<float>(r);
        right[i] = column - static_cast<float>(c);
    }
    for (int i = 0; i < count; ++i) {
        const float *top = data + index[i], *low = top + 2 * static_cast<std::int64_t>(stride);
        const float one = top[0] + (top[2] - top[0]) * right[i], two = low[0] + (low[2] - low[0]) * right[i];
        const float three = top[1] + (top[3] - top[1]) * right[i], four = low[1] + (low[3] - low[1]) * right[i];
        first[i] = one + (two - one) * down[i];
        second[i] = three + (four - three) * down[i];
    }
}

// Pixels begin..end of a row, without the border, whose brightness curves upwards more than downwards in mm: candidates.
WRINKLE_CLONES void find_valleys(const float* above, const float* here, const float* below, const float* acd, int width, float units,
                                 int begin, int end, Pixels& found) {
    const float *a = acd, *c = acd + width, *d = acd + 2 * static_cast<std::int64_t>(width);
    float cos2[lanes], sin2[lanes], narrow[lanes];
    const int count = end - begin;
    for (int i = 0; i < count; ++i) {
        const int x = begin + i, k = 2 * x;
        const float inverse = units / (a[x] * d[x]);
        const float tc = d[x] * inverse, bc = -c[x] * inverse, br = -a[x] * inverse;
        const float centre = 2.0f * here[k];
        const float xx = here[k + 2] + here[k - 2] - centre, yy = above[k] + below[k] - centre;
        const float xy = 0.25f * (below[k + 2] + above[k - 2] - above[k + 2] - below[k - 2]);
        const float tt = tc * tc * xx, tb = tc * (bc * xx + br * xy);
        const float bb = bc * bc * xx + 2.0f * bc * br * xy + br * br * yy;
        const float mean = 0.5f * (tt + bb), half = 0.5f * (tt - bb), spread = std::sqrt(half * half + tb * tb);
        const float high = mean + spread, low = std::fabs(mean - spread);
        const float share = 1.0f / std::max(spread, 1e-30f);
        cos2[i] = half * share;
        sin2[i] = tb * share;
        const bool worth = here[k + 1] > 0.0f && high > low && spread > 0.0f;
        narrow[i] = worth ? (high - low) / (high + low) : 0.0f;
    }
    int n = 0;
    for (int i = 0; i < count; ++i) {
        const float* pixel = here + 2 * (begin + i);
        found.x[n] = begin + i;
        found.cos2[n] = cos2[i];
        found.sin2[n] = sin2[i];
        found.narrow[n] = narrow[i];
        found.value[n] = pixel[0];
        found.mask[n] = pixel[1];
        n += narrow[i] > 0.0f;
    }
    found.count = n;
}

WRINKLE_CLONES void steps_at(const float* acd, int width, float units, const Pixels& pixels, Steps& steps) {
    const float *a = acd, *c = acd + width, *d = acd + 2 * static_cast<std::int64_t>(width);
    for (int i = 0; i < pixels.count; ++i) {
        const int x = pixels.x[i];
        const float inverse = units / (a[x] * d[x]);
        steps.t_column[i] = d[x] * inverse;
        steps.b_column[i] = -c[x] * inverse;
        steps.b_row[i] = -a[x] * inverse;
    }
}

// The step (rows, columns) of `length` mm across the lines, or along them.
WRINKLE_CLONES void directions(const Pixels& pixels, const Steps& steps, float length, bool across, float* rows, float* columns) {
    for (int i = 0; i < pixels.count; ++i) {
        const float cosine = std::sqrt(std::max(0.0f, 0.5f * (1.0f + pixels.cos2[i])));
        const float size = std::sqrt(std::max(0.0f, 0.5f * (1.0f - pixels.cos2[i])));
        const float sine = pixels.sin2[i] < 0.0f ? -size : size;
        const float t = across ? cosine : -sine, b = across ? sine : cosine;
        columns[i] = length * (steps.t_column[i] * t + steps.b_column[i] * b);
        rows[i] = length * steps.b_row[i] * b;
    }
}

WRINKLE_CLONES void shifted(const Pixels& pixels, int y, const float* rows, const float* columns, float times, float* row, float* column) {
    for (int i = 0; i < pixels.count; ++i) {
        row[i] = static_cast<float>(y) + times * rows[i];
        column[i] = static_cast<float>(pixels.x[i]) + times * columns[i];
    }
}

// Contrast to both sides as a vector of doubled angle: (contrast cos 2 phi, contrast sin 2 phi), phi the direction across the
// line; 0 where there is no valley.
WRINKLE_CLONES void contrasts(const Pixels& pixels, const float* one, const float* one_mask, const float* other,
                              const float* other_mask, float* strength) {
    for (int i = 0; i < pixels.count; ++i) {
        const float here = pixels.value[i], contrast = std::min(one[i], other[i]) - here;
        const float larger = std::max(one[i], other[i]) - here;  // an edge is far darker than one of its sides only
        const float even = std::min(1.0f, 2.0f * contrast / std::max(larger, least));
        const float mask = std::min(pixels.mask[i], std::min(one_mask[i], other_mask[i]));
        strength[i] = contrast > least ? contrast * even * pixels.narrow[i] * mask : 0.0f;
    }
}

// Pixels begin..end of a row of the field whose vectors are long enough to be the middle of something.
WRINKLE_CLONES void find_lines(const float* field, int begin, int end, Pixels& found) {
    float length[lanes];
    const int count = end - begin;
    for (int i = 0; i < count; ++i) {
        const float *vector = field + 2 * (begin + i);
        length[i] = std::sqrt(vector[0] * vector[0] + vector[1] * vector[1]);
    }
    int n = 0;
    for (int i = 0; i < count; ++i) {
        const float *vector = field + 2 * (begin + i);
        const float share = 1.0f / std::max(length[i], least);
        found.x[n] = begin + i;
        found.cos2[n] = vector[0] * share;
        found.sin2[n] = vector[1] * share;
        found.value[n] = length[i];
        n += length[i] > 0.5f * least;
    }
    found.count = n;
}

WRINKLE_CLONES void add_roots(const Pixels& pixels, const float* first, const float* second, float* sums) {
    for (int i = 0; i < pixels.count; ++i)
        sums[i] += std::sqrt(std::max(0.0f, first[i] * pixels.cos2[i] + second[i] * pixels.sin2[i]));
}

// Writes the field's vectors of one piece of a row.
void valleys(const Pairs& source, int y, int begin, int end, const float* acd, float units, float flank, const Pairs& field) {
    Pixels pixels;
    find_valleys(source.at(y - 1, 0), source.at(y, 0), source.at(y + 1, 0), acd, source.width(), units, begin, end, pixels);
    std::fill_n(field.at(y, begin), 2 * (end - begin), 0.0f);  // the line before may have left something
    if (!pixels.count) return;
    Steps steps;
    float rows[lanes], columns[lanes], row[lanes], column[lanes], values[2][lanes], masks[2][lanes], strength[lanes];
    steps_at(acd, source.width(), units, pixels, steps);
    directions(pixels, steps, flank, true, rows, columns);
    for (int side = 0; side < 2; ++side) {
        shifted(pixels, y, rows, columns, side ? -1.0f : 1.0f, row, column);
        sample(source.data(), source.stride(), source.height(), source.width(), row, column, pixels.count, values[side], masks[side]);
    }
    contrasts(pixels, values[0], masks[0], values[1], masks[1], strength);
    for (int i = 0; i < pixels.count; ++i) {
        float* out = field.at(y, pixels.x[i]);
        out[0] = strength[i] * pixels.cos2[i];
        out[1] = strength[i] * pixels.sin2[i];
    }
}

// Mean over the samples along the line of what agrees with its direction here, of the roots: one dark spot makes no line.
// `out` keeps what is stronger.
void along(const Pairs& field, int y, int begin, int end, const float* acd, float units, float stride, float* out) {
    Pixels pixels;
    find_lines(field.at(y, 0), begin, end, pixels);
    if (!pixels.count) return;
    Steps steps;
    float rows[lanes], columns[lanes], row[lanes], column[lanes], first[lanes], second[lanes], sums[lanes];
    steps_at(acd, field.width(), units, pixels, steps);
    directions(pixels, steps, stride, false, rows, columns);
    for (int i = 0; i < pixels.count; ++i) sums[i] = std::sqrt(pixels.value[i]);
    for (int step = -reach; step <= reach; ++step) {
        if (step == 0) continue;
        shifted(pixels, y, rows, columns, static_cast<float>(step), row, column);
        sample(field.data(), field.stride(), field.height(), field.width(), row, column, pixels.count, first, second);
        add_roots(pixels, first, second, sums);
    }
    for (int i = 0; i < pixels.count; ++i) {
        const float mean = sums[i] / static_cast<float>(2 * reach + 1);
        out[pixels.x[i]] = std::max(out[pixels.x[i]], mean * mean);
    }
}

}  // namespace

void line_strength(ConstImage maps, const Metric& metric, const Line* lines, int count, Image out) {
    const int height = maps.height, width = maps.width;
    const Tiles tiles(maps, 1, 3);
    const auto units = static_cast<float>(metric.units);
    const LinearRows metric_at = metric_rows(metric, width);
    // Calls visit(y, begin, end, metric) for pieces of rows in busy tiles, `border` pixels of the map left out.
    const auto each = [&](int border, const auto& visit) {
        parallel_for(tiles.rows(), 1, [&](std::int64_t first, std::int64_t last) {
            std::vector<float> acd(static_cast<std::size_t>(width) * 3);
            const int top = std::max(static_cast<int>(first) * Tiles::height, border);
            const int bottom = std::min(static_cast<int>(last) * Tiles::height, height - border);
            for (int y = top; y < bottom; ++y)
                tiles.runs(y / Tiles::height, [&](int left, int right) {
                    left = std::max(left, border);
                    right = std::min(right, width - border);
                    if (left < right) metric_at.row(y, acd.data(), left, right);
                    for (int x = left; x < right; x += lanes) visit(y, x, std::min(x + lanes, right), acd.data());
                });
        });
    };
    const Pairs source(height, width), field(height, width);
    for (const Line* line = lines; line < lines + count; ++line) {
        gaussian_of(maps, 0, tiles, line->sigma_pixels, [&](int y, int begin, int end, const float* values) {
            const float* mask = maps.at(y, begin) + 3;
            float* to = source.at(y, begin);
            for (int i = 0; i < end - begin; ++i) {
                to[2 * i] = values[i];
                to[2 * i + 1] = mask[4 * i];
            }
        });
        each(1, [&](int y, int begin, int end, const float* acd) { valleys(source, y, begin, end, acd, units, line->flank, field); });
        each(0, [&](int y, int begin, int end, const float* acd) {
            along(field, y, begin, end, acd, units, line->stride, out.row(y));
        });
    }
}

}  // namespace wrinkle
