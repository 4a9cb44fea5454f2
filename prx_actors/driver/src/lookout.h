/* Whether to wait for a message awake or asleep.
 *
 * To wake who sleeps on an idle processor takes tens of microseconds, many times what a call does: who is called back
 * to back stays awake for a moment. Where both sides share one processor, sleep is the quicker way to hand it over. At
 * rest nobody is awake: a wait that was long is followed by sleep. */
#pragma once

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

enum {
        LOOKOUT_USEC = 50,              /* awake, at the most */
        LOOKOUT_SOON_USEC = 150,        /* what comes so soon may be followed by more */
        LOOKOUT_QUICK_USEC = 20,        /* what comes so soon to a sleeper shares its processor */
        LOOKOUT_SHARED_USEC = 2,        /* a yield that takes so long has let somebody else run */
};

struct lookout {
        bool awake;             /* this wait, or the next one */
        int64_t begun;
        int64_t looked;         /* when the last look was, if the wait is awake */
        int64_t yielded;        /* how long the last yield took */
        int yields;
};

static inline bool lookout_has_processors(void) {
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) > 1;
}

static inline void lookout_begin(struct lookout *l, int64_t now) {
        l->begun = l->looked = now;
        l->yields = 0;
}

/* After a look that has found nothing: yields the processor. False: it is time to sleep. */
static inline bool lookout_again(struct lookout *l, int64_t (*read_usec)(void)) {
        (void) sched_yield();
        int64_t now = read_usec();
        l->yielded = now - l->looked;
        l->looked = now;
        l->yields++;
        l->awake = now - l->begun < LOOKOUT_USEC;
        return l->awake;
}

/* What was waited for is there. */
static inline void lookout_end(struct lookout *l, int64_t now) {
        int64_t waited = now - l->begun;

        if (l->awake)
                l->awake = l->yields != 1 || l->yielded < LOOKOUT_SHARED_USEC;
        else
                l->awake = waited >= LOOKOUT_QUICK_USEC && waited < LOOKOUT_SOON_USEC && lookout_has_processors();
}
