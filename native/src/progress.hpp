// SPDX-License-Identifier: GPL-3.0-or-later
// How a long native function tells how far it is and learns that it should stop.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <string>

namespace wrinkle {

// Becomes `wrinkle_native.Cancelled` in Python.
struct Cancelled {
    std::string text;
};

// Wraps the Python callable `progress(fraction, text)`, or None. The callable is called with the GIL held, on the thread that
// called the native function and no other, at most every 50 ms. It stops the work by returning False (then Cancelled is
// thrown) or by raising (then its own exception comes out, unchanged); None and anything else mean "go on".
class Progress {
public:
    // With the GIL held. Throws TypeError when `callback` is neither callable nor None.
    Progress(const pybind11::object& callback, std::string text);

    // What follows covers start..end of the whole.
    void stage(double start, double end) {
        start_ = start;
        end_ = end;
    }

    // `fraction` of the stage is done. With the GIL released, on the calling thread. Throws what the class comment says.
    void share(double fraction);

private:
    pybind11::object callback_;
    std::string text_;
    double start_ = 0.0, end_ = 1.0;
    std::chrono::steady_clock::time_point last_;
};

}  // namespace wrinkle
