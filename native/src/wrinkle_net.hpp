// SPDX-License-Identifier: GPL-3.0-or-later
// A small feed-forward convolutional network, run patch by patch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace wrinkle {

enum class Op { conv, relu, avgpool2, upsample2, concat, unshuffle2, shuffle2 };

// Channels of a pixel lie together, padded with zeros to a multiple of this.
constexpr int lane = 8;
constexpr int padded(int channels) { return (channels + lane - 1) / lane * lane; }

// Output channels that a convolution computes together where `left` of them (a multiple of `lane`) remain: 24 and 16, 8 only
// where there are no more.
constexpr int block_width(int left) {
    const int vectors = left / lane;
    return lane * (vectors == 1 ? 1 : vectors == 2 || vectors == 4 ? 2 : 3);
}

// An activation: `size` x `size` pixels inside a ring of zeros, `channels` each, at `offset` floats into the arena.
struct Activation {
    int size = 0, channels = 0;
    std::int64_t offset = 0;

    int stride() const { return padded(channels); }
    int row() const { return (size + 2) * stride(); }
    std::int64_t floats() const { return static_cast<std::int64_t>(size + 2) * row(); }
};

struct Step {
    Op op;
    Activation in, other, out;
    int taps = 0;        // 9 or 1
    bool relu = false;   // fused behind a convolution
    std::vector<float> weights, bias;  // blocks of output channels, see block_width: [block][tap][in][out]
};

class Net {
public:
    // Patches of size x size pixels with `channels` inputs.
    Net(int size, int channels);

    // Each throws std::invalid_argument when it does not fit what came before. weights: (out, in, k, k), k = 1 or 3.
    void conv(const float* weights, const float* bias, int out, int in, int kernel);
    void relu();
    void simple(Op op);
    void save(const std::string& name);
    void concat(const std::string& name);
    void finish();  // the result must be one channel of size x size

    int size() const { return input_.size; }
    int channels() const { return input_.channels; }
    const Activation& input() const { return input_; }
    std::int64_t arena_floats() const { return arena_; }
    std::int64_t multiply_adds() const { return multiply_adds_; }

    // `arena`: 32-byte aligned, its input activation filled (ring included). result: size x size.
    void run(float* arena, float* result) const;

private:
    Activation allocate(int size, int channels);
    void release(const Activation& activation);
    void retire(const Activation& activation);
    Step& push(Op op, Activation out);

    Activation input_, current_;
    std::vector<Step> steps_;
    std::vector<std::pair<std::string, Activation>> saved_;
    std::vector<std::pair<std::int64_t, std::int64_t>> free_;  // offset, floats
    std::int64_t arena_ = 0, multiply_adds_ = 0;
};

// Billions of float multiply-adds per second that all threads together can do, from a loop of independent ones.
double multiply_add_peak(double seconds);

}  // namespace wrinkle
