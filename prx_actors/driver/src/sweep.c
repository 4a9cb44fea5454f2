#include "sweep.h"

#include "children_table.h"
#include "driver.h"
#include "event.h"
#include "groups.h"
#include "procfs.h"
#include "signals.h"

#include <errno.h>
#include <signal.h>

enum {
        MANY = 256,             /* children; to look at so many takes long: one look serves all that end ... */
        REST_USEC = 2000,       /* ... while it rests, for as long as it took but no longer than this */
        GIVE_UP_USEC = 800000,  /* after the deadline */
        LOOK_USEC = 20000,      /* for those in a leaf who are nobody's children here */
};

static volatile bool due;
static int64_t last_look;
static int64_t rest;    /* behind it */

static bool rests(int64_t now) {
        return children_used > MANY && now - last_look < rest;
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
        int64_t leaf = groups_leaf_of(pid);
        int64_t mark = leaf < 0 ? mark_of(pid) : mark_number(leaf);
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

static void count_dead(pid_t pid) {
        if (!children_find(pid) && owner_of(pid) != STRANGER)
                found++;
}

/* Wakes the loop, which may be waiting or about to: the event socket is writable at once. */
void sweep_soon(void) {
        due = true;
        loop_want_event_writable(true);
}

static void set_left(bool any) {
        for (int i = 0; i < children_used; i++)
                if (children[i].unreported)
                        children[i].left = any;
}

static bool any_stranger(void) {
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && children[i].id == STRANGER)
                        return true;
        return false;
}

static bool any_leaf(void) {
        bool any = false;

        for (int i = 0; i < children_used; i++)
                if (children[i].unreported && groups_remove(children[i].id) < 0)
                        any = true;
        return any;
}

/* Where /proc shows not all of them, there may be strangers as long as there are children: whoever sees more looks. */
static bool visit_children(procfs_visit *visit) {
        bool search_is_blind = procfs_blind;    /* that one which the signal of a child's end interrupts */

        procfs_blind = false;
        bool all = procfs_children(visit) == 0 && !procfs_blind;
        procfs_blind |= search_is_blind;
        return all || !children_any();
}

static bool look(int64_t now, procfs_visit *visit) {
        bool all = visit_children(visit);

        last_look = now_usec();
        int64_t took = last_look - now;
        rest = took < REST_USEC ? took : REST_USEC;
        return all;
}

void sweep_look(void) {
        int64_t now = now_usec();

        if (!anybody_dead())
                return;
        found = 0;
        look_for_programs();
        bool unknown = rests(now) || !look(now, count_dead);
        bool any = any_leaf() || unknown || found || any_stranger();
        set_left(any);
        /* Who is ending ends what is left with all else, and its own end tells of that. */
        if (!driver.ending && (any || anybody_sweeping()))
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

static void note_had_left(int64_t of) {
        for (int i = 0; i < children_used; i++)
                if (is_dead_task(&children[i]) && (of == ANYBODY || children[i].id == of))
                        children[i].had_left = true;
}

static void end_left(pid_t pid) {
        int64_t of = children_find(pid) ? STRANGER : owner_of(pid);
        const struct child *dead = of == STRANGER ? NULL : dead_of(of);

        if (!dead)
                return;
        note_had_left(of);
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

static pid_t left[PRX_PIDS_MAX];

/* How many of them the event can name. */
static int find_left(int64_t id) {
        int found_left = 0;

        for (int i = 0; i < children_used && found_left < PRX_PIDS_MAX; i++)
                if (children[i].pid && children[i].id == STRANGER &&
                    (children[i].of == id || children[i].of == ANYBODY))
                        left[found_left++] = children[i].pid;
        return found_left;
}

/* The runtime hears that its order is obeyed: a driver that is stopped, or in a call, says nothing. */
static int64_t go_on(struct child *child, int64_t until) {
        if (child->asked && event_send_child(PRX_EVENT_SWEEPING, child->id, 0) != -EAGAIN)
                child->asked = false;
        return until;
}

/* When to come back to a dead task, or -1: it is swept, and the runtime knows. */
static int64_t finish(struct child *child, int64_t now) {
        int count = find_left(child->id);
        int64_t give_up = child->deadline + GIVE_UP_USEC;

        if (child->sweep_from > now && waiting_for_grace)
                return go_on(child, child->sweep_from);
        bool leaf = groups_remove(child->id) < 0;
        if (leaf && child->deadline <= now)
                groups_kill(child->id);
        if (leaf)
                child->had_left = true;
        if ((count || leaf) && now < give_up)
                return go_on(child, !leaf ? give_up : count && now < child->deadline ? child->deadline : now + LOOK_USEC);
        if (event_send_swept(child->id, child->had_left, left, count) == -EAGAIN)
                return now + REST_USEC;
        child->sweeping = child->left = child->asked = false;
        return -1;
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
        step_time = now;
        waiting_for_grace = 0;
        if (!look(now, end_left))
                note_had_left(ANYBODY);
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
                return last_look + rest;
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
