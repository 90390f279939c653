// SPDX-License-Identifier: GPL-3.0-or-later
#include "progress.hpp"

#include <utility>

namespace py = pybind11;

namespace wrinkle {

Progress::Progress(const py::object& callback, std::string text)
    : callback_(callback), text_(std::move(text)), last_(std::chrono::steady_clock::now()) {
    if (!callback_.is_none() && !PyCallable_Check(callback_.ptr()))
        throw py::type_error("progress: want a callable or None, got " + std::string(Py_TYPE(callback_.ptr())->tp_name));
}

void Progress::share(double fraction) {
    if (callback_.is_none()) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return;
    last_ = now;
    const py::gil_scoped_acquire gil;
    const py::object answer = callback_(start_ + (end_ - start_) * fraction, text_);
    if (answer.ptr() == Py_False) throw Cancelled{text_};
}

}  // namespace wrinkle
