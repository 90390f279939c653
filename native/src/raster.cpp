// SPDX-License-Identifier: GPL-3.0-or-later
#include <pybind11/pybind11.h>

void bind_raster(pybind11::module_&) {}
