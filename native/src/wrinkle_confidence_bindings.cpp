// SPDX-License-Identifier: GPL-3.0-or-later
// Binds the line detector.
#include <pybind11/pybind11.h>

#include "checks.hpp"
#include "wrinkle_confidence.hpp"
#include "wrinkle_views.hpp"

namespace py = pybind11;
using namespace wrinkle;

namespace {

py::array_t<float> line_strength_py(const py::object& maps, const py::object& metric, double units,
                                    double flank, double stride, double sigma_pixels) {
    const auto in = map_of(maps, "maps", 4);
    const auto grid = metric_of(metric);
    check_range(units, "units", 1, 1e6);
    check_range(flank, "flank", 1e-3, 100);
    check_range(stride, "stride", 1e-3, 100);
    check_range(sigma_pixels, "sigma_pixels", 0.1, 300);
    auto out = new_array<float>({in.shape(0), in.shape(1), 1});
    const ConstImage source = view(in);
    const Image target = image(out);
    const Metric geometry{grid.data(), static_cast<int>(grid.shape(0)), units};
    const Line line{static_cast<float>(flank), static_cast<float>(stride)};
    py::gil_scoped_release release;
    line_strength(source, geometry, line, sigma_pixels, target);
    return out;
}

}  // namespace

void bind_wrinkle_confidence(py::module_& m) {
    using py::arg;
    m.def("line_strength", &line_strength_py, arg("maps"), arg("metric"), arg("units"), arg("flank"), arg("stride"),
          arg("sigma_pixels"));
}
