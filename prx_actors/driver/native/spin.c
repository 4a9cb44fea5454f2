#include "spin.h"

#include <sched.h>
#include <time.h>

static int64_t now_nsec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000000000 + t.tv_nsec;
}

int prx_spin(uint32_t *call, const uint32_t *wait, int64_t usec) {
        int64_t end = now_nsec() + usec * 1000;

        if (call)
                __atomic_store_n(call, 1, __ATOMIC_RELEASE);
        while (!__atomic_load_n(wait, __ATOMIC_ACQUIRE)) {
                if (now_nsec() >= end)
                        return 0;
                (void) sched_yield();
        }
        return 1;
}
