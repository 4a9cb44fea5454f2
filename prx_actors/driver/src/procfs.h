#pragma once

#include <sys/types.h>

/* The pids of this process' children, as many as fit; 0 where /proc cannot tell: not mounted, or another pid
 * namespace's, whose numbers would name strangers. */
int procfs_children(pid_t *ret_pids, size_t size);
