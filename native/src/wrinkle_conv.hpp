// SPDX-License-Identifier: GPL-3.0-or-later
// The convolution kernels of the network.
#pragma once

#include "wrinkle_net.hpp"

namespace wrinkle {

// out = bias + weights * in, then max(0, .) when step.relu. The ring of `in` must be zero; writes the inside of `out`.
void convolve(const Step& step, float* arena);

}  // namespace wrinkle
