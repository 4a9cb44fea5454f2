#include "driver.h"

#include "children.h"
#include "event.h"
#include "groups.h"
#include "search.h"
#include "sweep.h"

#include <stdlib.h>
#include <unistd.h>

enum {
        LATE_USEC = 300000,     /* after the deadline: a driver that has not ended by then is killed */
        GIVE_UP_USEC = 800000,  /* then what is left falls to an ancestor that can do more */
};

static void tell_children(void) {
        static const uint64_t one = 1;

        if (!driver.family)
                return;
        driver.family->deadline = driver.deadline;
        (void) !write(FD_FAMILY, &one, sizeof(one));
}

static bool is_init(void) {
        return getpid() == 1;
}

/* Drivers among the children read the deadline in the family's page; a signal to them stays the user's. */
void end_begin(int64_t deadline, int exit_status) {
        int64_t own = deadline_after(driver.options[PRX_OPTION_killdelay]);

        if (driver.ending)
                return;
        driver.ending = true;
        driver.deadline = deadline < own ? deadline : own;
        driver.exit_status = exit_status;
        tell_children();
        children_reap_held();
        children_ask();
}

/* The keeper is the last to look, also for what has come away from the drivers below it: one that has forked any, or
 * searches for those of another keeper. */
static bool anything_left(int64_t late) {
        bool children = children_any();

        if (driver.depth >= 0 || !(driver.family || search_is_asked()) || (children && late < LATE_USEC))
                return children;
        return !search_everything((int) driver.options[PRX_OPTION_signaloneof], driver.deadline) || children;
}

/* That the keeper was not killed, but has done what it could, is its last word. */
static __attribute__((noreturn)) void leave(void) {
        if (driver.depth < 0)
                (void) event_send_searched(PRX_SEARCH_EVERYTHING, NULL, 0);
        _exit(driver.exit_status);
}

void end_step(void) {
        int64_t late = now_usec() - driver.deadline;

        if ((!anything_left(late) && groups_remove(-1) == 0) || late >= GIVE_UP_USEC)
                leave();
        if (late >= 0)
                groups_kill(-1);
        /* The kernel kills what is left in the namespace when its init goes. */
        if (late >= 0 && is_init())
                leave();
        if (layer_is_in(driver.depth < 0 ? LAYER_KEEPER : LAYER_SWEEP))
                sweep_adopt_all((int) driver.options[PRX_OPTION_signaloneof]);
        children_reap_held();
        if (late >= 0)
                children_signal(late >= LATE_USEC ? CHILDREN_ALL : CHILDREN_PROGRAMS, SIGKILL);
}
