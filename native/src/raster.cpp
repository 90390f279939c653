// SPDX-License-Identifier: GPL-3.0-or-later
// Drawing per-vertex values into UV space.
#include "raster.hpp"

#include <pybind11/pybind11.h>

#include <cstring>

#include "checks.hpp"
#include "dilate.hpp"
#include "mesh.hpp"
#include "simd.hpp"

namespace py = pybind11;

namespace wrinkle {
namespace {

py::tuple rasterize_uv(const py::object& uv_given, const py::object& triangles_given, std::int64_t size) {
    const UvMesh mesh(uv_given, triangles_given, size);
    auto ids = new_array<std::int32_t>({size, size});
    auto weights = new_array<float>({size, size, 2});
    std::int32_t* id = ids.mutable_data();
    float* weight = weights.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        const std::int64_t rows = band_rows(size);
        const Bands bands = sort_into_bands(mesh.triangle_count(), size, rows, mesh);
        parallel_for(bands.count(), 1, [&](std::int64_t band, std::int64_t) {
            const std::int64_t first = band * rows, last = std::min(size, first + rows);
            std::fill(id + first * size, id + last * size, -1);
            std::memset(weight + first * size * 2, 0, static_cast<std::size_t>((last - first) * size * 2) * sizeof(float));
            bands.each(band, [&](std::int32_t t) {
                Triangle triangle;
                triangle.set(mesh(t, 0), mesh(t, 1), mesh(t, 2));
                const Affine a = triangle.affine(1, 0, 0), b = triangle.affine(0, 1, 0);
                triangle.spans(first, last, size, [&](std::int64_t row, std::int64_t begin, std::int64_t end) {
                    for (std::int64_t column = begin; column < end; ++column) {
                        const std::int64_t at = row * size + column;
                        const double x = static_cast<double>(column), y = static_cast<double>(row);
                        const double wa = std::clamp(a.at(x, y), 0.0, 1.0);
                        id[at] = t;
                        weight[2 * at] = static_cast<float>(wa);
                        weight[2 * at + 1] = static_cast<float>(std::clamp(b.at(x, y), 0.0, 1.0 - wa));
                    }
                });
            });
        });
    }
    return py::make_tuple(ids, weights);
}

// Steps along one span. Channels vary fastest in `out`.
WRINKLE_CLONES
void draw_span(float* out, std::int64_t count, std::int64_t channels, const double* start, const double* step) {
    for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t c = 0; c < channels; ++c)
            out[i * channels + c] = static_cast<float>(start[c] + step[c] * static_cast<double>(i));
}

py::array_t<float> interpolate_uv(const py::object& values_given, const py::object& uv_given,
                                  const py::object& triangles_given, std::int64_t size, float fill, std::int64_t reach) {
    const UvMesh mesh(uv_given, triangles_given, size);
    const auto values = array<float>(values_given, "values", {mesh.vertex_count(), any});
    const std::int64_t channels = values.shape(1);
    check_range(static_cast<double>(channels), "values: number of channels", 1, 4096);
    check_range(static_cast<double>(reach), "dilate", 0, kLargestGrid);
    auto map = new_array<float>({size, size, channels});
    const float* value = values.data();
    float* out = map.mutable_data();
    {
        const py::gil_scoped_release unlocked;
        std::vector<std::uint8_t> mask(static_cast<std::size_t>(size * size));
        const std::int64_t rows = band_rows(size);
        const Bands bands = sort_into_bands(mesh.triangle_count(), size, rows, mesh);
        parallel_for(bands.count(), 1, [&](std::int64_t band, std::int64_t) {
            const std::int64_t first = band * rows, last = std::min(size, first + rows);
            std::fill(out + first * size * channels, out + last * size * channels, fill);
            std::vector<Affine> planes(static_cast<std::size_t>(channels));
            std::vector<double> start(planes.size()), step(planes.size());
            bands.each(band, [&](std::int32_t t) {
                Triangle triangle;
                triangle.set(mesh(t, 0), mesh(t, 1), mesh(t, 2));
                const float* corner[3];
                for (int i = 0; i < 3; ++i) corner[i] = value + mesh.vertex(t, i) * channels;
                for (std::size_t c = 0; c < planes.size(); ++c) {
                    planes[c] = triangle.affine(corner[0][c], corner[1][c], corner[2][c]);
                    step[c] = planes[c].dx;
                }
                triangle.spans(first, last, size, [&](std::int64_t row, std::int64_t begin, std::int64_t end) {
                    for (std::size_t c = 0; c < planes.size(); ++c)
                        start[c] = planes[c].at(static_cast<double>(begin), static_cast<double>(row));
                    const std::int64_t at = row * size + begin;
                    draw_span(out + at * channels, end - begin, channels, start.data(), step.data());
                    std::memset(mask.data() + at, 1, static_cast<std::size_t>(end - begin));
                });
            });
        });
        dilate(mask.data(), size, size, reach, [&](std::int64_t target, std::int64_t source) {
            std::memcpy(out + target * channels, out + source * channels, static_cast<std::size_t>(channels) * sizeof(float));
        });
    }
    return map;
}

}  // namespace
}  // namespace wrinkle

void bind_raster(py::module_& m) {
    m.def("rasterize_uv", &wrinkle::rasterize_uv, py::arg("uv"), py::arg("triangles"), py::arg("size"));
    m.def("interpolate_uv", &wrinkle::interpolate_uv, py::arg("values"), py::arg("uv"), py::arg("triangles"), py::arg("size"),
          py::arg("fill") = 0.0F, py::arg("dilate") = 0);
}
