#pragma once

#include <stdint.h>
#include <sys/types.h>

typedef void procfs_visit(pid_t pid);

/* Visits this process' children. -ENOENT and the like where /proc cannot tell: not mounted, or another pid
 * namespace's, whose numbers would name strangers. */
int procfs_children(procfs_visit *visit);

/* The soft RLIMIT_RTTIME of a process, which anybody may read there; 0 where there is none. */
uint64_t procfs_rttime(pid_t pid);
