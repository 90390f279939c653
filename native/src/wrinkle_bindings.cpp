// SPDX-License-Identifier: GPL-3.0-or-later
// Binds the functions of the wrinkle stage.
#include <pybind11/pybind11.h>

void bind_wrinkles(pybind11::module_&) {}
