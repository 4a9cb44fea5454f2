/* What the runtime and the driver agree on. Included by both: the runtime reads it through cffi.
 *
 * A frame is a 32-bit big-endian length and that many bytes of MessagePack:
 *   request, runtime to driver, call socket:   [number, call, argument...]
 *   the same, several calls in one:            [number, -1, bytes of [call, argument...], ...]
 *   reply, driver to runtime, call socket:     [number, errno, value]
 *   event, driver to runtime, event socket:    [tag, ...]  (enum prx_event)
 *   order, runtime to driver, event socket:    [tag, ...]  (enum prx_order)
 * File descriptors are bound to the first byte of their frame. */
#pragma once

enum {
        PRX_PROTOCOL_VERSION = 1,
        PRX_FRAME_MAX = 64 << 20,       /* bytes */
        PRX_ELEMENTS_MAX = 1000000,     /* elements of one array */
        PRX_ORDER_MAX = 64,             /* bytes of an order's frame */
        PRX_CHILDREN_MAX = 1000000,     /* the upper bound of maxchild */
        PRX_HELLO_FDS = 2,              /* event socket, pidfd of the runtime */
        PRX_FORK_FDS = 5,               /* call socket, event socket, stdin, stdout, stderr */
        PRX_REPLY_FDS = 1,              /* pidfd of the child */
        PRX_PIDS_MAX = 32,              /* pids that one event names */
};

/* In the place of a call: several, one after the other until one fails. The value is [how many were done, errno]. */
enum { PRX_BATCH = -1 };

/* How a driver exits. 0 is an end by order: the channel was closed, or `exit` said so. */
enum prx_exit_status {
        PRX_EXIT_STARTUP = 120,         /* fd 0 is not the runtime's socket, or the first message is wrong */
        PRX_EXIT_PROTOCOL = 121,        /* a malformed frame */
        PRX_EXIT_RESOURCE = 122,        /* no memory or fds for what a new driver cannot do without */
};

enum prx_event {
        PRX_EVENT_EXITED = 1,           /* [1, child, wait status, usage...]: and nothing that it had started is left;
                                         * usage is user and system time in microseconds, and KiB of memory */
        PRX_EVENT_SIGNAL = 2,           /* [2, signal, siginfo_t] */
        PRX_EVENT_LEFT = 3,             /* [3, child, wait status, usage...]: it has left processes behind, or may have */
        PRX_EVENT_SWEPT = 4,            /* [4, child, whether there were any, [pid...]]: these do not end */
        PRX_EVENT_SWEEPING = 5,         /* [5, child, 0]: the order to end what it has left is being obeyed */
        PRX_EVENT_SEARCHED = 6,         /* [6, task, [pid...]]: of the processes with its mark, these do not end;
                                         * of task 0: a keeper's last word, who has searched for everything */
};

enum prx_order {
        PRX_ORDER_END = 1,              /* [1, child, signal, microseconds to SIGKILL]: end that child */
        PRX_ORDER_SEARCH = 2,           /* [2, task, signal, microseconds to SIGKILL]: end all with its mark; the keeper's;
                                         * of task 0: not to end without a search for everything */
};

enum { PRX_SEARCH_EVERYTHING = 0 };     /* no task's number */

/* Options of a task: name and default. Integers; times are microseconds. Inherited by forks. */
#define PRX_OPTIONS(X) \
        X(maxchild, 64) \
        X(maxforkdepth, 16) \
        X(exit_status, 1) \
        X(termsig, 1) \
        X(flowcontrol, -1) \
        X(signaloneof, 15) \
        X(stdin_closed, 0) \
        X(stdout_closed, 0) \
        X(stderr_closed, 0) \
        X(killdelay, 4000000) \
        X(pipe_size, 0) \
        X(high_water, 16 << 20) \
        X(stdin_limit, 16 << 20) \
        X(drain, 1000000)

#define PRX_OPTION_NUMBER(name, default_value) PRX_OPTION_##name,
enum prx_option { PRX_OPTIONS(PRX_OPTION_NUMBER) PRX_OPTION_COUNT };
#undef PRX_OPTION_NUMBER

/* What a fork may be given besides options: the depth at which a root takes itself to be. */
enum { PRX_BIRTH_DEPTH = PRX_OPTION_COUNT };
