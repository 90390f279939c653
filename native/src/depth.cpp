// SPDX-License-Identifier: GPL-3.0-or-later
#include "depth.hpp"

#include <pybind11/pybind11.h>

#include <limits>

namespace py = pybind11;

namespace wrinkle {

DepthBuffer::DepthBuffer(const GridMesh& mesh, const float* depth) {
    if (mesh.triangle_count() == 0) return;
    Point low{1e300, 1e300}, high{-1e300, -1e300};
    for (std::int64_t v = 0; v < mesh.vertex_count(); ++v) {
        const Point& p = mesh.point(v);
        low = {std::min(low.x, p.x), std::min(low.y, p.y)};
        high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
    left_ = low.x;
    top_ = low.y;
    scale_ = static_cast<double>(kSide - 1) / std::max({high.x - low.x, high.y - low.y, 1e-6});
    columns_ = static_cast<std::int64_t>((high.x - low.x) * scale_) + 1;
    rows_ = static_cast<std::int64_t>((high.y - low.y) * scale_) + 1;
    nearest_.assign(static_cast<std::size_t>(rows_ * columns_), -std::numeric_limits<float>::infinity());

    const auto corner = [&](std::int64_t t, int i) { return place(mesh(t, i)); };
    constexpr std::int64_t band = 16;
    const Bands bands = sort_into_bands(mesh.triangle_count(), rows_, band, corner);
    parallel_for(bands.count(), 1, [&](std::int64_t b, std::int64_t) {
        bands.each(b, [&](std::int32_t t) {
            Triangle triangle;
            triangle.set(corner(t, 0), corner(t, 1), corner(t, 2));
            const float* d = depth;
            const Affine plane = triangle.affine(d[mesh.vertex(t, 0)], d[mesh.vertex(t, 1)], d[mesh.vertex(t, 2)]);
            const auto draw = [&](std::int64_t row, std::int64_t begin, std::int64_t end) {
                float* line = nearest_.data() + row * columns_;
                for (std::int64_t column = begin; column < end; ++column) {
                    const double own = plane.at(static_cast<double>(column), static_cast<double>(row));
                    line[column] = std::max(line[column], static_cast<float>(own));
                }
            };
            triangle.spans(b * band, (b + 1) * band, columns_, draw);
        });
    });
}

DepthPlane DepthBuffer::plane(Affine depth, double bias) {
    // Two neighbouring triangles of a curved surface differ by a share of the slope per pixel.
    const double slope = std::sqrt(depth.dx * depth.dx + depth.dy * depth.dy);
    return {depth, bias + 0.5 * std::min(slope, 8.0 * bias)};
}

std::int64_t DepthBuffer::count_open(std::int64_t top, std::int64_t bottom, std::int64_t left, std::int64_t right,
                                     const DepthPlane& plane) const {
    std::int64_t hidden = 0;
    const std::int64_t begin = std::max<std::int64_t>(left, 0), end = std::min(right + 1, columns_);
    for (std::int64_t row = std::max<std::int64_t>(top, 0); row < std::min(bottom + 1, rows_); ++row) {
        const float* line = nearest_.data() + row * columns_;
        for (std::int64_t column = begin; column < end; ++column) {
            const double own = plane.depth.at(static_cast<double>(column), static_cast<double>(row));
            hidden += static_cast<double>(line[column]) > own + plane.tolerance;
        }
    }
    return (bottom - top + 1) * (right - left + 1) - hidden;
}

double DepthBuffer::visible(const Point& p, const DepthPlane& plane) const {
    const double x = std::floor(p.x), y = std::floor(p.y);
    const auto left = static_cast<std::int64_t>(x) - 1, top = static_cast<std::int64_t>(y) - 1;
    const auto weights = [](double t, double (&w)[4]) {
        const double s = 1.0 - t;
        w[0] = s * s * s / 6.0;
        w[1] = (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0;
        w[2] = (4.0 - 6.0 * s * s + 3.0 * s * s * s) / 6.0;
        w[3] = t * t * t / 6.0;
    };
    double wx[4], wy[4], sum = 0.0;
    weights(p.x - x, wx);
    weights(p.y - y, wy);
    for (int j = 0; j < 4; ++j)
        for (int i = 0; i < 4; ++i)
            if (open(top + j, left + i, plane)) sum += wx[i] * wy[j];
    return std::clamp(2.0 * sum - 1.0, 0.0, 1.0);
}

std::vector<double> camera_normals(const GridMesh& mesh, const float* depth, double unit) {
    std::vector<double> normals(static_cast<std::size_t>(mesh.vertex_count()) * 3);
    for (std::int64_t t = 0; t < mesh.triangle_count(); ++t) {
        const std::int64_t v[3] = {mesh.vertex(t, 0), mesh.vertex(t, 1), mesh.vertex(t, 2)};
        const Point &a = mesh.point(v[0]), &b = mesh.point(v[1]), &c = mesh.point(v[2]);
        const double near = static_cast<double>(depth[v[0]]);
        const double bx = (b.x - a.x) * unit, by = (b.y - a.y) * unit, bz = static_cast<double>(depth[v[1]]) - near;
        const double cx = (c.x - a.x) * unit, cy = (c.y - a.y) * unit, cz = static_cast<double>(depth[v[2]]) - near;
        // x right, y down, z to the viewer is left-handed, so the outward normal is the negative of the usual product.
        const double n[3] = {by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx};
        for (const std::int64_t vertex : v)
            for (int i = 0; i < 3; ++i) normals[static_cast<std::size_t>(vertex * 3 + i)] -= n[i];
    }
    return normals;
}

namespace {

py::array_t<bool> vertex_visibility(const py::object& points_given, const py::object& depth_given,
                                    const py::object& triangles_given, std::int64_t width, std::int64_t height,
                                    double bias) {
    check_range(static_cast<double>(width), "width", 1, 1e6);
    check_range(static_cast<double>(height), "height", 1, 1e6);
    check_range(bias, "bias", 1e-6, 1e6);
    const PhotoMesh mesh(points_given, triangles_given);
    const auto depths = checked_depth(depth_given, mesh.vertex_count());
    auto result = new_array<bool>({mesh.vertex_count()});
    bool* seen = result.mutable_data();
    const float* depth = depths.data();
    {
        const py::gil_scoped_release unlocked;
        const DepthBuffer buffer(mesh, depth);
        const std::vector<double> normals = camera_normals(mesh, depth, 1.0);
        parallel_for(mesh.vertex_count(), 2048, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t v = begin; v < end; ++v) {
                const Point& p = mesh.point(v);
                const double* n = normals.data() + 3 * v;
                seen[v] = n[2] > 0 && p.x >= -0.5 && p.y >= -0.5 && p.x <= static_cast<double>(width) - 0.5 &&
                          p.y <= static_cast<double>(height) - 0.5;
                if (!seen[v]) continue;
                const Point q = buffer.place(p);
                const double dx = -n[0] / n[2] / buffer.scale(), dy = -n[1] / n[2] / buffer.scale();
                const Affine tangent{static_cast<double>(depth[v]) - dx * q.x - dy * q.y, dx, dy};
                seen[v] = buffer.visible(q, DepthBuffer::plane(tangent, bias)) > 0.0;
            }
        });
    }
    return result;
}

}  // namespace
}  // namespace wrinkle

void bind_depth(py::module_& m) {
    m.def("vertex_visibility", &wrinkle::vertex_visibility, py::arg("image_points"), py::arg("depth"),
          py::arg("triangles"), py::arg("width"), py::arg("height"), py::arg("bias") = 1.0);
}
