// SPDX-License-Identifier: GPL-3.0-or-later
// From a texture to what confidence and regressor read: high-passed log channels at a scale in mm.
#pragma once

#include "wrinkle_filters.hpp"

namespace wrinkle {

class Progress;

// Linear colour and weight of k x k blocks: rgb (size, size, 3) sRGB bytes, alpha (size, size) bytes, skin (size, size) or
// null, weight = alpha / 255 * skin. `out` has 4 channels: weighted mean of r, g, b, and the mean weight; it holds
// zeros.
void texture_level(const std::uint8_t* rgb, const std::uint8_t* alpha, const float* skin, int size, int k, Image out,
                   Progress* progress);

// A level reduced further, colours weighted.
void coarser_level(ConstImage in, Image out, int k);

// In place: colours times `gain`, weights times `keep`, (height, width) each or null.
void relit(Image level, const float* gain, const float* keep);

// (log luminance, log R - log G, log B - log G) minus their masked Gaussian mean, times the soft mask; and the mask.
// `out` holds zeros.
void highpassed(ConstImage level, Image out, double sigma);

}  // namespace wrinkle
