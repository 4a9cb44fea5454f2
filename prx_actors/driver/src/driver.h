/* The one driver that this process is. */
#pragma once

#include "filter.h"
#include "layers.h"
#include "msgpack.h"
#include "protocol.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The driver's own fds have fixed numbers, out of the way of what the user opens and below 64, where the
 * kernel's table of a process needs no allocation of its own. All are close-on-exec. */
enum {
        FD_STATE = 53,  /* what the image before this one has left, for a moment */
        FD_IMAGE,       /* the driver's binary */
        FD_FAMILY_PAGE, /* struct family, shared with the children */
        FD_PARENT_PAGE, /* the parent's FD_FAMILY_PAGE */
        FD_CALL,        /* requests and replies */
        FD_EVENT,       /* events and orders */
        FD_EPOLL,
        FD_SELF,        /* pidfd of this process, which its children poll */
        FD_PARENT,      /* pidfd of the parent (of the runtime, in the keeper) */
        FD_FAMILY,      /* eventfd by which the children are told to end */
        FD_ORDERS,      /* the parent's FD_FAMILY */
        FD_OWN_END,
        FD_OWN_FIRST = FD_STATE,
};

/* One page shared by a driver and its children: it works whatever credentials, namespaces and signal
 * dispositions they take on, where a signal or a message may not get through. */
struct family {
        int64_t deadline;       /* microseconds of CLOCK_MONOTONIC */
        uint8_t program[];      /* 1: the child of that slot has turned into a program */
};

struct driver {
        uint64_t run_id;        /* 36 bits that name the runtime; 0: leave the mark alone */
        int64_t id;             /* the task's number, 0 in the keeper */
        int64_t depth;          /* -1 in the keeper */
        int64_t options[PRX_OPTION_COUNT];
        int64_t maxchild_limit; /* what RLIMIT_NOFILE leaves of PRX_CHILDREN_MAX, once a call has lowered it */
        struct filter filter;   /* calls that this driver refuses ... */
        struct filter forks_filter; /* ... and that those refuse which it forks */
        rlim_t nofile_original; /* the soft limit that programs get back ... */
        rlim_t nofile_raised;   /* ... if it is still this one */
        struct rlimit rttime;   /* what the user sees of the limit that holds the mark */
        struct family *family;
        struct family *parent_family;
        uint8_t *program;       /* this process' own flag in the parent's page */
        /* Two attributes hold the tree together: a driver is a subreaper, and learns of its parent's death by a
         * pidfd. The user's settings of them are remembered without being the driver's own; no fork has them. */
        bool user_subreaper;
        int user_death_signal;
        bool ending;
        int64_t deadline;
        int exit_status;
};

extern struct driver driver;

/* What a fork is given for the child: pairs of an option's number and its value. */
struct birth_options {
        const int64_t *pairs;
        uint32_t count;         /* of both together */
};

/* options.c: the range of an option, and those of a child. */
bool option_in_range(int64_t option, int64_t value);
bool birth_options_valid(const struct birth_options *options);
void birth_options_take(const struct birth_options *options);
int64_t birth_option(const struct birth_options *options, enum prx_option option);

/* birth.c: from a fresh process to a driver. */
int birth_keeper(const char **ret_step);
pid_t birth_fork(uint64_t flags, int64_t id, const struct birth_options *options, int *ret_pidfd);

/* loop.c */
int loop_init(void);
void loop_want_event_writable(bool want);
void loop_run(void) __attribute__((noreturn));
int loop_pause(void);   /* in a call: until a signal comes (0), or the end (-EINTR) */
void loop_resume(void) __attribute__((noreturn));       /* the same, after an exec of the driver */
int64_t now_usec(void);
int64_t deadline_after(int64_t usec);   /* on that clock; for ever, when the sum does not fit */
int64_t earlier(int64_t one, int64_t other);    /* of two times, where -1 is never */

/* family.c: none, with errno, when there is no memory. */
int family_found(void);         /* a driver's own, with its first child */
struct family *family_map(int fd);
void family_unmap(struct family *family);
bool family_is_kept(int fd);    /* whether it outlives an exec of the driver */

/* end.c: the end of this driver and of all below it. */
void end_begin(int64_t deadline, int exit_status);
void end_step(void);

/* mark.c: the inherited mark. */
void mark_init(uint64_t run_id);
void mark_set(int64_t id);
int64_t mark_of(pid_t pid);              /* the number of the task whose mark it has, or -1 */
int64_t mark_number(int64_t id);         /* as much of a task's number as a mark holds */

/* title.c: what ps(1) shows of this process. */
void title_init(int argc, char **argv);
int title_set(const void *text, size_t size);

/* program.c: what a program gets and what it must not. */
int program_exec(const char *path, char **argv, char **envp);
int program_fexec(int fd, char **argv, char **envp);

/* True for the fds above, which no call may touch. */
static inline bool fd_is_own(int64_t fd) {
        return fd >= FD_OWN_FIRST && fd < FD_OWN_END;
}
