// SPDX-License-Identifier: GPL-3.0-or-later
// Reading colours out of a photo at any place and scale.
#pragma once

#include <cstdint>
#include <vector>

#include "raster.hpp"

namespace wrinkle {

// One level of a pyramid: RGBA bytes with a border of kBorder repeated pixels on every side.
struct Level {
    static constexpr std::int64_t kBorder = 2;
    std::int64_t width, height, stride;  // without the border; bytes from row to row
    double left, top, step;              // photo place of the first pixel's centre, photo pixels per pixel
    std::vector<std::uint8_t> pixels;

    const std::uint8_t* at(std::int64_t column, std::int64_t row) const {
        return pixels.data() + (row + kBorder) * stride + (column + kBorder) * 4;
    }
    std::uint8_t* at(std::int64_t column, std::int64_t row) {
        return pixels.data() + (row + kBorder) * stride + (column + kBorder) * 4;
    }
};

// A row of `count` evenly spaced places in photo pixels.
struct Line {
    double x, y, dx, dy;
    std::int64_t count;
};

// How densely texels of a triangle lie in the photo.
struct Footprint {
    double level = 0.0;          // of the pyramid: the shorter axis of a texel covers about one of its pixels
    int samples = 1;             // taken along the longer axis
    double dx = 0.0, dy = 0.0;   // the longer axis, photo pixels per texel; 0 with a single sample

    Footprint() = default;

    // From the derivatives of the photo's x and y by the texel's column and row.
    Footprint(const Affine& x, const Affine& y);
};

// The part of a photo between `low` and `high`, and its halvings.
class Pyramid {
public:
    // rgb: height x width x 3. The GIL must be released.
    Pyramid(const std::uint8_t* rgb, std::int64_t width, std::int64_t height, const Point& low, const Point& high);

    // Writes rgb (3 bytes per place): Catmull-Rom between pixels, linear between levels, averaged over the footprint. Places
    // outside get the nearest pixel inside. `buffer`: room that is used again from call to call.
    void read(const Line& line, const Footprint& footprint, std::vector<float>& buffer, std::uint8_t* rgb) const;

private:
    std::vector<Level> levels_;
};

}  // namespace wrinkle
