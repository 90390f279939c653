// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_filters.hpp"

#include <algorithm>
#include <cmath>

#include "pool.hpp"
#include "simd.hpp"

namespace wrinkle {
namespace {

constexpr int chunk = 64;  // floats summed in registers

// out[i] = sum_j kernel[j] * in[i + j * step]
WRINKLE_CLONES void filter_row(const float* in, float* out, const float* kernel, int taps, int step, int count) {
    int i = 0;
    for (; i + chunk <= count; i += chunk) {
        float sums[chunk] = {};
        for (int j = 0; j < taps; ++j) {
            const float* p = in + i + static_cast<std::int64_t>(j) * step;
            for (int c = 0; c < chunk; ++c) sums[c] += kernel[j] * p[c];
        }
        std::copy_n(sums, chunk, out + i);
    }
    for (; i < count; ++i) {
        float sum = 0;
        for (int j = 0; j < taps; ++j) sum += kernel[j] * in[i + static_cast<std::int64_t>(j) * step];
        out[i] = sum;
    }
}

// out[i] += sum over the block's k columns
void add_blocks(const float* in, float* out, int width, int channels, int k) {
    for (int x = 0; x < width; ++x) {
        float* target = out + static_cast<std::int64_t>(x / k) * channels;
        for (int c = 0; c < channels; ++c) target[c] += *in++;
    }
}

WRINKLE_CLONES void stretch(const float* line, const std::int32_t* first, const float* part, int begin, int end, float* out) {
    for (int x = begin; x < end; ++x) {
        const float left = line[first[x]];
        out[x] = left + (line[first[x] + 1] - left) * part[x];
    }
}

struct Between {
    int first, second;
    float part;
};

// Where pixel i of the large map lies in a small one of `size` pixels, scale = small pixels per large pixel.
Between between(int i, double scale, int size) {
    const double at = std::clamp((i + 0.5) * scale - 0.5, 0.0, size - 1.0);
    const int first = static_cast<int>(at);
    return {first, std::min(first + 1, size - 1), static_cast<float>(at - first)};
}

WRINKLE_CLONES void mix_rows(const float* const* rows, const float* w, int width, float* out) {
    const float *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    for (int x = 0; x < width; ++x) out[x] = w[0] * a[x] + w[1] * b[x] + w[2] * c[x] + w[3] * d[x];
}

WRINKLE_CLONES bool holds(const float* pixels, int count, int channels, int first) {
    int found = 0;
    if (first == 0) {
        for (int i = 0; i < count * channels; ++i) found |= pixels[i] != 0.0f;
    } else {
        for (int i = 0; i < count; ++i)
            for (int c = first; c < channels; ++c) found |= pixels[i * channels + c] != 0.0f;
    }
    return found != 0;
}

}  // namespace

Tiles::Tiles(ConstImage image, int margin, int first)
    : rows_((image.height + height - 1) / height),
      columns_((image.width + width - 1) / width),
      pixels_(image.width),
      busy_(static_cast<std::size_t>(rows_) * columns_, 0) {
    parallel_for(rows_, 1, [&](std::int64_t begin, std::int64_t end) {
        for (int row = static_cast<int>(begin); row < end; ++row) {
            const int top = std::max(row * height - margin, 0), bottom = std::min((row + 1) * height + margin, image.height);
            for (int column = 0; column < columns_; ++column) {
                const int left = std::max(column * width - margin, 0);
                const int count = std::min((column + 1) * width + margin, image.width) - left;
                bool found = false;
                for (int y = top; y < bottom && !found; ++y) found = holds(image.at(y, left), count, image.channels, first);
                busy_[static_cast<std::size_t>(row) * columns_ + column] = found;
            }
        }
    });
}

bool Tiles::any(int row) const {
    const auto begin = busy_.begin() + static_cast<std::ptrdiff_t>(row) * columns_;
    return std::find(begin, begin + columns_, 1) != begin + columns_;
}

namespace {

// Truncated at ceil(3 sigma), normalised.
std::vector<float> gaussian_kernel(double sigma) {
    const int radius = static_cast<int>(std::ceil(3 * sigma));
    std::vector<float> kernel(static_cast<std::size_t>(2 * radius + 1));
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) sum += std::exp(-0.5 * i * i / (sigma * sigma));
    for (int i = -radius; i <= radius; ++i)
        kernel[static_cast<std::size_t>(i + radius)] = static_cast<float>(std::exp(-0.5 * i * i / (sigma * sigma)) / sum);
    return kernel;
}

// load(y, begin, end, line) puts pixels begin..end of a row inside the image at line + begin * channels. put(y, begin, end, filter)
// calls filter(target), which writes them.
template <class Load, class Put>
void gaussian_in(const Tiles& tiles, int height, int width, int channels, double sigma, const Load& load, const Put& put) {
    const std::vector<float> kernel = gaussian_kernel(sigma);
    const int taps = static_cast<int>(kernel.size()), radius = taps / 2, count = width * channels, margin = radius * channels;
    parallel_for(tiles.rows(), 1, [&](std::int64_t begin, std::int64_t end) {
        std::vector<float> line(static_cast<std::size_t>(count) + 2 * margin, 0.0f), band;
        for (int tile = static_cast<int>(begin); tile < end; ++tile) {
            if (!tiles.any(tile)) continue;
            const int top = tile * Tiles::height, bottom = std::min(top + Tiles::height, height);
            const int first = top - radius, rows = bottom - top + 2 * radius;
            band.resize(static_cast<std::size_t>(rows) * count);
            const auto kept = [&](int y) { return band.data() + static_cast<std::int64_t>(y - first) * count; };
            for (int y = first; y < first + rows; ++y)
                tiles.runs(tile, [&](int left, int right) {
                    const int at = left * channels, floats = (right - left) * channels;
                    if (y < 0 || y >= height) {
                        std::fill_n(kept(y) + at, floats, 0.0f);
                        return;
                    }
                    load(y, std::max(left - radius, 0), std::min(right + radius, width), line.data() + margin);
                    filter_row(line.data() + at, kept(y) + at, kernel.data(), taps, channels, floats);
                });
            for (int y = top; y < bottom; ++y)
                tiles.runs(tile, [&](int left, int right) {
                    const int at = left * channels;
                    put(y, left, right, [&](float* target) {
                        filter_row(kept(y - radius) + at, target, kernel.data(), taps, count, (right - left) * channels);
                    });
                });
        }
    });
}

}  // namespace

void gaussian(ConstImage in, Image out, double sigma) {
    const Tiles tiles(in, static_cast<int>(std::ceil(3 * sigma)));
    const int channels = in.channels;
    gaussian_in(
        tiles, in.height, in.width, channels, sigma,
        [&](int y, int begin, int end, float* line) {
            std::copy_n(in.at(y, begin), (end - begin) * channels, line + begin * channels);
        },
        [&](int y, int begin, int, const auto& filter) { filter(out.at(y, begin)); });
}

void gaussian_of(ConstImage in, int channel, const Tiles& wanted, double sigma, const Take& take) {
    gaussian_in(
        wanted, in.height, in.width, 1, sigma,
        [&](int y, int begin, int end, float* line) {
            const float* from = in.row(y) + channel;
            for (int x = begin; x < end; ++x) line[x] = from[x * in.channels];
        },
        [&](int y, int begin, int end, const auto& filter) {
            thread_local std::vector<float> values;
            values.resize(static_cast<std::size_t>(end - begin));
            filter(values.data());
            take(y, begin, end, values.data());
        });
}

void reduce(ConstImage in, Image out, int k) {
    const float share = 1.0f / static_cast<float>(k * k);
    parallel_for(out.height, 8, [&](std::int64_t begin, std::int64_t end) {
        for (int y = static_cast<int>(begin); y < end; ++y) {
            float* target = out.row(y);
            const int count = out.width * out.channels;
            std::fill_n(target, count, 0.0f);
            for (int i = y * k; i < std::min((y + 1) * k, in.height); ++i)
                add_blocks(in.row(i), target, in.width, in.channels, k);
            for (int i = 0; i < count; ++i) target[i] *= share;
        }
    });
}

LinearRows::LinearRows(ConstImage image, double scale, int width)
    : image_(image), scale_(scale), width_(width), first_(static_cast<std::size_t>(width)), part_(first_.size()) {
    for (int x = 0; x < width; ++x) {
        const Between u = between(x, scale, image.width);
        first_[static_cast<std::size_t>(x)] = u.first;
        part_[static_cast<std::size_t>(x)] = u.part;
    }
}

void LinearRows::row(int y, float* planes, int begin, int end) const {
    const Between v = between(y, scale_, image_.height);
    const float *top = image_.row(v.first), *bottom = image_.row(v.second);
    const int channels = image_.channels, columns = image_.width;
    thread_local std::vector<float> line;
    line.resize(static_cast<std::size_t>(columns) + 1);
    const int low = first_[static_cast<std::size_t>(begin)];
    const int high = std::min(first_[static_cast<std::size_t>(end) - 1] + 2, columns);
    for (int c = 0; c < channels; ++c) {
        for (int x = low; x < high; ++x) {
            const float above = top[x * channels + c];
            line[static_cast<std::size_t>(x)] = above + (bottom[x * channels + c] - above) * v.part;
        }
        line[static_cast<std::size_t>(columns)] = line[static_cast<std::size_t>(columns) - 1];
        stretch(line.data(), first_.data(), part_.data(), begin, end, planes + static_cast<std::int64_t>(c) * width_);
    }
}

LinearRows metric_rows(const Metric& metric, int width) {
    return {{metric.grid, metric.size, metric.size, 3}, metric.size / metric.units, width};
}

CubicRows::CubicRows(ConstImage image, int k, int width)
    : image_(image), k_(k), width_(width), taps_(static_cast<std::size_t>(k) * 4), rows_(static_cast<std::size_t>(width) * 4) {
    for (int phase = 0; phase < k; ++phase) {
        const double at = (phase + 0.5) / k - 0.5, t = at - std::floor(at);
        float* w = taps_.data() + 4 * phase;
        w[0] = static_cast<float>(-0.5 * t + t * t - 0.5 * t * t * t);
        w[1] = static_cast<float>(1 - 2.5 * t * t + 1.5 * t * t * t);
        w[2] = static_cast<float>(0.5 * t + 2 * t * t - 1.5 * t * t * t);
        w[3] = static_cast<float>(-0.5 * t * t + 0.5 * t * t * t);
    }
}

const float* CubicRows::stretched(int y) {
    y = std::clamp(y, 0, image_.height - 1);
    float* target = rows_.data() + static_cast<std::int64_t>(y % 4) * width_;
    if (held_[y % 4] == y) return target;
    held_[y % 4] = y;
    const float* in = image_.row(y);
    const int last = image_.width - 1;
    for (int x = 0; x < width_; ++x) {
        const int phase = x % k_, cell = x / k_ - (2 * phase + 1 < k_ ? 1 : 0);
        const float* w = taps_.data() + 4 * phase;
        if (cell >= 1 && cell + 2 <= last) {
            target[x] = w[0] * in[cell - 1] + w[1] * in[cell] + w[2] * in[cell + 1] + w[3] * in[cell + 2];
        } else {
            float sum = 0;
            for (int i = 0; i < 4; ++i) sum += w[i] * in[std::clamp(cell - 1 + i, 0, last)];
            target[x] = sum;
        }
    }
    return target;
}

void CubicRows::row(int y, float* out) {
    const int phase = y % k_, cell = y / k_ - (2 * phase + 1 < k_ ? 1 : 0);
    const float* w = taps_.data() + 4 * phase;
    const float* rows[4];
    for (int i = 0; i < 4; ++i) rows[i] = stretched(cell - 1 + i);
    mix_rows(rows, w, width_, out);
}

}  // namespace wrinkle
