// SPDX-License-Identifier: GPL-3.0-or-later
// Extends the islands of a map into what lies around them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "pool.hpp"

namespace wrinkle {

// The empty cells begin..end of a line, and whether a value lies right before and right after them.
struct Gap {
    std::int64_t begin, end;
    bool before, after;
};

// Calls copy(target, source) for the cells of the gap within `reach` of a value, from the nearer one.
template <class Copy>
void fill_gap(const Gap& gap, std::int64_t reach, const Copy& copy) {
    if (!gap.before && !gap.after) return;
    const std::int64_t split = !gap.before ? gap.begin : !gap.after ? gap.end : gap.begin + (gap.end - gap.begin + 1) / 2;
    for (std::int64_t i = gap.begin; i < std::min(split, gap.begin + reach); ++i) copy(i, gap.begin - 1);
    for (std::int64_t i = std::max(split, gap.end - reach); i < gap.end; ++i) copy(i, gap.end);
}

// `mask`: rows x columns, 1 where the map holds a value, else 0. Calls copy(target, source) with flat indices for empty cells
// within `reach` of a value, first along rows, then along columns. The mask gets 2 where the first pass filled. Pieces run at the
// same time on disjoint targets.
template <class Copy>
void dilate(std::uint8_t* mask, std::int64_t rows, std::int64_t columns, std::int64_t reach, const Copy& copy) {
    if (reach <= 0) return;
    parallel_for(rows, 64, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t row = begin; row < end; ++row) {
            std::uint8_t* line = mask + row * columns;
            const auto find = [&](std::int64_t from, int value) {
                const void* at = std::memchr(line + from, value, static_cast<std::size_t>(columns - from));
                return at ? static_cast<const std::uint8_t*>(at) - line : columns;
            };
            for (std::int64_t column = find(0, 0); column < columns;) {
                const std::int64_t next = find(column, 1);
                fill_gap({column, next, column > 0, next < columns}, reach, [&](std::int64_t target, std::int64_t source) {
                    copy(row * columns + target, row * columns + source);
                    line[target] = 2;
                });
                column = next < columns ? find(next, 0) : columns;
            }
        }
    });

    constexpr std::int64_t strip = 64;
    parallel_for((columns + strip - 1) / strip, 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t left = first * strip; left < std::min(last * strip, columns); left += strip) {
            const std::int64_t width = std::min(strip, columns - left);
            std::int64_t gap_begin[strip] = {};
            std::uint8_t previous[strip] = {}, outside[strip] = {};
            for (std::int64_t row = 0; row <= rows; ++row) {
                const std::uint8_t* line = row < rows ? mask + row * columns + left : outside;
                // Columns in which nothing changes need no look.
                if (row < rows && std::memcmp(line, previous, static_cast<std::size_t>(width)) == 0) continue;
                for (std::int64_t i = 0; i < width; ++i) {
                    const bool was = previous[i] != 0, is = line[i] != 0;
                    if (was && !is) gap_begin[i] = row;
                    if (!was && (is || row == rows))
                        fill_gap({gap_begin[i], row, gap_begin[i] > 0, row < rows}, reach,
                                 [&](std::int64_t target, std::int64_t source) {
                                     copy(target * columns + left + i, source * columns + left + i);
                                 });
                }
                std::memcpy(previous, line, static_cast<std::size_t>(width));
            }
        }
    });
}

}  // namespace wrinkle
