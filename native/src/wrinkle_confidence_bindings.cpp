// SPDX-License-Identifier: GPL-3.0-or-later
// Binds the line detector.
#include <pybind11/pybind11.h>

#include "checks.hpp"
#include "wrinkle_confidence.hpp"
#include "wrinkle_views.hpp"

namespace py = pybind11;
using namespace wrinkle;

namespace {

py::array_t<float> line_strength_py(const py::object& maps, const py::object& metric, double units, const py::object& lines) {
    const auto in = map_of(maps, "maps", 4);
    const auto grid = metric_of(metric);
    check_range(units, "units", 1, 1e6);
    const auto wanted = array<float>(lines, "lines", {any, 3});
    check_range(static_cast<double>(wanted.shape(0)), "lines", 0, 16);
    std::vector<Line> each;
    for (py::ssize_t i = 0; i < wanted.shape(0); ++i) {
        const float* line = wanted.data(i, 0);
        check_range(line[0], "flank", 1e-3, 100);
        check_range(line[1], "stride", 1e-3, 100);
        check_range(line[2], "sigma_pixels", 0.1, 300);
        each.push_back({line[0], line[1], line[2]});
    }
    auto out = zero_array<float>({in.shape(0), in.shape(1), 1});
    const ConstImage source = view(in);
    const Image target = image(out);
    const Metric geometry{grid.data(), static_cast<int>(grid.shape(0)), units};
    py::gil_scoped_release release;
    line_strength(source, geometry, each.data(), static_cast<int>(each.size()), target);
    return out;
}

}  // namespace

void bind_wrinkle_confidence(py::module_& m) {
    using py::arg;
    m.def("line_strength", &line_strength_py, arg("maps"), arg("metric"), arg("units"), arg("lines"));
}
