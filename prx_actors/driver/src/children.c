#include "children.h"

#include "driver.h"
#include "event.h"
#include "procfs.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STRANGER = -1 };

struct child {
        pid_t pid;              /* 0: reaped, or never used */
        int status;
        int64_t id;             /* the task's number, or STRANGER */
        int64_t deadline;       /* 0: none */
        bool unreported;
        bool ending;            /* was told to end: a tracer does not keep it */
};

static struct child *children;
static int children_size;       /* slots that exist */
static int children_used;       /* slots up to the last one ever taken */
static volatile int alive;      /* slots with a pid: the handler counts down */
static bool deadlines;          /* some child may have one */

static void report(struct child *child) {
        child->unreported = event_send_exited(child->id, child->status) == -EAGAIN;
}

static void reaped(pid_t pid, int status) {
        for (int i = 0; i < children_used; i++) {
                struct child *child = &children[i];
                if (child->pid != pid)
                        continue;
                child->pid = 0;
                child->status = status;
                alive--;
                if (child->id != STRANGER)
                        report(child);
                return;
        }
}

static struct child *find(pid_t pid) {
        for (int i = 0; i < children_used; i++)
                if (children[i].pid == pid)
                        return &children[i];
        return NULL;
}

/* What the traced process was about to get, when it goes on untraced: not what stops it. */
static int signal_to_pass_on(int status) {
        int signal = status >> 16 ? 0 : WSTOPSIG(status) & 0x7f;

        return signal == SIGTRAP || signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU
                ? 0 : signal;
}

static void report_stop(pid_t pid, int status) {
        siginfo_t info = { .si_signo = SIGCHLD, .si_code = CLD_TRAPPED };

        info.si_pid = pid;
        info.si_status = status >> 8;
        signals_report_child(&info);
}

/* A process that this one traces has stopped. It goes on by itself where nobody would let it: when it is to
 * end, when it is dead already and not our child, and in the keeper, which obeys no user. */
static void stopped(pid_t pid, int status) {
        const struct child *child = find(pid);
        bool dying = status >> 16 == PTRACE_EVENT_EXIT;

        if (driver.depth < 0 || driver.ending || (child ? child->ending : dying))
                (void) ptrace(PTRACE_DETACH, pid, NULL, (void *) (intptr_t) signal_to_pass_on(status));
        else
                report_stop(pid, status);
}

void children_reap(void) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (WIFSTOPPED(status))
                        stopped(pid, status);
                else
                        reaped(pid, status);
}

/* In this order: a signal to a process that is stopped in a trace would be swallowed. */
static void order_end(struct child *child, int signal) {
        child->ending = true;
        (void) ptrace(PTRACE_DETACH, child->pid, NULL, NULL);
        if (signal)
                (void) kill(child->pid, signal);
}

static int found_family(void) {
        struct family *family;

        if (driver.family)
                return 0;
        /* Only the touched pages of it come to exist. */
        family = mmap(NULL, sizeof(*family) + PRX_CHILDREN_MAX, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (family == MAP_FAILED)
                return -errno;
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0 || dup3(fd, FD_FAMILY, O_CLOEXEC) < 0) {
                int error = -errno;
                (void) munmap(family, sizeof(*family) + PRX_CHILDREN_MAX);
                if (fd >= 0)
                        (void) close(fd);
                return error;
        }
        (void) close(fd);
        driver.family = family;
        return 0;
}

static int grow(void) {
        int size = children_size ? children_size * 2 : 16;
        struct child *grown = realloc(children, (size_t) size * sizeof(*grown));

        if (!grown)
                return -ENOMEM;
        for (int i = children_size; i < size; i++)
                grown[i] = (struct child) { 0 };
        children = grown;
        children_size = size;
        return 0;
}

static int free_slot(void) {
        for (int i = 0; alive < children_used && i < children_used; i++)
                if (!children[i].pid && !children[i].unreported)
                        return i;
        return children_used;
}

int children_reserve(void) {
        int result = found_family();

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

void children_add(int slot, pid_t pid, int64_t id) {
        children[slot] = (struct child) { .pid = pid, .id = id };
        if (slot >= children_used)
                children_used = slot + 1;
        alive++;
}

void children_forget(void) {
        free(children);
        children = NULL;
        children_size = children_used = 0;
        alive = 0;
        deadlines = false;
}

bool children_any(void) {
        siginfo_t info;

        return alive > 0 || waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
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
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && children[i].id == id) {
                        order_end(&children[i], signal);
                        children[i].deadline = deadline;
                        deadlines = true;
                }
        signals_release_children();
}

int64_t children_kill_late(int64_t now) {
        int64_t next = -1;

        if (!deadlines)
                return -1;
        signals_hold_children();
        for (int i = 0; i < children_used; i++) {
                struct child *child = &children[i];
                if (!child->pid || !child->deadline)
                        continue;
                if (child->deadline <= now) {
                        (void) kill(child->pid, SIGKILL);
                        child->deadline = 0;
                } else if (next < 0 || child->deadline < next)
                        next = child->deadline;
        }
        deadlines = next >= 0;
        signals_release_children();
        return next;
}

static void adopt(pid_t pid, int signal) {
        int slot = find(pid) ? -1 : free_slot();

        if (slot < 0 || slot >= PRX_CHILDREN_MAX || (slot == children_size && grow() < 0))
                return;
        children_add(slot, pid, STRANGER);
        driver.family->program[slot] = 1;
        order_end(&children[slot], signal);
}

void children_adopt(int signal) {
        pid_t pids[256];

        if (found_family() < 0)
                return;
        signals_hold_children();
        int count = procfs_children(pids, sizeof(pids) / sizeof(pids[0]));
        for (int i = 0; i < count; i++)
                adopt(pids[i], signal);
        signals_release_children();
}

void children_signal(enum children_kind kind, int signal) {
        signals_hold_children();
        for (int i = 0; i < children_used; i++)
                if (children[i].pid && (kind == CHILDREN_ALL || driver.family->program[i]))
                        order_end(&children[i], signal);
        signals_release_children();
}
