// SPDX-License-Identifier: GPL-3.0-or-later
// Triangles on a grid of cells whose centres lie at integers: x to the right, y down.
//
// Corners are snapped to 1/256 cell and edges decided in whole numbers, with the top-left rule: a centre on an edge that two
// triangles share belongs to exactly one of them, so a mesh leaves no cracks and draws nothing twice.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "pool.hpp"

namespace wrinkle {

constexpr int kSteps = 256;          // snapping steps per cell
constexpr int kLargestGrid = 16384;  // with it and kFarthest all products below stay under 2^53
constexpr double kFarthest = 5.0 * kLargestGrid;

struct Point {
    double x, y;
};

// An affine function on the grid.
struct Affine {
    double base, dx, dy;
    double at(double x, double y) const { return base + dx * x + dy * y; }
};

class Triangle {
public:
    // False when the triangle has no area; then nothing else may be called. Corners within +-kFarthest.
    bool set(Point a, Point b, Point c) {
        const Point corner[3] = {a, b, c};
        for (int i = 0; i < 3; ++i) {
            x_[i] = std::llrint(corner[i].x * kSteps);
            y_[i] = std::llrint(corner[i].y * kSteps);
        }
        area_ = (x_[1] - x_[0]) * (y_[2] - y_[0]) - (y_[1] - y_[0]) * (x_[2] - x_[0]);
        return area_ != 0;
    }

    // First row with a centre in reach, and one past the last.
    std::pair<std::int64_t, std::int64_t> rows() const { return reach(y_); }
    std::pair<std::int64_t, std::int64_t> columns() const { return reach(x_); }

    // Calls emit(row, begin, end) for every row in row_begin..row_end that has centres inside, columns clipped to 0..width.
    template <class Emit>
    void spans(std::int64_t row_begin, std::int64_t row_end, std::int64_t width, Emit&& emit) const {
        const auto [first, last] = rows();
        const auto [left, right] = columns();
        const std::int64_t low = std::max<std::int64_t>(left, 0), high = std::min(right, width);
        if (low >= high) return;
        Edge edges[3];
        for (int i = 0; i < 3; ++i) edges[i] = edge(i);
        for (std::int64_t row = std::max(first, row_begin); row < std::min(last, row_end); ++row) {
            std::int64_t begin = low, end = high;
            for (const Edge& e : edges) e.clip(row, begin, end);
            if (begin < end) emit(row, begin, end);
        }
    }

    // The affine function with these values at the corners.
    Affine affine(double a, double b, double c) const {
        const double scale = static_cast<double>(kSteps) / static_cast<double>(area_);
        const double ab = b - a, ac = c - a;
        const double dx = (ab * step(y_, 2) - ac * step(y_, 1)) * scale;
        const double dy = (ac * step(x_, 1) - ab * step(x_, 2)) * scale;
        return {a - dx * (static_cast<double>(x_[0]) / kSteps) - dy * (static_cast<double>(y_[0]) / kSteps), dx, dy};
    }

private:
    // A centre at column c is inside where rise * row + base - run * c >= 0, all in whole numbers.
    struct Edge {
        std::int64_t base, rise, run;

        void clip(std::int64_t row, std::int64_t& begin, std::int64_t& end) const {
            const std::int64_t value = base + rise * row;
            if (run == 0) {
                if (value < 0) end = begin;
                return;
            }
            // The quotient of whole numbers below 2^53 lies at least 1/run from the next whole number, so floor and ceil are exact.
            const double quotient = static_cast<double>(value) / static_cast<double>(run);
            if (run < 0)
                begin = std::max(begin, ceiling(quotient));
            else
                end = std::min(end, -ceiling(-quotient) + 1);
        }

        static std::int64_t ceiling(double value) {
            const auto whole = static_cast<std::int64_t>(value);
            return whole + (static_cast<double>(whole) < value);
        }
    };

    Edge edge(int i) const {
        const std::int64_t turn = area_ > 0 ? 1 : -1;
        const int j = (i + 1) % 3;
        const std::int64_t dx = turn * (x_[j] - x_[i]), dy = turn * (y_[j] - y_[i]);
        const bool top_left = dy < 0 || (dy == 0 && dx > 0);
        return {dy * x_[i] - dx * y_[i] - (top_left ? 0 : 1), dx * kSteps, dy * kSteps};
    }

    static double step(const std::int64_t (&v)[3], int i) { return static_cast<double>(v[i] - v[0]); }

    static std::pair<std::int64_t, std::int64_t> reach(const std::int64_t (&v)[3]) {
        const std::int64_t low = std::min({v[0], v[1], v[2]}), high = std::max({v[0], v[1], v[2]});
        return {floor_cell(low + kSteps - 1), floor_cell(high) + 1};
    }

    static std::int64_t floor_cell(std::int64_t v) { return v >= 0 ? v / kSteps : -((-v + kSteps - 1) / kSteps); }

    std::int64_t x_[3], y_[3], area_;
};

// Which triangles reach into which band of rows.
struct Bands {
    std::int64_t rows_per_band;
    std::vector<std::int64_t> begin;       // per band, into `triangles`; one more at the end
    std::vector<std::int32_t> triangles;  // ascending within a band

    std::int64_t count() const { return static_cast<std::int64_t>(begin.size()) - 1; }

    template <class Visit>
    void each(std::int64_t band, const Visit& visit) const {
        const auto b = static_cast<std::size_t>(band);
        for (std::int64_t i = begin[b]; i < begin[b + 1]; ++i) visit(triangles[static_cast<std::size_t>(i)]);
    }
};

// `corner(t, i)` gives the Point of corner i of triangle t. The GIL must be released.
template <class Corner>
Bands sort_into_bands(std::int64_t count, std::int64_t rows, std::int64_t rows_per_band, const Corner& corner) {
    const std::int64_t bands = (rows + rows_per_band - 1) / rows_per_band;
    // First and last band of each triangle; first > last when it draws nothing.
    std::vector<std::pair<std::int32_t, std::int32_t>> reach(static_cast<std::size_t>(count));
    parallel_for(count, 8192, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t t = begin; t < end; ++t) {
            Triangle triangle;
            auto& own = reach[static_cast<std::size_t>(t)];
            own = {1, 0};
            if (!triangle.set(corner(t, 0), corner(t, 1), corner(t, 2))) continue;
            auto [first, last] = triangle.rows();
            first = std::max<std::int64_t>(first, 0);
            last = std::min(last, rows);
            if (first < last)
                own = {static_cast<std::int32_t>(first / rows_per_band), static_cast<std::int32_t>((last - 1) / rows_per_band)};
        }
    });
    Bands sorted{rows_per_band, std::vector<std::int64_t>(static_cast<std::size_t>(bands) + 2), {}};
    // Counts go two places up, so that while filling `begin[b + 1]` is where band b writes next.
    for (const auto& [first, last] : reach)
        for (std::int32_t b = first; b <= last; ++b) ++sorted.begin[static_cast<std::size_t>(b) + 2];
    for (std::size_t b = 2; b < sorted.begin.size(); ++b) sorted.begin[b] += sorted.begin[b - 1];
    sorted.triangles.resize(static_cast<std::size_t>(sorted.begin.back()));
    for (std::size_t t = 0; t < reach.size(); ++t)
        for (std::int32_t b = reach[t].first; b <= reach[t].second; ++b)
            sorted.triangles[static_cast<std::size_t>(sorted.begin[static_cast<std::size_t>(b) + 1]++)] = static_cast<std::int32_t>(t);
    sorted.begin.pop_back();
    return sorted;
}

}  // namespace wrinkle
