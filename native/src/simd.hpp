// SPDX-License-Identifier: GPL-3.0-or-later
// Wider vector units where the machine has them, chosen while running; the code also runs without.
#pragma once

#include <cstdlib>

// Put before a free function with plain loops: the compiler makes a version for AVX2 + FMA beside the plain one and the
// loader picks. What the function calls must be inlined into it to profit.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(WRINKLE_NO_CLONES) && \
    (!defined(__clang__) || __clang_major__ >= 16)
#if defined(__clang__)
#define WRINKLE_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define WRINKLE_CLONES __attribute__((target_clones("arch=haswell", "default")))
#endif
#else
#define WRINKLE_CLONES
#endif

// For hand-written kernels: mark with WRINKLE_AVX2 and call only where has_avx2() holds.
#if defined(__x86_64__) || defined(_M_X64)
#define WRINKLE_X86 1
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#define WRINKLE_AVX2
#else
#define WRINKLE_AVX2 __attribute__((target("avx2,fma,f16c")))
#endif
#else
#define WRINKLE_X86 0
#endif

namespace wrinkle {

// True when the processor and the operating system offer AVX2, FMA and F16C.
inline bool detect_avx2() {
#if !WRINKLE_X86
    return false;
#elif defined(_MSC_VER) && !defined(__clang__)
    int leaf[4];
    __cpuid(leaf, 0);
    if (leaf[0] < 7) return false;
    __cpuidex(leaf, 1, 0);
    const bool fma = leaf[2] & (1 << 12), osxsave = leaf[2] & (1 << 27), f16c = leaf[2] & (1 << 29);
    if (!fma || !osxsave || !f16c || (_xgetbv(0) & 6) != 6) return false;
    __cpuidex(leaf, 7, 0);
    return (leaf[1] & (1 << 5)) != 0;
#else
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
}

// The same, unless the environment holds WRINKLE_NO_AVX2 (to test, or to look for the cause of a fault).
inline bool has_avx2() {
    static const bool use = detect_avx2() && !std::getenv("WRINKLE_NO_AVX2");
    return use;
}

}  // namespace wrinkle
