// SPDX-License-Identifier: GPL-3.0-or-later
// How much a texel looks like the bottom of a groove.
#pragma once

#include "wrinkle_filters.hpp"

namespace wrinkle {

// What line_strength looks for: dark lines of a Gaussian width `sigma_pixels`, compared with the skin `flank` mm to both sides
// of them, that go on for 3 `stride` mm in both directions.
struct Line {
    float flank, stride, sigma_pixels;
};

// How much darker than both its sides a line is, in natural logarithms, as a mean along it (of the roots, squared); 0 where
// there is none. The strongest of `count` lines. `maps` (h, w, 4): channel 0 high-passed log luminance, channel 3 mask. `out`
// holds zeros.
void line_strength(ConstImage maps, const Metric& metric, const Line* lines, int count, Image out);

}  // namespace wrinkle
