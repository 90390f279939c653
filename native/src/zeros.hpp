// SPDX-License-Identifier: GPL-3.0-or-later
// Large working memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace wrinkle {

// Zeros from the system: what is never written to costs nothing. Throws std::bad_alloc when there is no room.
template <class T>
class Zeros {
public:
    explicit Zeros(std::size_t count) : data_(static_cast<T*>(std::calloc(std::max<std::size_t>(count, 1), sizeof(T)))) {
        if (!data_) throw std::bad_alloc();
#if defined(__linux__)
        // Large pages where the system gives them on request: small ones, faulted in one by one, cost more than the work on them.
        constexpr std::uintptr_t page = std::uintptr_t{1} << 21;
        const auto start = (reinterpret_cast<std::uintptr_t>(data_.get()) + page - 1) / page * page;
        const auto end = reinterpret_cast<std::uintptr_t>(data_.get() + count) / page * page;
        if (end > start) madvise(reinterpret_cast<void*>(start), end - start, MADV_HUGEPAGE);
#endif
    }
    T* data() const { return data_.get(); }

private:
    struct Free {
        void operator()(T* memory) const { std::free(memory); }
    };
    std::unique_ptr<T, Free> data_;
};

}  // namespace wrinkle
