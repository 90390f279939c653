// SPDX-License-Identifier: GPL-3.0-or-later
#include "checks.hpp"

#include <algorithm>
#include <sstream>

namespace py = pybind11;

namespace wrinkle {
namespace {

template <class Shape>
std::string text_of(const Shape& shape, std::size_t count) {
    std::ostringstream out;
    out << '(';
    for (std::size_t i = 0; i < count; ++i) {
        if (i) out << ", ";
        if (shape[i] < 0)
            out << '*';
        else
            out << shape[i];
    }
    out << (count == 1 ? ",)" : ")");
    return out.str();
}

}  // namespace

void check_array(const py::handle& value, const char* name, const py::dtype& dtype,
                 const std::vector<std::int64_t>& shape) {
    const std::string wanted = std::string(name) + ": want a " + std::string(py::str(dtype)) + " array, got ";
    if (!py::isinstance<py::array>(value)) throw py::type_error(wanted + Py_TYPE(value.ptr())->tp_name);
    const auto given = py::reinterpret_borrow<py::array>(value);
    if (!given.dtype().equal(dtype)) throw py::type_error(wanted + std::string(py::str(given.dtype())));

    bool fits = static_cast<std::size_t>(given.ndim()) == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i)
        fits = shape[i] == any || shape[i] == static_cast<std::int64_t>(given.shape(static_cast<py::ssize_t>(i)));
    if (!fits)
        throw py::value_error(std::string(name) + ": want shape " + text_of(shape, shape.size()) + ", got " +
                              text_of(given.shape(), static_cast<std::size_t>(given.ndim())));
    constexpr int needed = py::detail::npy_api::NPY_ARRAY_C_CONTIGUOUS_ | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    if ((given.flags() & needed) != needed)
        throw py::value_error(std::string(name) + ": want aligned, C-contiguous memory (np.ascontiguousarray)");
}

void check_range(double value, const char* name, double low, double high) {
    if (value >= low && value <= high) return;
    std::ostringstream out;
    out << name << ": want " << low << " to " << high << ", got " << value;
    throw py::value_error(out.str());
}

void check_finite(const py::array_t<float>& values, const char* name) {
    const float* data = values.data();
    const bool finite = std::all_of(data, data + values.size(), [](float value) { return std::isfinite(value); });
    if (!finite) throw py::value_error(std::string(name) + ": holds NaN or infinity");
}

void check_indices(const py::array_t<std::int32_t>& values, const char* name, std::int64_t count) {
    const std::int32_t* data = values.data();
    for (py::ssize_t i = 0; i < values.size(); ++i)
        if (data[i] < 0 || data[i] >= count)
            throw py::value_error(std::string(name) + ": index " + std::to_string(data[i]) + " outside 0.." +
                                  std::to_string(count - 1));
}

}  // namespace wrinkle
