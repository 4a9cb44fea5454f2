#include "children.h"

#include "driver.h"
#include "event.h"
#include "procfs.h"
#include "signals.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STRANGER = -1 };

struct child {
        pid_t pid;              /* 0: reaped, or never used */
        int status;
        int64_t id;             /* the task's number, or STRANGER */
        int64_t deadline;       /* 0: none */
        bool unreported;
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

void children_reap(void) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                reaped(pid, status);
}

static int found_family(void) {
        struct family *family;

        if (driver.family)
                return 0;
        family = family_make();
        if (!family)
                return -errno;
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0 || dup3(fd, FD_FAMILY, O_CLOEXEC) < 0) {
                int error = -errno;
                family_unmap(family);
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
                        if (signal)
                                (void) kill(children[i].pid, signal);
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

static bool known(pid_t pid) {
        for (int i = 0; i < children_used; i++)
                if (children[i].pid == pid)
                        return true;
        return false;
}

static void adopt(pid_t pid, int signal) {
        int slot = known(pid) ? -1 : free_slot();

        if (slot < 0 || slot >= PRX_CHILDREN_MAX || (slot == children_size && grow() < 0))
                return;
        children_add(slot, pid, STRANGER);
        driver.family->program[slot] = 1;
        if (signal)
                (void) kill(pid, signal);
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
                        (void) kill(children[i].pid, signal);
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
        return 0;
}
