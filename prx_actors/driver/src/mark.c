#include "driver.h"

#include "procfs.h"

#include <sys/resource.h>

/* A soft RLIMIT_RTTIME that no real-time task reaches says whose process this is: 01, 36 bits of the run's id
 * and 26 bits of the task's number. It survives setsid, an empty environment, closed fds and adoption by init;
 * PAM sessions reset it, so it is never the only evidence. */
enum { RUN_BITS = 36, TASK_BITS = 26 };

static const rlim_t MARKED = (rlim_t) 1 << (RUN_BITS + TASK_BITS);

/* A runtime inside a task of another one leaves the outer mark as it is. */
void mark_init(uint64_t run_id) {
        struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
        int result = getrlimit(RLIMIT_RTTIME, &limit);

        driver.rttime = limit;
        if (result < 0 || limit.rlim_cur >> (RUN_BITS + TASK_BITS) == 1)
                run_id = 0;
        driver.run_id = run_id & (((uint64_t) 1 << RUN_BITS) - 1);
}

/* A finite hard limit (set by RealtimeKit, say) has no room for the mark: the task goes without. */
void mark_set(int64_t id) {
        struct rlimit limit;

        if (!driver.run_id || getrlimit(RLIMIT_RTTIME, &limit) < 0)
                return;
        limit.rlim_cur = MARKED | driver.run_id << TASK_BITS | ((uint64_t) id & ((1u << TASK_BITS) - 1));
        (void) setrlimit(RLIMIT_RTTIME, &limit);
}

/* prlimit(2) wants the same credentials, which a program may have changed. */
int64_t mark_of(pid_t pid) {
        struct rlimit limit;

        if (prlimit(pid, RLIMIT_RTTIME, NULL, &limit) < 0)
                limit.rlim_cur = procfs_rttime(pid);
        if (!driver.run_id || limit.rlim_cur >> TASK_BITS != (MARKED >> TASK_BITS | driver.run_id))
                return -1;
        return (int64_t) (limit.rlim_cur & (((rlim_t) 1 << TASK_BITS) - 1));
}

int64_t mark_number(int64_t id) {
        return id & (((int64_t) 1 << TASK_BITS) - 1);
}
