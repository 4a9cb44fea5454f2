#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef void procfs_visit(pid_t pid);

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
