// SPDX-License-Identifier: GPL-3.0-or-later
#include "wrinkle_net.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "wrinkle_conv.hpp"

namespace wrinkle {
namespace {

constexpr int max_channels = 512;
constexpr std::int64_t max_arena = std::int64_t{1} << 25;      // floats: 128 MiB per thread
constexpr std::int64_t max_multiply_adds = std::int64_t{1} << 34;

[[noreturn]] void fail(const std::string& text) { throw std::invalid_argument("program: " + text); }

void clear_ring(const Activation& a, float* data) {
    const std::size_t row = static_cast<std::size_t>(a.row()) * sizeof(float);
    const std::size_t pixel = static_cast<std::size_t>(a.stride()) * sizeof(float);
    std::memset(data, 0, row);
    std::memset(data + static_cast<std::int64_t>(a.size + 1) * a.row(), 0, row);
    for (int y = 1; y <= a.size; ++y) {
        std::memset(data + static_cast<std::int64_t>(y) * a.row(), 0, pixel);
        std::memset(data + static_cast<std::int64_t>(y + 1) * a.row() - a.stride(), 0, pixel);
    }
}

float* at(const Activation& a, float* arena, int y, int x) {
    return arena + a.offset + static_cast<std::int64_t>(y + 1) * a.row() + (x + 1) * a.stride();
}

void relu_step(const Step& s, float* arena) {
    for (int y = 0; y < s.out.size; ++y) {
        const float* in = at(s.in, arena, y, 0);
        float* out = at(s.out, arena, y, 0);
        for (int i = 0; i < s.out.size * s.out.stride(); ++i) out[i] = std::max(in[i], 0.0f);
    }
}

void pool_step(const Step& s, float* arena) {
    const int stride = s.in.stride();
    for (int y = 0; y < s.out.size; ++y)
        for (int x = 0; x < s.out.size; ++x) {
            const float* top = at(s.in, arena, 2 * y, 2 * x);
            const float* bottom = top + s.in.row();
            float* out = at(s.out, arena, y, x);
            for (int c = 0; c < stride; ++c)
                out[c] = 0.25f * (top[c] + top[c + stride] + bottom[c] + bottom[c + stride]);
        }
}

void upsample_step(const Step& s, float* arena) {
    const std::size_t bytes = static_cast<std::size_t>(s.out.stride()) * sizeof(float);
    for (int y = 0; y < s.out.size; ++y)
        for (int x = 0; x < s.out.size; ++x)
            std::memcpy(at(s.out, arena, y, x), at(s.in, arena, y / 2, x / 2), bytes);
}

void concat_step(const Step& s, float* arena) {
    for (int y = 0; y < s.out.size; ++y)
        for (int x = 0; x < s.out.size; ++x) {
            float* out = at(s.out, arena, y, x);
            out = std::copy_n(at(s.in, arena, y, x), s.in.channels, out);
            out = std::copy_n(at(s.other, arena, y, x), s.other.channels, out);
            std::fill_n(out, s.out.stride() - s.out.channels, 0.0f);
        }
}

// Channel order as in PyTorch: channel 4 c + 2 dy + dx of the small image is channel c at (2 y + dy, 2 x + dx) of the large.
void unshuffle_step(const Step& s, float* arena) {
    for (int y = 0; y < s.out.size; ++y)
        for (int x = 0; x < s.out.size; ++x) {
            float* out = at(s.out, arena, y, x);
            for (int part = 0; part < 4; ++part) {
                const float* in = at(s.in, arena, 2 * y + part / 2, 2 * x + part % 2);
                for (int c = 0; c < s.in.channels; ++c) out[4 * c + part] = in[c];
            }
            std::fill_n(out + s.out.channels, s.out.stride() - s.out.channels, 0.0f);
        }
}

void shuffle_step(const Step& s, float* arena) {
    for (int y = 0; y < s.out.size; ++y)
        for (int x = 0; x < s.out.size; ++x) {
            float* out = at(s.out, arena, y, x);
            const float* in = at(s.in, arena, y / 2, x / 2) + 2 * (y % 2) + x % 2;
            for (int c = 0; c < s.out.channels; ++c) out[c] = in[4 * c];
            std::fill_n(out + s.out.channels, s.out.stride() - s.out.channels, 0.0f);
        }
}

}  // namespace

Net::Net(int size, int channels) {
    if (size < 8 || size > 256) fail("patches must have 8 to 256 samples a side");
    if (channels < 1 || channels > 64) fail("1 to 64 input channels are possible");
    input_ = current_ = allocate(size, channels);
}

// First fit in the free list; a buffer's lifetime ends with the last step that reads it.
Activation Net::allocate(int size, int channels) {
    if (channels > max_channels) fail("more than 512 channels");
    Activation a{size, channels, 0};
    const std::int64_t floats = (a.floats() + lane - 1) / lane * lane;
    for (auto& [offset, room] : free_)
        if (room >= floats) {
            a.offset = offset;
            offset += floats;
            room -= floats;
            return a;
        }
    a.offset = arena_;
    arena_ += floats;
    if (arena_ > max_arena) fail("needs more than 128 MiB for one patch");
    return a;
}

void Net::release(const Activation& activation) {
    const std::int64_t floats = (activation.floats() + lane - 1) / lane * lane;
    free_.emplace_back(activation.offset, floats);
    std::sort(free_.begin(), free_.end());
    std::size_t kept = 0;
    for (std::size_t i = 1; i < free_.size(); ++i) {
        if (free_[kept].first + free_[kept].second == free_[i].first)
            free_[kept].second += free_[i].second;
        else
            free_[++kept] = free_[i];
    }
    free_.resize(kept + 1);
}

// Gives the buffer back unless a saved value still needs it. The input stays: the caller fills it before each run.
void Net::retire(const Activation& activation) {
    if (activation.offset == input_.offset) return;
    for (const auto& entry : saved_)
        if (entry.second.offset == activation.offset) return;
    release(activation);
}

Step& Net::push(Op op, Activation out) {
    if (steps_.size() >= 256) fail("more than 256 steps");
    Step step;
    step.op = op;
    step.in = current_;
    step.out = out;
    steps_.push_back(std::move(step));
    retire(current_);
    current_ = out;
    return steps_.back();
}

void Net::conv(const float* weights, const float* bias, int out, int in, int kernel) {
    if (in != current_.channels)
        fail("a convolution takes " + std::to_string(in) + " channels where there are " +
             std::to_string(current_.channels));
    if (out < 1 || out > max_channels) fail("a convolution has " + std::to_string(out) + " outputs");
    const int taps = kernel * kernel;
    multiply_adds_ += static_cast<std::int64_t>(current_.size) * current_.size * taps * in * out;
    if (multiply_adds_ > max_multiply_adds) fail("is too large to run");
    Step& step = push(Op::conv, allocate(current_.size, out));
    step.taps = taps;
    const int wide = padded(out);
    step.bias.assign(static_cast<std::size_t>(wide), 0.0f);
    std::copy_n(bias, out, step.bias.begin());
    step.weights.assign(static_cast<std::size_t>(wide) * taps * in, 0.0f);
    float* target = step.weights.data();
    for (int first = 0, width; first < wide; first += width) {
        width = block_width(wide - first);
        for (int tap = 0; tap < taps; ++tap)
            for (int i = 0; i < in; ++i)
                for (int o = first; o < first + width; ++o, ++target)
                    if (o < out) *target = weights[(static_cast<std::int64_t>(o) * in + i) * taps + tap];
    }
}

void Net::relu() {
    if (!steps_.empty() && steps_.back().op == Op::conv && !steps_.back().relu) {
        const auto same = [this](const auto& entry) { return entry.second.offset == current_.offset; };
        if (std::none_of(saved_.begin(), saved_.end(), same)) {
            steps_.back().relu = true;
            return;
        }
    }
    push(Op::relu, allocate(current_.size, current_.channels));
}

void Net::simple(Op op) {
    const int size = current_.size, channels = current_.channels;
    const bool halves = op == Op::avgpool2 || op == Op::unshuffle2;
    if (halves && size % 2) fail("an image of odd size is halved");
    if (!halves && size > 256) fail("an image grows beyond 512 samples");
    if (op == Op::shuffle2 && channels % 4) fail("shuffle2 needs a multiple of 4 channels");
    const int factor = op == Op::unshuffle2 ? 4 : 1;
    push(op, allocate(halves ? size / 2 : size * 2, op == Op::shuffle2 ? channels / 4 : channels * factor));
}

void Net::save(const std::string& name) {
    for (const auto& entry : saved_)
        if (entry.first == name) fail("saves \"" + name + "\" twice");
    saved_.emplace_back(name, current_);
}

void Net::concat(const std::string& name) {
    const auto entry =
        std::find_if(saved_.begin(), saved_.end(), [&](const auto& candidate) { return candidate.first == name; });
    if (entry == saved_.end()) fail("joins \"" + name + "\", which was not saved");
    const Activation other = entry->second;
    if (other.size != current_.size) fail("joins \"" + name + "\" of another size");
    Step& step = push(Op::concat, allocate(current_.size, current_.channels + other.channels));
    step.other = other;
    saved_.erase(std::find_if(saved_.begin(), saved_.end(), [&](const auto& e) { return e.first == name; }));
    if (step.in.offset != other.offset) retire(other);
}

void Net::finish() {
    if (current_.size != input_.size || current_.channels != 1)
        fail("ends with " + std::to_string(current_.channels) + " channels of " + std::to_string(current_.size) +
             " samples a side; want 1 of " + std::to_string(input_.size));
}

void Net::run(float* arena, float* result) const {
    for (const Step& step : steps_) {
        clear_ring(step.out, arena + step.out.offset);
        switch (step.op) {
            case Op::conv: convolve(step, arena); break;
            case Op::relu: relu_step(step, arena); break;
            case Op::avgpool2: pool_step(step, arena); break;
            case Op::upsample2: upsample_step(step, arena); break;
            case Op::concat: concat_step(step, arena); break;
            case Op::unshuffle2: unshuffle_step(step, arena); break;
            case Op::shuffle2: shuffle_step(step, arena); break;
        }
    }
    for (int y = 0; y < current_.size; ++y)
        for (int x = 0; x < current_.size; ++x) *result++ = *at(current_, arena, y, x);
}

}  // namespace wrinkle
