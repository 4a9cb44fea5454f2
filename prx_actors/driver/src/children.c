#include "children_table.h"

#include "driver.h"
#include "event.h"
#include "signals.h"
#include "state.h"
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct child *children;
int children_used;
static int children_size;       /* slots that exist */
static volatile int alive;      /* slots with a pid: the handler counts down */
static bool deadlines;          /* some child may have one */
static volatile bool waiting;   /* a call waits: what it waits for is not to be reaped under its hands */
static pid_t waited_for;        /* by the number that waitpid(2) takes */
static volatile bool news;      /* a child was reaped */

static void report(struct child *child) {
        int tag = child->left ? PRX_EVENT_LEFT : PRX_EVENT_EXITED;

        child->unreported = event_send_end(tag, child->id, child->status, &child->usage) == -EAGAIN;
        child->sweeping = child->left;
}

static int64_t microseconds(struct timeval time) {
        return time.tv_sec * INT64_C(1000000) + time.tv_usec;
}

static void reaped(pid_t pid, int status, const struct rusage *usage) {
        struct child *child = children_find(pid);

        if (!child)
                return;
        child->pid = 0;
        child->status = status;
        child->usage = (struct event_usage) { microseconds(usage->ru_utime), microseconds(usage->ru_stime),
                                              usage->ru_maxrss };
        child->unreported = child->id != STRANGER;
        alive--;
        news = true;
}

/* Behind the last of those that were reaped together: one look at what they have left serves all. */
static void tell_news(void) {
        if (!news)
                return;
        news = false;
        if (layer_is_in(driver.depth < 0 ? LAYER_KEEPER : LAYER_SWEEP))
                sweep_look();
        for (int i = 0; i < children_used; i++)
                if (children[i].unreported)
                        report(&children[i]);
}

enum found { NOTHING, STOPPED, REAPED };

/* The kernel lists them in the order of their births, as the table mostly does: after one comes the next. */
struct child *children_find(pid_t pid) {
        static int next;

        for (int n = pid ? children_used : 0; n; n--) {
                next = next < children_used ? next : 0;
                if (children[next++].pid == pid)
                        return &children[next - 1];
        }
        return NULL;
}

/* A process that this one traces has stopped. It goes on by itself where nobody would let it: when it is to
 * end, when it is dead already and not our child, and in the keeper, which obeys no user. */
static bool is_to_go_on(const siginfo_t *info) {
        const struct child *child = children_find(info->si_pid);
        bool dying = info->si_status >> 8 == PTRACE_EVENT_EXIT;

        return driver.depth < 0 || driver.ending || (child ? child->ended : dying);
}

/* What it was about to get, when it goes on untraced: not what stops it. */
static int signal_to_pass_on(int status) {
        int signal = status >> 16 ? 0 : WSTOPSIG(status) & 0x7f;

        return signal == SIGTRAP || signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU
                ? 0 : signal;
}

static bool let_go(pid_t pid) {
        struct rusage usage;
        int status;

        if (wait4(pid, &status, WNOHANG, &usage) <= 0)
                return false;
        if (WIFSTOPPED(status))
                (void) ptrace(PTRACE_DETACH, pid, NULL, (void *) (intptr_t) signal_to_pass_on(status));
        else
                reaped(pid, status, &usage);
        return true;
}

/* In this order: a signal to a process that is stopped in a trace would be swallowed. */
static void order_end(struct child *child, int signal) {
        child->ended = true;
        (void) ptrace(PTRACE_DETACH, child->pid, NULL, NULL);
        if (signal)
                (void) kill(child->pid, signal);
}

/* A look first: a traced child's stop comes whatever the options say, and is its tracer's to take. */
static enum found reap_one(idtype_t type, pid_t pid) {
        siginfo_t info = { 0 };
        struct rusage usage;
        int status;

        if (waitid(type, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
                return NOTHING;
        if (info.si_code != CLD_EXITED && info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED)
                return is_to_go_on(&info) && let_go(info.si_pid) ? REAPED : STOPPED;
        if (wait4(info.si_pid, &status, WNOHANG, &usage) <= 0)
                return NOTHING;
        reaped(info.si_pid, status, &usage);
        return REAPED;
}

static void reap_some(bool (*wanted)(const struct child *child)) {
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && wanted(&children[i]))
                        (void) reap_one(P_PID, children[i].pid);
}

static bool anyone(const struct child *child) {
        (void) child;
        return true;
}

/* Nobody waits for it, be it by its number, its group, or as one of all. */
static bool is_other(const struct child *child) {
        pid_t pid = waited_for;

        if (!waiting)
                return true;
        if (pid == -1)
                return false;
        return pid > 0 ? child->pid != pid : getpgid(child->pid) != (pid ? -pid : getpgrp());
}

static bool is_ended(const struct child *child) {
        return child->ended && is_other(child);
}

void children_reap(void) {
        enum found found;

        if (!driver.ending && (waiting || signals_child_is_taken())) {
                reap_some(is_ended);
                tell_news();
                return;
        }
        while ((found = reap_one(P_ALL, 0)) == REAPED)
                ;
        /* The first of several that have news may be one that has stopped: the others are asked for by name. */
        if (found == STOPPED)
                reap_some(anyone);
        tell_news();
}

void children_reap_held(void) {
        signals_hold_children();
        children_reap();
        signals_release_children();
}

static pid_t wait_for(pid_t pid, int options, int *ret_status, struct rusage *ret_usage) {
        for (;;) {
                pid_t found = wait4(pid, ret_status, options | WNOHANG, ret_usage);
                if (found)
                        return found < 0 ? -errno : found;
                if (options & WNOHANG)
                        return 0;
                if (!signals_child_is_taken())
                        reap_some(is_other);
                tell_news();
                int result = loop_pause();
                if (result)
                        return result;
        }
}

pid_t children_wait(pid_t pid, int options, int *ret_status) {
        struct rusage usage;

        signals_hold_children();
        /* Who has SIGCHLD ignored waits until none is left: the statuses are nobody's. */
        waiting = !signals_child_is_ignored();
        waited_for = pid;
        pid_t found = wait_for(pid, options, ret_status, &usage);
        waiting = false;
        if (found > 0 && (WIFEXITED(*ret_status) || WIFSIGNALED(*ret_status)))
                reaped(found, *ret_status, &usage);
        children_reap();
        signals_release_children();
        return found;
}

static int grow(void) {
        int size = children_size ? children_size * 2 : 16;
        struct child *grown = realloc(children, (size_t) size * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        children = grown;
        children_size = size;
        return 0;
}

static int free_slot(void) {
        for (int i = 0; alive < children_used && i < children_used; i++)
                if (!children[i].pid && !children[i].unreported && !children[i].sweeping)
                        return i;
        return children_used;
}

int children_reserve(void) {
        int result = family_found();

        if (result)
                return result;
        signals_hold_children();
        int slot = free_slot();
        if ((driver.depth >= 0 && alive >= driver.options[PRX_OPTION_maxchild]) || slot >= PRX_CHILDREN_MAX)
                slot = -EAGAIN;
        else if (slot == children_size && grow() < 0)
                slot = -ENOMEM;
        signals_release_children();
        return slot;
}

void children_add(int slot, pid_t pid, int64_t id, int64_t signaloneof) {
        children[slot] = (struct child) { .pid = pid, .id = id, .signaloneof = (int) signaloneof };
        if (slot >= children_used)
                children_used = slot + 1;
        alive++;
}

/* The table stays: to give it back would make pages of it this process's own. */
void children_forget(void) {
        children_used = 0;
        alive = 0;
        deadlines = news = false;
        sweep_forget();
}

bool children_any(void) {
        siginfo_t info;

        return alive > 0 || waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int children_count(void) {
        return alive;
}

bool children_report(void) {
        bool all = true;

        signals_hold_children();
        for (int i = 0; i < children_used && all; i++)
                if (children[i].unreported) {
                        report(&children[i]);
                        all = !children[i].unreported;
                }
        signals_release_children();
        return all;
}

void children_end(int64_t id, int signal, int64_t deadline) {
        signals_hold_children();
        for (int i = 0; i < children_used; i++) {
                struct child *child = &children[i];
                if (child->id == id && !child->pid && child->sweeping) {
                        child->deadline = deadline;
                        child->sweep_from = now_usec();
                        child->asked = true;
                        sweep_soon();
                } else if (child->pid && (child->id == id || (child->id == STRANGER && child->of == id))) {
                        order_end(child, signal);
                        children_set_deadline(child, deadline);
                }
        }
        children_reap();
        signals_release_children();
}

int64_t children_kill_late(int64_t now) {
        int64_t next = -1;

        if (!deadlines)
                return -1;
        signals_hold_children();
        for (int i = 0; i < children_used; i++) {
                struct child *child = &children[i];
                if (!child->pid || child->deadline <= 0)
                        continue;
                if (child->deadline <= now) {
                        (void) kill(child->pid, SIGKILL);
                        child->deadline = DEADLINE_PASSED;
                } else if (next < 0 || child->deadline < next)
                        next = child->deadline;
        }
        deadlines = next >= 0;
        signals_release_children();
        return next;
}

static struct child *find(int64_t id) {
        for (int i = 0; id != STRANGER && i < children_used; i++)
                if (children[i].pid && children[i].id == id)
                        return &children[i];
        return NULL;
}

bool children_has(int64_t id) {
        signals_hold_children();
        bool found = find(id) != NULL;
        signals_release_children();
        return found;
}

bool children_set_signaloneof(int64_t id, int64_t signaloneof) {
        signals_hold_children();
        struct child *child = find(id);
        if (child)
                child->signaloneof = (int) signaloneof;
        signals_release_children();
        return child != NULL;
}

struct child *children_adopt(pid_t pid, int signal) {
        int slot = free_slot();

        if (slot >= PRX_CHILDREN_MAX || (slot == children_size && grow() < 0))
                return NULL;
        children_add(slot, pid, STRANGER, driver.options[PRX_OPTION_signaloneof]);
        driver.family->program[slot] = 1;
        order_end(&children[slot], signal);
        return &children[slot];
}

void children_set_deadline(struct child *child, int64_t deadline) {
        child->deadline = deadline;
        deadlines = true;
}

void children_ask(void) {
        signals_hold_children();
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && children[i].signaloneof && driver.family->program[i])
                        order_end(&children[i], children[i].signaloneof);
        signals_release_children();
}

void children_signal(enum children_kind kind, int signal) {
        signals_hold_children();
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && (kind == CHILDREN_ALL || driver.family->program[i]))
                        order_end(&children[i], signal);
        signals_release_children();
}

void children_save(void) {
        state_put(&children_used, sizeof(children_used));
        state_put(children, (size_t) children_used * sizeof(*children));
}

int children_take(void) {
        int used;

        state_take(&used, sizeof(used));
        if (used < 0 || (size_t) used > state_left() / sizeof(*children))
                return -EBADMSG;
        while (children_size < used)
                if (grow() < 0)
                        return -ENOMEM;
        if (used)
                state_take(children, (size_t) used * sizeof(*children));
        children_used = used;
        for (int i = 0; i < used; i++)
                alive += children[i].pid != 0;
        deadlines = true;
        sweep_soon();
        return 0;
}
