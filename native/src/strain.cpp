// SPDX-License-Identifier: GPL-3.0-or-later
// How blendshapes strain the skin, and how that wakes its wrinkles. The measures are explained in core/strain.py and core/motion.py.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "checks.hpp"
#include "pool.hpp"
#include "progress.hpp"
#include "wrinkle_filters.hpp"
#include "zeros.hpp"

namespace py = pybind11;

namespace wrinkle {
namespace {

constexpr double tiny = 1e-12;

struct Vector {
    double x, y, z;
    Vector operator+(const Vector& o) const { return {x + o.x, y + o.y, z + o.z}; }
    Vector operator-(const Vector& o) const { return {x - o.x, y - o.y, z - o.z}; }
    Vector operator*(double s) const { return {x * s, y * s, z * s}; }
    double dot(const Vector& o) const { return x * o.x + y * o.y + z * o.z; }
    Vector cross(const Vector& o) const { return {y * o.z - z * o.y, z * o.x - x * o.z, x * o.y - y * o.x}; }
    double length() const { return std::sqrt(dot(*this)); }
};

Vector at(const float* points, std::int64_t v) {
    return {static_cast<double>(points[3 * v]), static_cast<double>(points[3 * v + 1]), static_cast<double>(points[3 * v + 2])};
}

// What the strain of any blendshape needs of a triangle of the neutral mesh: its edges, the inverse of the edges in the tangent
// frame, [[a, b], [c, d]], and its area, 0 where it has no extent.
struct Frame {
    Vector first{}, second{};
    double a = 0, b = 0, c = 0, d = 0, area = 0;

    Frame(const float* points, const float* uv, const std::int32_t* corners) {
        const Vector origin = at(points, corners[0]);
        first = at(points, corners[1]) - origin;
        second = at(points, corners[2]) - origin;
        const auto side = [&](int corner, int axis) {
            return static_cast<double>(uv[2 * corners[corner] + axis]) - static_cast<double>(uv[2 * corners[0] + axis]);
        };
        const double u1 = side(1, 0), v1 = side(1, 1), u2 = side(2, 0), v2 = side(2, 1), uv_area = u1 * v2 - v1 * u2;
        if (std::fabs(uv_area) <= tiny) return;
        const Vector normal = first.cross(second), along = (first * v2 - second * v1) * (1.0 / uv_area);
        const double double_area = normal.length(), length = along.length();
        if (double_area <= tiny || length <= tiny) return;
        const Vector t = along * (1.0 / length);
        const Vector bitangent = (normal * (1.0 / double_area)).cross(t) * (uv_area > 0 ? 1.0 : -1.0);
        const double p = first.dot(t), q = first.dot(bitangent), r = second.dot(t), s = second.dot(bitangent);
        const double determinant = p * s - q * r;
        a = s / determinant;
        b = -r / determinant;
        c = -q / determinant;
        d = p / determinant;
        area = double_area / 2;
    }

    // Area times (E_tt, E_bb, E_tb), Green's strain. Slivers may stretch without bound; compression is bounded by -1/2.
    Vector strain(const Vector& d1, const Vector& d2) const {
        // Change of the products of the edges: (e + d)(e + d) - e e.
        const double m11 = (first * 2.0 + d1).dot(d1), m22 = (second * 2.0 + d2).dot(d2);
        const double m12 = first.dot(d2) + second.dot(d1) + d1.dot(d2);
        const auto bounded = [&](double value) { return std::clamp(value / 2, -0.5, 1.0) * area; };
        // E = B^T M B / 2 with B the inverse of the edges.
        return {bounded(a * a * m11 + 2 * a * c * m12 + c * c * m22), bounded(b * b * m11 + 2 * b * d * m12 + d * d * m22),
                bounded(a * b * m11 + (a * d + b * c) * m12 + c * d * m22)};
    }
};

struct Skin {
    std::vector<Frame> frames;
    std::vector<double> vertex_area;
    const std::int32_t *corners, *ids;
    const float* weights;
    std::int64_t vertices, triangles, size;
    double still;
};

// Strain at the vertices, (V, 3), area-weighted; `moved` marks those that have any.
void vertex_strain(const Skin& skin, const float* delta, std::vector<double>& sums, std::vector<char>& moved) {
    sums.assign(static_cast<std::size_t>(skin.vertices) * 3, 0.0);
    moved.assign(static_cast<std::size_t>(skin.vertices), 0);
    const auto moves = [&](std::int64_t v) {
        return std::max({std::fabs(delta[3 * v]), std::fabs(delta[3 * v + 1]), std::fabs(delta[3 * v + 2])}) > static_cast<float>(skin.still);
    };
    for (std::int64_t t = 0; t < skin.triangles; ++t) {
        const std::int32_t* c = skin.corners + 3 * t;
        const Frame& frame = skin.frames[static_cast<std::size_t>(t)];
        if (frame.area <= 0 || !(moves(c[0]) || moves(c[1]) || moves(c[2]))) continue;
        const Vector origin = at(delta, c[0]);
        const Vector strain = frame.strain(at(delta, c[1]) - origin, at(delta, c[2]) - origin);
        for (int i = 0; i < 3; ++i) {
            double* sum = sums.data() + 3 * static_cast<std::int64_t>(c[i]);
            sum[0] += strain.x;
            sum[1] += strain.y;
            sum[2] += strain.z;
            moved[static_cast<std::size_t>(c[i])] = 1;
        }
    }
    for (std::size_t v = 0; v < moved.size(); ++v)
        if (moved[v])
            for (std::size_t i = 0; i < 3; ++i) sums[3 * v + i] /= std::max(skin.vertex_area[v], tiny);
}

void draw(const Skin& skin, const std::vector<double>& values, const std::vector<char>& moved, float* map) {
    for (std::int64_t texel = 0; texel < skin.size * skin.size; ++texel) {
        const std::int32_t t = skin.ids[texel];
        if (t < 0) continue;
        const std::int32_t* c = skin.corners + 3 * static_cast<std::int64_t>(t);
        if (!(moved[static_cast<std::size_t>(c[0])] || moved[static_cast<std::size_t>(c[1])] || moved[static_cast<std::size_t>(c[2])])) continue;
        const double first = static_cast<double>(skin.weights[2 * texel]), second = static_cast<double>(skin.weights[2 * texel + 1]);
        const double shares[3] = {first, second, 1.0 - first - second};
        for (int i = 0; i < 3; ++i) {
            double sum = 0;
            for (int corner = 0; corner < 3; ++corner) sum += shares[corner] * values[3 * static_cast<std::size_t>(c[corner]) + i];
            map[3 * texel + i] = static_cast<float>(sum);
        }
    }
}

py::array_t<float> strain_maps(const py::object& neutral, const py::object& deltas, const py::object& triangles, const py::object& uv,
                               const py::object& ids, const py::object& weights, double sigma, double still,
                               const py::object& progress) {
    const auto points = array<float>(neutral, "neutral", {any, 3});
    Skin skin;
    skin.vertices = points.shape(0);
    const auto moves = array<float>(deltas, "deltas", {any, skin.vertices, 3});
    const auto corners = array<std::int32_t>(triangles, "triangles", {any, 3});
    const auto places = array<float>(uv, "uv", {skin.vertices, 2});
    const auto drawn = array<std::int32_t>(ids, "ids", {any, any});
    skin.size = drawn.shape(0);
    check_range(static_cast<double>(skin.size), "ids' rows", 1, 4096);
    check_array(drawn, "ids", py::dtype::of<std::int32_t>(), {skin.size, skin.size});
    const auto shares = array<float>(weights, "weights", {skin.size, skin.size, 2});
    skin.triangles = corners.shape(0);
    check_indices(corners, "triangles", skin.vertices);
    check_range(static_cast<double>(moves.shape(0)), "deltas", 0, 4096);
    for (py::ssize_t i = 0; i < drawn.size(); ++i)
        if (drawn.data()[i] < -1 || drawn.data()[i] >= skin.triangles) throw py::value_error("ids: a triangle that is not there");
    for (const auto& [values, name] : {std::pair(&points, "neutral"), std::pair(&moves, "deltas"), std::pair(&places, "uv"), std::pair(&shares, "weights")})
        check_finite(*values, name);
    check_range(sigma, "sigma", 0.1, 300);
    check_range(still, "still", 0, 1e3);
    Progress told(progress, "Making motion maps");
    const std::int64_t count = moves.shape(0), texels = skin.size * skin.size;
    auto out = zero_array<float>({count, skin.size, skin.size, 3});
    skin.corners = corners.data();
    skin.ids = drawn.data();
    skin.weights = shares.data();
    skin.still = still;
    const float *shape = moves.data(), *mean = points.data(), *layout = places.data();
    float* target = out.mutable_data();
    const int side = static_cast<int>(skin.size);
    py::gil_scoped_release release;
    skin.vertex_area.assign(static_cast<std::size_t>(skin.vertices), 0.0);
    skin.frames.reserve(static_cast<std::size_t>(skin.triangles));
    for (std::int64_t t = 0; t < skin.triangles; ++t) {
        skin.frames.emplace_back(mean, layout, skin.corners + 3 * t);
        for (int i = 0; i < 3; ++i) skin.vertex_area[static_cast<std::size_t>(skin.corners[3 * t + i])] += skin.frames.back().area;
    }
    const auto pixels = static_cast<std::size_t>(texels);
    const Zeros<float> covered(pixels), around(pixels);
    for (std::int64_t i = 0; i < texels; ++i) covered.data()[i] = skin.ids[i] >= 0 ? 1.0f : 0.0f;
    gaussian({covered.data(), side, side, 1}, {around.data(), side, side, 1}, sigma);
    parallel_for(count, 1, [&](std::int64_t begin, std::int64_t end) {
        std::vector<double> values;
        std::vector<char> moved;
        for (std::int64_t e = begin; e < end; ++e) {
            vertex_strain(skin, shape + e * skin.vertices * 3, values, moved);
            const Zeros<float> map(3 * pixels);
            draw(skin, values, moved, map.data());
            float* own = target + e * texels * 3;
            gaussian({map.data(), side, side, 3}, {own, side, side, 3}, sigma);
            // A mean over the skin there is, not over what lies beside it.
            for (std::int64_t i = 0; i < texels; ++i) {
                const float share = covered.data()[i] / std::max(around.data()[i], 1e-6f);
                for (int c = 0; c < 3; ++c) own[3 * i + c] *= share;
            }
        }
    }, &told);
    return out;
}

// The value below which `share` of the values lie, between neighbours in proportion. Changes their order; there is one at least.
float percentile(std::vector<float>& values, double share) {
    const double place = share * static_cast<double>(values.size() - 1);
    const auto low = static_cast<std::ptrdiff_t>(place);
    std::nth_element(values.begin(), values.begin() + low, values.end());
    const float below = values[static_cast<std::size_t>(low)];
    if (static_cast<std::size_t>(low) + 1 == values.size()) return below;
    const float above = *std::min_element(values.begin() + low + 1, values.end());
    return below + (above - below) * static_cast<float>(place - static_cast<double>(low));
}

struct Waking {
    std::int64_t texels;
    const float *skin, *left, *across, *sure;
    float full, quiet, trust;
};

// side: 0 both, 1 the subject's left, 2 the right. line: which of the lines, -1 none.
void wake(const Waking& given, const float* strain, std::int32_t side, std::int32_t line, std::uint8_t* out) {
    std::vector<float> compression(static_cast<std::size_t>(given.texels)), active;
    float strongest = 0;
    for (std::int64_t i = 0; i < given.texels; ++i) {
        const float tt = strain[3 * i], bb = strain[3 * i + 1], tb = strain[3 * i + 2], half = (tt - bb) / 2;
        const float most = std::max(std::sqrt(half * half + tb * tb) - (tt + bb) / 2, 0.0f);
        compression[static_cast<std::size_t>(i)] = most;
        strongest = std::max(strongest, most * given.skin[i]);
    }
    const auto on_skin = [&](std::int64_t i) { return compression[static_cast<std::size_t>(i)] * given.skin[i]; };
    for (std::int64_t i = 0; i < given.texels; ++i)
        if (on_skin(i) > given.quiet * strongest) active.push_back(on_skin(i));
    const float full = std::max(active.empty() ? 0.0f : percentile(active, 0.95), given.full);
    const float *across = line < 0 ? nullptr : given.across + line * given.texels * 2, *sure = line < 0 ? nullptr : given.sure + line * given.texels;
    for (std::int64_t i = 0; i < given.texels; ++i) {
        float value = std::clamp((on_skin(i) / full - given.quiet) / (1 - given.quiet), 0.0f, 1.0f);
        if (value <= 0) continue;
        if (side) value *= side == 1 ? given.left[i] : 1 - given.left[i];
        if (across) {
            const float t = across[2 * i], b = across[2 * i + 1];
            const float over = std::max(-(t * t * strain[3 * i] + b * b * strain[3 * i + 1] + 2 * t * b * strain[3 * i + 2]), 0.0f);
            const float share = std::min(over / std::max(compression[static_cast<std::size_t>(i)], 1e-6f), 1.0f);
            value *= 1 - given.trust * sure[i] * (1 - share);
        }
        out[i] = static_cast<std::uint8_t>(std::nearbyint(std::clamp(value, 0.0f, 1.0f) * 255));
    }
}

py::array_t<std::uint8_t> motion_maps(const py::object& strains, const py::object& skin, const py::object& left, const py::object& sides,
                                      const py::object& across, const py::object& sure, const py::object& lines, double full,
                                      double quiet, double trust) {
    const auto values = array<float>(strains, "strains", {any, any, any, 3});
    const std::int64_t count = values.shape(0), size = values.shape(1);
    check_range(static_cast<double>(size), "strains' rows", 1, 4096);
    check_array(values, "strains", py::dtype::of<float>(), {count, size, size, 3});
    const auto bare = array<float>(skin, "skin", {size, size}), halves = array<float>(left, "left", {size, size});
    const auto side = array<std::int32_t>(sides, "sides", {count}), line = array<std::int32_t>(lines, "lines", {count});
    const auto directions = array<float>(across, "across", {any, size, size, 2});
    const std::int64_t kinds = directions.shape(0);
    const auto certain = array<float>(sure, "sure", {kinds, size, size});
    check_indices(side, "sides", 3);
    for (std::int64_t i = 0; i < count; ++i) check_range(line.data()[i], "lines", -1, static_cast<double>(kinds) - 1);
    for (const auto& [given, name] : {std::pair(&values, "strains"), std::pair(&bare, "skin"), std::pair(&halves, "left"), std::pair(&directions, "across"), std::pair(&certain, "sure")})
        check_finite(*given, name);
    check_range(full, "full", 1e-6, 1e3);
    check_range(quiet, "quiet", 0, 0.99);
    check_range(trust, "trust", 0, 1);
    auto out = zero_array<std::uint8_t>({count, size, size});
    const Waking given{size * size, bare.data(), halves.data(), directions.data(), certain.data(),
                       static_cast<float>(full), static_cast<float>(quiet), static_cast<float>(trust)};
    const float* strain = values.data();
    const std::int32_t *own_side = side.data(), *own_line = line.data();
    std::uint8_t* target = out.mutable_data();
    py::gil_scoped_release release;
    parallel_for(count, 1, [&](std::int64_t e, std::int64_t) {
        wake(given, strain + e * given.texels * 3, own_side[e], own_line[e], target + e * given.texels);
    });
    return out;
}

}  // namespace
}  // namespace wrinkle

void bind_strain(py::module_& m) {
    using py::arg;
    m.def("strain_maps", &wrinkle::strain_maps, arg("neutral"), arg("deltas"), arg("triangles"), arg("uv"), arg("ids"), arg("weights"),
          arg("sigma"), arg("still"), arg("progress") = py::none());
    m.def("motion_maps", &wrinkle::motion_maps, arg("strains"), arg("skin"), arg("left"), arg("sides"), arg("across"), arg("sure"),
          arg("lines"), arg("full"), arg("quiet"), arg("trust"));
}
