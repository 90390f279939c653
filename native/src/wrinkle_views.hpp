// SPDX-License-Identifier: GPL-3.0-or-later
// Arrays from Python as the images that the filters take.
#pragma once

#include "checks.hpp"
#include "wrinkle_filters.hpp"

namespace wrinkle {

// Throws ValueError when the array holds NaN or infinity; all threads look.
void check_all_finite(const pybind11::array_t<float>& values, const char* name);

// Throws ValueError unless both sides are 1..16384.
void check_sides(const pybind11::array_t<float>& values, const char* name);

// A float32 array (h, w, channels).
pybind11::array_t<float> map_of(const pybind11::object& value, const char* name, std::int64_t channels);

// A metric grid (G, G, 3), finite, G 1..4096, its a and d at least 1e-6.
pybind11::array_t<float> metric_of(const pybind11::object& value);

// (h, w, c) as an image.
ConstImage view(const pybind11::array_t<float>& values);
Image image(pybind11::array_t<float>& values);

}  // namespace wrinkle
