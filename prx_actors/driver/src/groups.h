/* Control groups of version 2, where the keeper may make some: one for the keeper, and in it a leaf for each root,
 * named by its number. Who is not the keeper, and a keeper without such a tree, has none: all of this does nothing
 * then. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* In the keeper: makes its group, and removes those whose keepers are dead, with all that is in them. */
void groups_init(uint64_t run_id);

/* A new leaf's directory, or -1. */
int groups_add_leaf(int64_t id);

/* Moves this process; for kernels and filters without CLONE_INTO_CGROUP. */
void groups_join(int leaf);

/* In a child of the keeper. */
void groups_forget(void);

/* The number of the root in whose leaf a process is, or -1. */
int64_t groups_leaf_of(pid_t pid);

/* Kills all in a leaf, or with -1 in all leaves. */
void groups_kill(int64_t id);

/* Removes a leaf, or with -1 the keeper's group: -EBUSY while a process is in it. Async-signal-safe. */
int groups_remove(int64_t id);
