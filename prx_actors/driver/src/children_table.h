/* The table of children as those see it that work on it: children.c and sweep.c, with SIGCHLD held back. */
#pragma once

#include "children.h"
#include "event.h"

enum { STRANGER = -1, ANYBODY = -2, DEADLINE_PASSED = -1 };

struct child {
        pid_t pid;              /* 0: reaped, or never used */
        int status;
        struct event_usage usage;       /* of a dead one */
        int64_t id;             /* the task's number, or STRANGER */
        int64_t of;             /* a stranger: the task whose it is, or ANYBODY */
        int64_t deadline;       /* 0: none, or DEADLINE_PASSED */
        int signaloneof;        /* asks the child to end, once it is a program */
        bool unreported;
        bool ended;             /* by the runtime: it is reaped here, whoever waits for the others */
        int64_t sweep_from;     /* a dead one: when what it has left is to end; until then it may still write */
        bool left;              /* dead, and has left processes behind, or may have */
        bool sweeping;          /* the runtime waits to hear that they are gone */
        bool had_left;          /* some were found */
        bool asked;             /* the runtime has ordered their end, and has not heard that it is under way */
};

extern struct child *children;
extern int children_used;       /* slots up to the last one ever taken */

struct child *children_find(pid_t pid);

/* A stranger becomes a child of the table, and gets the signal; NULL where there is no room. */
struct child *children_adopt(pid_t pid, int signal);
void children_set_deadline(struct child *child, int64_t deadline);
