// SPDX-License-Identifier: GPL-3.0-or-later
// Filters on float images with interleaved channels.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace wrinkle {

// An image of height x width pixels with `channels` floats each, not owned.
template <class T>
struct View {
    T* data;
    int height, width, channels;

    T* row(int y) const { return data + static_cast<std::int64_t>(y) * width * channels; }
    T* at(int y, int x) const { return row(y) + static_cast<std::int64_t>(x) * channels; }
    operator View<const T>() const { return {data, height, width, channels}; }
};

using Image = View<float>;
using ConstImage = View<const float>;

// Which tiles of an image hold anything: most of a face's UV plane is empty, and what is empty need not be computed.
class Tiles {
public:
    static constexpr int height = 32, width = 64;

    // A tile is busy when a pixel in it or within `margin` of it is not 0 in one of the channels from `first` on.
    Tiles(ConstImage image, int margin, int first = 0);

    int rows() const { return rows_; }
    int columns() const { return columns_; }
    bool busy(int row, int column) const { return busy_[static_cast<std::size_t>(row) * columns_ + column] != 0; }
    bool any(int row) const;

    // Calls visit(begin, end) for every run of busy tiles of a row of tiles, in pixels.
    template <class Visit>
    void runs(int row, Visit visit) const {
        for (int tile = 0; tile < columns_; ++tile) {
            if (!busy(row, tile)) continue;
            const int begin = tile;
            while (tile < columns_ && busy(row, tile)) ++tile;
            visit(begin * width, tile * width < pixels_ ? tile * width : pixels_);
        }
    }

private:
    int rows_, columns_, pixels_;
    std::vector<unsigned char> busy_;
};

// Truncated at ceil(3 sigma), normalised; 0 beyond the border. `out` holds zeros and keeps them where nothing is in reach.
void gaussian(ConstImage in, Image out, double sigma);

// The same of one channel, only in busy tiles; pieces of rows are handed over: take(y, begin, end, values of begin..end).
using Take = std::function<void(int, int, int, const float*)>;
void gaussian_of(ConstImage in, int channel, const Tiles& wanted, double sigma, const Take& take);

// Means over k x k blocks; what lies beyond the border counts as 0. `out` has ceil(height / k) rows.
void reduce(ConstImage in, Image out, int k);

// The geometry of the UV plane: (a, c, d) per grid cell with (mm along t, mm along b) = [[a, c], [0, d]] (du, dv).
struct Metric {
    const float* grid;
    int size;
    double units;  // texels of the map in hand per unit of u
};

// Bilinear rows of a small image as if it had `width` columns: x' = (x + 0.5) * scale - 0.5, clamped at the border. One object
// serves all threads.
class LinearRows {
public:
    LinearRows(ConstImage image, double scale, int width);

    // Row y of the large image, its pixels begin..end: channels after one another, `width` floats each.
    void row(int y, float* planes, int begin, int end) const;
    void row(int y, float* planes) const { row(y, planes, 0, width_); }

private:
    ConstImage image_;
    double scale_;
    int width_;
    std::vector<std::int32_t> first_;
    std::vector<float> part_;
};

// a, c, d of the metric at every pixel of a map's rows.
LinearRows metric_rows(const Metric& metric, int width);

// The same by cubic interpolation (Catmull-Rom), one channel.
class CubicRows {
public:
    CubicRows(ConstImage image, int k, int width);
    void row(int y, float* out);  // fastest when y grows

private:
    const float* stretched(int y);
    ConstImage image_;
    int k_, width_;
    std::vector<float> taps_;      // k x 4
    std::vector<float> rows_;      // 4 rows already enlarged sideways
    int held_[4] = {-1, -1, -1, -1};
};

}  // namespace wrinkle
