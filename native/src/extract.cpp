// SPDX-License-Identifier: GPL-3.0-or-later
// The texture of a mesh from a photo.
#include <pybind11/pybind11.h>

#include <array>
#include <cstring>
#include <optional>

#include "checks.hpp"
#include "depth.hpp"
#include "dilate.hpp"
#include "mesh.hpp"
#include "pool.hpp"
#include "progress.hpp"
#include "sample.hpp"

namespace py = pybind11;

namespace wrinkle {
namespace {

// Cosine between normal and view from which texels begin to count, and from which they count fully.
constexpr double kGrazing = 0.1, kFull = 0.6;

struct View {
    const GridMesh& photo_mesh;
    const float* depth;
    std::vector<float> facing;  // per vertex, cosine
    double width, height, bias;
};

double smooth_step(double value) {
    const double t = std::clamp(value, 0.0, 1.0);
    return t * t * (3.0 - 2.0 * t);
}

// Fades to 0 over the outermost two pixels of the photo.
double inside_photo(const Point& p, const View& view) {
    const double rim = std::min(std::min(p.x, view.width - 1.0 - p.x), std::min(p.y, view.height - 1.0 - p.y));
    return std::clamp(0.5 * (rim + 0.5), 0.0, 1.0);
}

// One triangle as it lies in the texture: functions of the texel's column and row.
struct Draw {
    Affine x, y, facing;
    DepthPlane plane;
    bool hidden, open, inside;
    bool whole;  // alpha is 1 everywhere

    Draw(const Triangle& triangle, const View& view, const DepthBuffer& buffer, const std::array<std::int64_t, 3>& v) {
        const Point p[3] = {view.photo_mesh.point(v[0]), view.photo_mesh.point(v[1]), view.photo_mesh.point(v[2])};
        x = triangle.affine(p[0].x, p[1].x, p[2].x);
        y = triangle.affine(p[0].y, p[1].y, p[2].y);
        const float* f = view.facing.data();
        facing = triangle.affine(static_cast<double>(f[v[0]]), static_cast<double>(f[v[1]]), static_cast<double>(f[v[2]]));
        inside = true;
        double best = 0.0, worst = 1.0;
        for (int i = 0; i < 3; ++i) {
            inside = inside && inside_photo(p[i], view) >= 1.0;
            best = std::max(best, static_cast<double>(f[v[i]]));
            worst = std::min(worst, static_cast<double>(f[v[i]]));
        }
        hidden = best <= kGrazing;
        open = false;
        Triangle seen;
        const Point q[3] = {buffer.place(p[0]), buffer.place(p[1]), buffer.place(p[2])};
        if (!hidden && seen.set(q[0], q[1], q[2])) {
            plane = DepthBuffer::plane(
                seen.affine(static_cast<double>(view.depth[v[0]]), static_cast<double>(view.depth[v[1]]),
                            static_cast<double>(view.depth[v[2]])),
                view.bias);
            look_around(q, buffer);
        } else {
            hidden = true;  // seen edge-on
            plane = {{0, 0, 0}, 0};
        }
        whole = inside && open && !hidden && worst >= kFull;
    }

    // When all pixels that the filter can reach agree, no texel needs to ask.
    void look_around(const Point (&q)[3], const DepthBuffer& buffer) {
        const auto low = [](double a, double b, double c) { return static_cast<std::int64_t>(std::floor(std::min({a, b, c}))) - 1; };
        const auto high = [](double a, double b, double c) { return static_cast<std::int64_t>(std::floor(std::max({a, b, c}))) + 2; };
        const std::int64_t left = low(q[0].x, q[1].x, q[2].x), right = high(q[0].x, q[1].x, q[2].x);
        const std::int64_t top = low(q[0].y, q[1].y, q[2].y), bottom = high(q[0].y, q[1].y, q[2].y);
        if ((right - left) * (bottom - top) > 1024) return;
        const std::int64_t count = buffer.count_open(top, bottom, left, right, plane);
        hidden = count == 0;
        open = count == (right - left + 1) * (bottom - top + 1);
    }

    // Writes a span of the rows `alpha` and `mask`; false when nothing of it is seen.
    bool write_alpha(std::int64_t row, std::int64_t begin, std::int64_t end, const View& view, const DepthBuffer& buffer,
                     std::uint8_t* alpha, std::uint8_t* mask) const {
        if (whole) {
            std::memset(alpha + begin, 255, static_cast<std::size_t>(end - begin));
            std::memset(mask + begin, 1, static_cast<std::size_t>(end - begin));
            return true;
        }
        bool any_seen = false;
        for (std::int64_t column = begin; column < end; ++column) {
            const auto value = static_cast<std::uint8_t>(255.0 * alpha_at(row, column, view, buffer) + 0.5);
            alpha[column] = value;
            mask[column] = value != 0;
            any_seen = any_seen || value;
        }
        return any_seen;
    }

    double alpha_at(std::int64_t row, std::int64_t column, const View& view, const DepthBuffer& buffer) const {
        const double c = static_cast<double>(column), r = static_cast<double>(row);
        double value = smooth_step((facing.at(c, r) - kGrazing) / (kFull - kGrazing));
        if (inside && open) return value;
        const Point p{x.at(c, r), y.at(c, r)};
        if (!inside) value *= inside_photo(p, view);
        if (!open && value > 0.0) value *= buffer.visible(buffer.place(p), plane);
        return value;
    }
};

std::vector<float> facing_of(const GridMesh& mesh, const float* depth, double px_per_mm) {
    const std::vector<double> normals = camera_normals(mesh, depth, 1.0 / px_per_mm);
    std::vector<float> facing(static_cast<std::size_t>(mesh.vertex_count()));
    for (std::size_t v = 0; v < facing.size(); ++v) {
        const double* n = normals.data() + 3 * v;
        const double length = std::sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
        facing[v] = static_cast<float>(length > 0.0 ? n[2] / length : 0.0);
    }
    return facing;
}

py::tuple extract_texture(const py::object& photo_given, const py::object& points_given, const py::object& depth_given,
                          const py::object& triangles_given, const py::object& uv_given, std::int64_t size, double px_per_mm,
                          double bias, std::int64_t reach, const py::object& callback) {
    Progress progress(callback, "Extracting the texture");
    const auto photo = array<std::uint8_t>(photo_given, "photo", {any, any, 3});
    check_range(static_cast<double>(photo.shape(0)), "photo: height", 1, 1e6);
    check_range(static_cast<double>(photo.shape(1)), "photo: width", 1, 1e6);
    check_range(px_per_mm, "px_per_mm", 1e-6, 1e6);
    check_range(bias, "bias", 1e-6, 1e6);
    check_range(static_cast<double>(reach), "dilate", 0, kLargestGrid);
    const UvMesh texels(uv_given, triangles_given, size);
    const PhotoMesh mesh(points_given, triangles_given);
    if (mesh.vertex_count() != texels.vertex_count())
        throw py::value_error("image_points: want " + std::to_string(texels.vertex_count()) + " rows as uv has, got " +
                              std::to_string(mesh.vertex_count()));
    const auto depths = checked_depth(depth_given, mesh.vertex_count());
    auto colours = new_array<std::uint8_t>({size, size, 3});
    auto alphas = new_array<std::uint8_t>({size, size});
    std::uint8_t *rgb = colours.mutable_data(), *alpha = alphas.mutable_data();
    const std::uint8_t* pixels = photo.data();
    const float* depth = depths.data();
    const std::int64_t height = photo.shape(0), width = photo.shape(1);
    {
        const py::gil_scoped_release unlocked;
        const View view{mesh, depth, facing_of(mesh, depth, px_per_mm), static_cast<double>(width), static_cast<double>(height), bias};
        const DepthBuffer buffer(mesh, depth);
        Point low{1e300, 1e300}, high{-1e300, -1e300};
        for (std::int64_t v = 0; v < mesh.vertex_count(); ++v) {
            low = {std::min(low.x, mesh.point(v).x), std::min(low.y, mesh.point(v).y)};
            high = {std::max(high.x, mesh.point(v).x), std::max(high.y, mesh.point(v).y)};
        }
        const Pyramid pyramid(pixels, width, height, low, high);
        std::vector<std::uint8_t> mask(static_cast<std::size_t>(size * size));
        const std::int64_t rows = band_rows(size);
        const Bands bands = sort_into_bands(texels.triangle_count(), size, rows, texels);
        progress.stage(0.1, 0.9);
        const auto draw_band = [&](std::int64_t band, std::int64_t) {
            const std::int64_t first = band * rows, last = std::min(size, first + rows);
            std::memset(rgb + first * size * 3, 0, static_cast<std::size_t>((last - first) * size * 3));
            std::memset(alpha + first * size, 0, static_cast<std::size_t>((last - first) * size));
            std::vector<float> room;
            bands.each(band, [&](std::int32_t t) {
                Triangle triangle;
                triangle.set(texels(t, 0), texels(t, 1), texels(t, 2));
                std::optional<Draw> draw;  // not made for triangles that hold no texel's centre
                Footprint footprint;
                triangle.spans(first, last, size, [&](std::int64_t row, std::int64_t begin, std::int64_t end) {
                    if (!draw) {
                        draw.emplace(triangle, view, buffer, std::array{texels.vertex(t, 0), texels.vertex(t, 1), texels.vertex(t, 2)});
                        footprint = Footprint(draw->x, draw->y);
                    }
                    if (draw->hidden) return;
                    const std::int64_t at = row * size;
                    if (!draw->write_alpha(row, begin, end, view, buffer, alpha + at, mask.data() + at)) return;
                    const double c = static_cast<double>(begin), r = static_cast<double>(row);
                    pyramid.read({draw->x.at(c, r), draw->y.at(c, r), draw->x.dx, draw->y.dx, end - begin}, footprint, room,
                                 rgb + (at + begin) * 3);
                });
            });
        };
        parallel_for(bands.count(), 1, draw_band, &progress);
        dilate(mask.data(), size, size, reach, [&](std::int64_t target, std::int64_t source) {
            std::memcpy(rgb + target * 3, rgb + source * 3, 3);
        });
    }
    return py::make_tuple(colours, alphas);
}

}  // namespace
}  // namespace wrinkle

void bind_extract(py::module_& m) {
    m.def("extract_texture", &wrinkle::extract_texture, py::arg("photo"), py::arg("image_points"), py::arg("depth"),
          py::arg("triangles"), py::arg("uv"), py::arg("size"), py::arg("px_per_mm"), py::arg("bias") = 1.0,
          py::arg("dilate") = 16, py::arg("progress") = py::none());
}
