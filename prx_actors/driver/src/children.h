/* The table of children. The SIGCHLD handler reads and writes it, so everything else here holds that signal
 * back meanwhile. A pid in the table is not reaped yet: to signal it is safe. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Async-signal-safe: takes every exit there is and reports those of the table; while SIGCHLD is taken over,
 * of those children only that the runtime ends. */
void children_reap(void);

/* The same from outside the handler. */
void children_reap_held(void);

/* waitpid(2), which ends with -EINTR when the driver is to end. An exit that it takes is reported as any. */
pid_t children_wait(pid_t pid, int options, int *ret_status);

/* A free slot, or -EAGAIN beyond maxchild, or -ENOMEM. */
int children_reserve(void);
void children_add(int slot, pid_t pid, int64_t id, int64_t signaloneof);

/* Sets what asks that child to end, and says whether there is such a child. */
bool children_set_signaloneof(int64_t id, int64_t signaloneof);
bool children_has(int64_t id);

/* In a new driver: none of the parent's children are its own. */
void children_forget(void);

bool children_any(void);

/* Those that are not reaped yet. */
int children_count(void);

/* Sends the reports that the event socket had no room for; false when some are left. */
bool children_report(void);

/* The runtime's order: signal that child now, SIGKILL at the deadline. */
void children_end(int64_t id, int signal, int64_t deadline);

/* SIGKILL to those whose deadline has passed; the next deadline, or -1. */
int64_t children_kill_late(int64_t now);

/* Asks the programs among the children to end, each with its own signal. */
void children_ask(void);

enum children_kind { CHILDREN_PROGRAMS, CHILDREN_ALL };
void children_signal(enum children_kind kind, int signal);

/* Across an exec of the driver, with SIGCHLD held back. */
void children_save(void);
int children_take(void);
