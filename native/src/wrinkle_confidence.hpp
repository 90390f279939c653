// SPDX-License-Identifier: GPL-3.0-or-later
// How much a texel looks like the bottom of a groove.
#pragma once

#include "wrinkle_filters.hpp"

namespace wrinkle {

// What line_strength looks for, lengths in mm: dark lines, compared with the skin `flank` to both sides
// of them, that go on for 3 `stride` in both directions.
struct Line {
    float flank, stride;
};

// How much darker than both its sides a line is, in natural logarithms, as a mean along it (of the roots, squared); 0 where
// there is none. `maps`
// (h, w, 4): channel 0 high-passed log luminance, channel 3 mask. sigma_pixels: the lines' Gaussian width in pixels.
void line_strength(ConstImage maps, const Metric& metric, const Line& line, double sigma_pixels, Image out);

}  // namespace wrinkle
