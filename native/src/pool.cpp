// SPDX-License-Identifier: GPL-3.0-or-later
#include "pool.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#define WRINKLE_HAS_FORK 1
#endif

#include "progress.hpp"

namespace wrinkle {
namespace {

// The rows of one call, dealt out piece by piece.
struct Job {
    std::int64_t rows, grain;
    const std::function<void(std::int64_t, std::int64_t)>& fn;
    std::atomic<std::int64_t> next{0}, done{0};
    std::atomic<bool> stop{false};
    std::mutex error_mutex;
    std::exception_ptr error;

    Job(std::int64_t rows_, std::int64_t grain_, const std::function<void(std::int64_t, std::int64_t)>& fn_)
        : rows(rows_), grain(grain_), fn(fn_) {}

    void fail() {
        const std::lock_guard<std::mutex> lock(error_mutex);
        if (!error) error = std::current_exception();
        stop = true;
    }

    void work(Progress* progress) {
        try {
            while (!stop) {
                const std::int64_t begin = next.fetch_add(grain);
                if (begin >= rows) return;
                const std::int64_t end = std::min(rows, begin + grain);
                fn(begin, end);
                done += end - begin;
                if (progress) progress->share(static_cast<double>(done) / static_cast<double>(rows));
            }
        } catch (...) {
            fail();
        }
    }
};

// Workers sleep between jobs and live as long as the process: they are detached and the pool is never destroyed, so nothing
// has to be joined while the interpreter shuts down.
class Pool {
public:
    void run(Job& job, int helpers, Progress* progress) {
        const std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
        if (!turn.owns_lock()) {
            job.work(progress);
            return;
        }
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            while (workers_ < helpers) {
                try {
                    std::thread([this, index = workers_] { loop(index); }).detach();
                } catch (const std::system_error&) {
                    break;  // the system gives no more threads: those there are will do
                }
                ++workers_;
            }
            job_ = &job;
            invited_ = std::min(helpers, workers_);
            ++generation_;
        }
        wake_.notify_all();
        job.work(progress);
        std::unique_lock<std::mutex> lock(mutex_);
        job_ = nullptr;  // who has not started yet need not
        idle_.wait(lock, [this] { return busy_ == 0; });
    }

private:
    void loop(int index) {
        std::uint64_t seen = 0;
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;) {
            wake_.wait(lock, [&] { return generation_ != seen; });
            seen = generation_;
            Job* job = job_;
            if (!job || index >= invited_) continue;
            ++busy_;
            lock.unlock();
            inside() = true;
            job->work(nullptr);
            lock.lock();
            if (--busy_ == 0) idle_.notify_all();
        }
    }

public:
    // True on the pool's own threads and on a thread that waits in run(): a nested call works alone.
    static bool& inside() {
        static thread_local bool flag = false;
        return flag;
    }

private:
    std::mutex turn_, mutex_;
    std::condition_variable wake_, idle_;
    Job* job_ = nullptr;
    int workers_ = 0, invited_ = 0, busy_ = 0;
    std::uint64_t generation_ = 0;
};

std::atomic<Pool*> the_pool{nullptr};
std::atomic<int> wanted{0};

#ifdef WRINKLE_HAS_FORK
// A forked child has none of the workers and may have inherited locked mutexes: it starts with a new pool.
void forget_pool() { the_pool = nullptr; }
#endif

Pool& pool() {
    Pool* current = the_pool.load();
    if (current) return *current;
#ifdef WRINKLE_HAS_FORK
    static std::atomic<bool> registered{false};
    if (!registered.exchange(true)) pthread_atfork(nullptr, nullptr, forget_pool);
#endif
    Pool* fresh = new Pool;
    if (the_pool.compare_exchange_strong(current, fresh)) return *fresh;
    delete fresh;
    return *current;
}

}  // namespace

int threads() {
    const int count = wanted;
    return count > 0 ? count : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void set_threads(int count) { wanted = count; }

void parallel_for(std::int64_t rows, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& fn,
                  Progress* progress) {
    if (rows <= 0) return;
    grain = std::max<std::int64_t>(1, grain);
    Job job(rows, grain, fn);
    const std::int64_t pieces = (rows + grain - 1) / grain;
    const int helpers = static_cast<int>(std::min<std::int64_t>(threads(), pieces)) - 1;
    bool& inside = Pool::inside();
    if (helpers <= 0 || inside) {
        job.work(progress);
    } else {
        inside = true;
        pool().run(job, helpers, progress);
        inside = false;
    }
    if (job.error) std::rethrow_exception(job.error);
}

}  // namespace wrinkle
