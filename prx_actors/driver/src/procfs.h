#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef void procfs_visit(pid_t pid);

/* Set when a file is not opened because there is no room for one more: what is seen is not all there is, this time. */
extern bool procfs_blind;

/* Visits this process' children. -ENOENT and the like where /proc cannot tell: not mounted, or another pid
 * namespace's, whose numbers would name strangers. */
int procfs_children(procfs_visit *visit);

/* The soft RLIMIT_RTTIME of a process, which anybody may read there; 0 where there is none. */
uint64_t procfs_rttime(pid_t pid);

/* Visits all processes, if /proc is this namespace's. */
int procfs_all(procfs_visit *visit);

/* The number of a pidfd's process here, 0 where it has none. */
pid_t procfs_pid(int pidfd);

/* When a process was started, in clock ticks since boot; 0 where that cannot be told. */
uint64_t procfs_start(pid_t pid);

/* The parent of a process, a zombie too; 0 where that cannot be told. */
pid_t procfs_parent(pid_t pid);
