/* The keeper's search of all processes for the marks of tasks that have ended: it finds what has come away from the
 * drivers above it, to init or into another pid namespace, and what a driver that is stopped does not look for.
 *
 * A mark is evidence about a process that lives, has this run's number in it and was started after the runtime; it
 * is read while a pidfd holds the process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* In the keeper, before it searches: nothing older than the runtime is a task's. */
void search_init(void);

/* The runtime's order: to each process with that mark that signal, once, and SIGKILL from the deadline on. When there
 * is none any more, or they do not end, the runtime is told. */
void search_begin(int64_t id, int signal, int64_t deadline);

/* From the loop: when to come again, or -1. */
int64_t search_step(int64_t now);

/* In a new driver. */
void search_forget(void);

/* Whether the keeper is not to end before it has searched for everything. */
bool search_is_asked(void);

/* At the keeper's end: the same for all marks of this run, now; whether there is none. */
bool search_everything(int signal, int64_t deadline);
