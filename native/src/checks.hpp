// SPDX-License-Identifier: GPL-3.0-or-later
// Checks of what comes from Python. Every binding takes arrays as py::object and passes them through here.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace wrinkle {

// A length in a wanted shape that may be anything.
constexpr std::int64_t any = -1;

// Throws TypeError "NAME: want ..., got ..." unless `value` is an ndarray of this dtype, and ValueError unless its shape is
// `shape` (`any` matches every length) and its memory aligned and C-contiguous.
void check_array(const pybind11::handle& value, const char* name, const pybind11::dtype& dtype,
                 const std::vector<std::int64_t>& shape);

// The checked array, not copied.
template <class T>
pybind11::array_t<T> array(const pybind11::object& value, const char* name, const std::vector<std::int64_t>& shape) {
    check_array(value, name, pybind11::dtype::of<T>(), shape);
    return pybind11::reinterpret_borrow<pybind11::array_t<T>>(value);
}

// Throws ValueError unless low <= value <= high (so NaN is refused).
void check_range(double value, const char* name, double low, double high);

// Throws ValueError when the array holds NaN or infinity.
void check_finite(const pybind11::array_t<float>& values, const char* name);

// Throws ValueError when an index lies outside 0..count-1.
void check_indices(const pybind11::array_t<std::int32_t>& values, const char* name, std::int64_t count);

// A new array, not initialised. Throws MemoryError when there is no room.
template <class T>
pybind11::array_t<T> new_array(const std::vector<std::int64_t>& shape) {
    return pybind11::array_t<T>(std::vector<pybind11::ssize_t>(shape.begin(), shape.end()));
}

// A new array of zeros; memory that is never written to costs nothing.
template <class T>
pybind11::array_t<T> zero_array(const std::vector<std::int64_t>& shape) {
    const auto zeros = pybind11::module_::import("numpy").attr("zeros");
    return pybind11::array_t<T>(zeros(pybind11::cast(shape), pybind11::dtype::of<T>()));
}

}  // namespace wrinkle
