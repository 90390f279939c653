// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_confidence.hpp"

#include <algorithm>
#include <cmath>

#include "pool.hpp"
#include "wrinkle_bilinear.hpp"

namespace wrinkle {
namespace {

constexpr int reach = 3;         // samples along the line to each side
constexpr float least = 1e-3f;   // contrast below which nothing is looked at: a quarter of one 8-bit step

// Steps in pixels per mm along t and b at one pixel.
struct Steps {
    float t_column, b_column, b_row;  // a step along t stays in its row

    Steps(float a, float c, float d, float units) {
        const float inverse = units / (a * d);
        t_column = d * inverse;
        b_column = -c * inverse;
        b_row = -a * inverse;
    }
    float column(float t, float b) const { return t_column * t + b_column * b; }
    float row(float b) const { return b_row * b; }
};

// Second derivatives of channel 0 in mm.
struct Hessian {
    float tt, tb, bb;

    Hessian(const ConstImage& image, int y, int x, const Steps& s) {
        const auto value = [&](int dy, int dx) { return image.at(y + dy, x + dx)[0]; };
        const float centre = 2.0f * value(0, 0);
        const float xx = value(0, 1) + value(0, -1) - centre, yy = value(1, 0) + value(-1, 0) - centre;
        const float xy = 0.25f * (value(1, 1) + value(-1, -1) - value(1, -1) - value(-1, 1));
        tt = s.t_column * s.t_column * xx;
        tb = s.t_column * (s.b_column * xx + s.b_row * xy);
        bb = s.b_column * s.b_column * xx + 2.0f * s.b_column * s.b_row * xy + s.b_row * s.b_row * yy;
    }
};

// False where the brightness does not curve upwards in any direction: no change of coordinates makes a valley of that.
bool may_be_valley(const ConstImage& image, int y, int x) {
    const auto value = [&](int dy, int dx) { return image.at(y + dy, x + dx)[0]; };
    const float centre = 2.0f * value(0, 0);
    const float xx = value(0, 1) + value(0, -1) - centre, yy = value(1, 0) + value(-1, 0) - centre;
    const float xy = 0.25f * (value(1, 1) + value(-1, -1) - value(1, -1) - value(-1, 1));
    return xx + yy > 0.0f || xx * yy < xy * xy;
}

// Contrast to both sides at one pixel as a vector of doubled angle: (contrast cos 2 phi, contrast sin 2 phi), phi the direction
// across the line. `out` holds 0 and keeps it where there is no valley.
void valley(const ConstImage& image, int y, int x, const Steps& steps, float flank, float* out) {
    const float mask = image.at(y, x)[1];
    const Hessian h(image, y, x, steps);
    const float mean = 0.5f * (h.tt + h.bb), half = 0.5f * (h.tt - h.bb), spread = std::sqrt(half * half + h.tb * h.tb);
    const float high = mean + spread, low = std::fabs(mean - spread);
    if (!(high > low) || spread <= 0.0f) return;
    const float cos2 = half / spread, sin2 = h.tb / spread;
    const float cosine = std::sqrt(std::max(0.0f, 0.5f * (1.0f + cos2)));
    const float sine = std::copysign(std::sqrt(std::max(0.0f, 0.5f * (1.0f - cos2))), sin2);
    const float dc = flank * steps.column(cosine, sine), dr = flank * steps.row(sine);
    float one[2], other[2];
    const float row = static_cast<float>(y), column = static_cast<float>(x);
    bilinear<2>(image, row + dr, column + dc, one);
    bilinear<2>(image, row - dr, column - dc, other);
    const float here = image.at(y, x)[0], contrast = std::min(one[0], other[0]) - here;
    if (!(contrast > least)) return;
    const float larger = std::max(one[0], other[0]) - here;  // an edge is far darker than one of its sides only
    const float strength = contrast * std::min(1.0f, 2.0f * contrast / larger) * (high - low) / (high + low) * std::min(mask, std::min(one[1], other[1]));
    out[0] = strength * cos2;
    out[1] = strength * sin2;
}

// Mean over the samples along the line of what agrees with its direction here, of the roots: one dark spot makes no line.
float along(const ConstImage& valleys, int y, int x, const Steps& steps, float stride) {
    const float* here = valleys.at(y, x);
    const float length = std::sqrt(here[0] * here[0] + here[1] * here[1]);
    if (!(length > 0.5f * least)) return 0.0f;
    const float cos2 = here[0] / length, sin2 = here[1] / length;
    const float cosine = std::sqrt(std::max(0.0f, 0.5f * (1.0f + cos2)));
    const float sine = std::copysign(std::sqrt(std::max(0.0f, 0.5f * (1.0f - cos2))), sin2);
    const float dc = stride * steps.column(-sine, cosine), dr = stride * steps.row(cosine);
    float sum = std::sqrt(length);
    for (int i = -reach; i <= reach; ++i) {
        if (i == 0) continue;
        float sample[2];
        bilinear<2>(valleys, static_cast<float>(y) + static_cast<float>(i) * dr,
                 static_cast<float>(x) + static_cast<float>(i) * dc, sample);
        sum += std::sqrt(std::max(0.0f, sample[0] * cos2 + sample[1] * sin2));
    }
    const float mean = sum / static_cast<float>(2 * reach + 1);
    return mean * mean;
}

}  // namespace

void line_strength(ConstImage maps, const Metric& metric, const Line& line, double sigma_pixels, Image out) {
    const int height = maps.height, width = maps.width;
    const std::size_t pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
    std::vector<float> plane(pixels), pairs(2 * pixels), valleys(2 * pixels, 0.0f);
    {
        std::vector<float> blurred(pixels);
        for (std::size_t i = 0; i < pixels; ++i) plane[i] = maps.data[4 * i];
        gaussian({plane.data(), height, width, 1}, {blurred.data(), height, width, 1}, sigma_pixels);
        for (std::size_t i = 0; i < pixels; ++i) {
            pairs[2 * i] = blurred[i];
            pairs[2 * i + 1] = maps.data[4 * i + 3];
        }
    }
    const Image source{pairs.data(), height, width, 2}, field{valleys.data(), height, width, 2};
    const auto units = static_cast<float>(metric.units);
    const LinearRows rows = metric_rows(metric, width);
    const auto each = [&](const auto& worth, const auto& visit) {
        parallel_for(height, 16, [&](std::int64_t begin, std::int64_t end) {
            std::vector<float> acd(static_cast<std::size_t>(width) * 3);
            for (int y = static_cast<int>(begin); y < end; ++y) {
                rows.row(y, acd.data());
                for (int x = 0; x < width; ++x)
                    if (worth(y, x)) visit(y, x, Steps(acd[x], acd[width + x], acd[2 * width + x], units));
            }
        });
    };
    const auto inside = [&](int y, int x) {
        return y > 0 && x > 0 && y + 1 < height && x + 1 < width && source.at(y, x)[1] > 0.0f && may_be_valley(source, y, x);
    };
    std::fill_n(out.data, pixels, 0.0f);
    each(inside, [&](int y, int x, const Steps& steps) { valley(source, y, x, steps, line.flank, field.at(y, x)); });
    each([&](int y, int x) { return field.at(y, x)[0] != 0.0f || field.at(y, x)[1] != 0.0f; },
         [&](int y, int x, const Steps& steps) { *out.at(y, x) = along(field, y, x, steps, line.stride); });
}

}  // namespace wrinkle
