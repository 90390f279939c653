// SPDX-License-Identifier: GPL-3.0-or-later
// Meshes as they come from Python, checked, as corners on a grid.
#pragma once

#include "checks.hpp"
#include "raster.hpp"

namespace wrinkle {

// The triangles' vertices, and per vertex a point on a grid. Keeps the arrays alive; reading needs no GIL.
class GridMesh {
public:
    // triangles: (T, 3) int32 below the number of points.
    GridMesh(const pybind11::object& triangles, std::vector<Point> points)
        : triangles_(array<std::int32_t>(triangles, "triangles", {any, 3})), points_(std::move(points)) {
        check_indices(triangles_, "triangles", vertex_count());
        check_range(static_cast<double>(triangles_.shape(0)), "triangles: number of rows", 0, 1e8);
        corners_ = triangles_.data();
        count_ = triangles_.shape(0);
    }

    std::int64_t vertex_count() const { return static_cast<std::int64_t>(points_.size()); }
    std::int64_t triangle_count() const { return count_; }
    std::int64_t vertex(std::int64_t t, int i) const { return corners_[3 * t + i]; }
    Point operator()(std::int64_t t, int i) const { return points_[static_cast<std::size_t>(vertex(t, i))]; }
    const Point& point(std::int64_t v) const { return points_[static_cast<std::size_t>(v)]; }

private:
    pybind11::array_t<std::int32_t> triangles_;
    std::vector<Point> points_;
    const std::int32_t* corners_;
    std::int64_t count_;
};

// Points (V, 2) float32, finite and within +-limit, mapped by `place`.
template <class Place>
std::vector<Point> checked_points(const pybind11::object& value, const char* name, double limit, const Place& place) {
    const auto given = array<float>(value, name, {any, 2});
    check_finite(given, name);
    const float* data = given.data();
    std::vector<Point> points(static_cast<std::size_t>(given.shape(0)));
    for (std::size_t v = 0; v < points.size(); ++v) {
        check_range(data[2 * v], name, -limit, limit);
        check_range(data[2 * v + 1], name, -limit, limit);
        points[v] = place(static_cast<double>(data[2 * v]), static_cast<double>(data[2 * v + 1]));
    }
    return points;
}

// A mesh laid out in the texels of a size x size map: the centre of texel (row, column) is u = (column + .5) / size,
// v = 1 - (row + .5) / size.
class UvMesh : public GridMesh {
public:
    UvMesh(const pybind11::object& uv, const pybind11::object& triangles, std::int64_t size)
        : GridMesh(triangles, checked_points(uv, "uv", 4.0, [size = checked(size)](double u, double v) {
                       return Point{u * size - 0.5, (1.0 - v) * size - 0.5};
                   })) {}

private:
    static double checked(std::int64_t size) {
        check_range(static_cast<double>(size), "size", 1, kLargestGrid);
        return static_cast<double>(size);
    }
};

// A mesh laid on a photo. Pixel centres at integers.
class PhotoMesh : public GridMesh {
public:
    PhotoMesh(const pybind11::object& image_points, const pybind11::object& triangles)
        : GridMesh(triangles, checked_points(image_points, "image_points", 1e6, [](double x, double y) { return Point{x, y}; })) {}
};

// Depth per vertex (V,) float32, finite and of sane size.
inline pybind11::array_t<float> checked_depth(const pybind11::object& value, std::int64_t vertices) {
    const auto depth = array<float>(value, "depth", {vertices});
    check_finite(depth, "depth");
    for (pybind11::ssize_t v = 0; v < depth.size(); ++v) check_range(static_cast<double>(depth.data()[v]), "depth", -1e9, 1e9);
    return depth;
}

// Rows in a band: enough bands for the threads to share, few enough that triangles lie mostly in one.
inline std::int64_t band_rows(std::int64_t size) { return std::clamp<std::int64_t>(size / 48, 8, 64); }

}  // namespace wrinkle
