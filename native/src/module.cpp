// SPDX-License-Identifier: GPL-3.0-or-later
// The module `wrinkle_native._core`: each source file binds its own functions.
#include <pybind11/pybind11.h>

#include "checks.hpp"
#include "pool.hpp"
#include "progress.hpp"
#include "simd.hpp"

namespace py = pybind11;

void bind_raster(py::module_& m);
void bind_depth(py::module_& m);
void bind_extract(py::module_& m);
void bind_wrinkles(py::module_& m);
void bind_strain(py::module_& m);

PYBIND11_MODULE(_core, m) {
    m.doc() = "What must be fast. Use it through the package wrinkle_native.";

    PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::object> cancelled;
    cancelled.call_once_and_store_result([&] { return py::exception<wrinkle::Cancelled>(m, "Cancelled"); });
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const wrinkle::Cancelled& stop) {
            py::set_error(cancelled.get_stored(), stop.text.c_str());
        }
    });

    m.def("threads", &wrinkle::threads);
    m.def(
        "set_threads",
        [](int count) {
            wrinkle::check_range(count, "count", 0, 256);
            wrinkle::set_threads(count);
        },
        py::arg("count"));
    m.def("has_avx2", &wrinkle::has_avx2);

    bind_raster(m);
    bind_depth(m);
    bind_extract(m);
    bind_wrinkles(m);
    bind_strain(m);
}
