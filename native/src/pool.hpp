// SPDX-License-Identifier: GPL-3.0-or-later
// One small pool of threads for the whole module.
#pragma once

#include <cstdint>
#include <functional>

namespace wrinkle {

class Progress;

// How many threads take part in parallel_for, the calling one included.
int threads();

// Sets that number; 0 means one per processor. The caller checks the range.
void set_threads(int count);

// Calls fn(begin, end) for consecutive pieces of at most `grain` rows until 0..rows is covered. The calling thread works too;
// pieces may run at the same time, each runs once. Returns when all are done. The first exception thrown by a piece is thrown
// again here after the others have stopped. Called from within a piece, or while another Python thread uses the pool, it works
// on the calling thread alone. `progress`, when given, is told of the share done between the pieces that the calling thread
// takes; when it asks to stop, no new piece begins and Cancelled is thrown. The GIL must be released.
void parallel_for(std::int64_t rows, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& fn,
                  Progress* progress = nullptr);

}  // namespace wrinkle
