#include "sweep.h"

#include "children_table.h"
#include "driver.h"
#include "event.h"
#include "procfs.h"
#include "signals.h"

#include <errno.h>
#include <signal.h>

enum {
        MANY = 256,             /* children; to look at so many takes long: one look serves all that end ... */
        REST_USEC = 2000,       /* ... within that time */
        GIVE_UP_USEC = 800000,  /* after the deadline */
};

static volatile bool due;
static int64_t last_look;

static bool rests(int64_t now) {
        return children_used > MANY && now - last_look < REST_USEC;
}

/* Results of a look. */
static bool living_program;     /* some child is one */
static int found;               /* strangers that belong to the dead */

static bool is_dead_task(const struct child *child) {
        return !child->pid && child->id != STRANGER && (child->unreported || child->sweeping);
}

static struct child *task_of(int64_t mark) {
        for (int i = 0; i < children_used; i++)
                if (children[i].id != STRANGER && mark_number(children[i].id) == mark &&
                    (children[i].pid || is_dead_task(&children[i])))
                        return &children[i];
        return NULL;
}

/* Whose a stranger is: a dead child's number, ANYBODY of the dead, or STRANGER while it may be of the living. */
static int64_t owner_of(pid_t pid) {
        int64_t mark = mark_of(pid);
        const struct child *task = mark < 0 ? NULL : task_of(mark);

        if (mark < 0)
                return living_program ? STRANGER : ANYBODY;
        if (!task)
                return ANYBODY;
        return task->pid ? STRANGER : task->id;
}

static void look_for_programs(void) {
        living_program = false;
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && children[i].id != STRANGER && driver.family->program[i])
                        living_program = true;
}

static bool anybody_dead(void) {
        for (int i = 0; i < children_used; i++)
                if (is_dead_task(&children[i]))
                        return true;
        return false;
}

static bool anybody_sweeping(void) {
        for (int i = 0; i < children_used; i++)
                if (children[i].sweeping)
                        return true;
        return false;
}

static void count(pid_t pid) {
        if (!children_find(pid) && owner_of(pid) != STRANGER)
                found++;
}

/* Wakes the loop, which may be waiting or about to: the event socket is writable at once. */
void sweep_soon(void) {
        due = true;
        loop_want_event_writable(true);
}

static void set_left(bool left) {
        for (int i = 0; i < children_used; i++)
                if (children[i].unreported)
                        children[i].left = left;
}

static bool any_stranger(void) {
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && children[i].id == STRANGER)
                        return true;
        return false;
}

void sweep_look(void) {
        int64_t now = now_usec();

        if (!anybody_dead())
                return;
        found = 0;
        look_for_programs();
        bool unknown = rests(now);
        if (!unknown) {
                last_look = now;
                (void) procfs_children(count);
        }
        bool left = unknown || found || any_stranger();
        set_left(left);
        /* Who is ending ends what is left with all else, and its own end tells of that. */
        if (!driver.ending && (left || anybody_sweeping()))
                sweep_soon();
}

/* Of the dead that a stranger may be of, the one that gives it most time. */
static const struct child *dead_of(int64_t of) {
        const struct child *found_child = NULL;

        for (int i = 0; i < children_used; i++)
                if (is_dead_task(&children[i]) && (of == ANYBODY || children[i].id == of) &&
                    (!found_child || children[i].deadline > found_child->deadline))
                        found_child = &children[i];
        return found_child;
}

static int64_t step_time;
static int waiting_for_grace;   /* strangers that may still write */

static void end_left(pid_t pid) {
        int64_t of = children_find(pid) ? STRANGER : owner_of(pid);
        const struct child *dead = of == STRANGER ? NULL : dead_of(of);

        if (!dead)
                return;
        if (dead->sweep_from > step_time) {
                waiting_for_grace++;
                return;
        }
        int64_t deadline = dead->deadline;
        int signal = deadline <= step_time ? SIGKILL : dead->signaloneof;
        struct child *child = children_adopt(pid, signal);
        if (child) {
                child->of = of;
                children_set_deadline(child, deadline);
        }
}

static int left_of(int64_t id) {
        int left = 0;

        for (int i = 0; i < children_used; i++)
                left += children[i].pid && children[i].id == STRANGER &&
                        (children[i].of == id || children[i].of == ANYBODY);
        return left;
}

/* When to come back to a dead task, or -1: it is swept, and the runtime knows. */
static int64_t finish(struct child *child, int64_t now) {
        int left = left_of(child->id);
        int64_t give_up = child->deadline + GIVE_UP_USEC;

        if (child->sweep_from > now && waiting_for_grace)
                return child->sweep_from;
        if (left && now < give_up)
                return give_up;
        if (event_send_child(PRX_EVENT_SWEPT, child->id, left) == -EAGAIN)
                return now + REST_USEC;
        child->sweeping = child->left = false;
        return -1;
}

static int64_t earlier(int64_t one, int64_t other) {
        return one < 0 || (other >= 0 && other < one) ? other : one;
}

static void set_times(struct child *child, int64_t now) {
        if (!child->sweep_from)
                child->sweep_from = now + driver.options[PRX_OPTION_drain];
        if (child->deadline == DEADLINE_PASSED)
                child->deadline = now;
        else if (!child->deadline)
                child->deadline = deadline_after(driver.options[PRX_OPTION_drain] + driver.options[PRX_OPTION_killdelay]);
}

static int64_t sweep(int64_t now) {
        int64_t next = -1;

        for (int i = 0; i < children_used; i++)
                if (is_dead_task(&children[i]))
                        set_times(&children[i], now);
        look_for_programs();
        last_look = step_time = now;
        waiting_for_grace = 0;
        (void) procfs_children(end_left);
        for (int i = 0; i < children_used; i++)
                if (!children[i].pid && children[i].sweeping)
                        next = earlier(next, finish(&children[i], now));
        return next;
}

static int64_t next_step = -1;

int64_t sweep_step(int64_t now) {
        if (driver.ending || (!due && (next_step < 0 || now < next_step)))
                return next_step;
        if (rests(now))
                return last_look + REST_USEC;
        due = false;
        signals_hold_children();
        next_step = anybody_dead() ? sweep(now) : -1;
        signals_release_children();
        return next_step;
}

static int signal_to_all;

static void adopt_any(pid_t pid) {
        struct child *child = children_find(pid) ? NULL : children_adopt(pid, signal_to_all);

        if (child)
                child->of = ANYBODY;
}

void sweep_adopt_all(int signal) {
        if (family_found() < 0)
                return;
        signals_hold_children();
        signal_to_all = signal;
        (void) procfs_children(adopt_any);
        signals_release_children();
}

void sweep_forget(void) {
        due = false;
        next_step = -1;
}
