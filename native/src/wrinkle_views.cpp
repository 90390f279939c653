// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_views.hpp"

#include <atomic>
#include <limits>

#include "pool.hpp"
#include "simd.hpp"

namespace py = pybind11;

namespace wrinkle {
namespace {

WRINKLE_CLONES bool all_finite(const float* data, std::int64_t count) {
    int bad = 0;
    for (std::int64_t i = 0; i < count; ++i) bad |= !(std::fabs(data[i]) <= std::numeric_limits<float>::max());
    return bad == 0;
}

}  // namespace

void check_all_finite(const py::array_t<float>& values, const char* name) {
    const float* data = values.data();
    const auto count = static_cast<std::int64_t>(values.size());
    std::atomic<bool> fine{true};
    {
        const py::gil_scoped_release release;
        parallel_for(count, 1 << 18, [&](std::int64_t begin, std::int64_t end) {
            if (!all_finite(data + begin, end - begin)) fine = false;
        });
    }
    if (!fine) throw py::value_error(std::string(name) + ": holds NaN or infinity");
}

void check_sides(const py::array_t<float>& values, const char* name) {
    for (int side = 0; side < 2; ++side)
        check_range(static_cast<double>(values.shape(side)), (std::string(name) + "'s sides").c_str(), 1, 16384);
}

py::array_t<float> map_of(const py::object& value, const char* name, std::int64_t channels) {
    auto values = array<float>(value, name, {any, any, channels});
    check_sides(values, name);
    return values;
}

py::array_t<float> metric_of(const py::object& value) {
    auto grid = array<float>(value, "metric", {any, any, 3});
    const std::int64_t size = grid.shape(0);
    check_range(static_cast<double>(size), "metric's rows", 1, 4096);
    check_array(grid, "metric", py::dtype::of<float>(), {size, size, 3});
    check_finite(grid, "metric");
    const float* p = grid.data();
    for (std::int64_t i = 0; i < size * size; ++i, p += 3)
        if (p[0] < 1e-6f || p[2] < 1e-6f) throw py::value_error("metric: a texel without extent");
    return grid;
}

ConstImage view(const py::array_t<float>& values) {
    return {values.data(), static_cast<int>(values.shape(0)), static_cast<int>(values.shape(1)),
            static_cast<int>(values.shape(2))};
}

Image image(py::array_t<float>& values) {
    return {values.mutable_data(), static_cast<int>(values.shape(0)), static_cast<int>(values.shape(1)),
            static_cast<int>(values.shape(2))};
}

}  // namespace wrinkle
