/* The event socket: small frames that never block and never split, so that the SIGCHLD handler may send too. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a dead process, and the children that it had waited for, have used: microseconds, KiB. */
struct event_usage {
        int64_t user, system, max_rss;
};

/* 0, -EAGAIN (the loop is told when there is room again), or what send(2) said. */
int event_send_child(int tag, int64_t id, int value);
int event_send_end(int tag, int64_t id, int status, const struct event_usage *usage);
int event_send_signal(const siginfo_t *info);

/* What does not end of what a child has left, and of the processes with a task's mark; as many pids as one event
 * names. */
int event_send_swept(int64_t id, bool any, const pid_t *pids, int count);
int event_send_searched(int64_t id, const pid_t *pids, int count);

/* In a new driver: part of an order to the parent is not for us. */
void event_forget(void);

/* Across an exec of the driver. */
void event_save(void);
int event_take(void);

/* Reads and obeys orders; -EPIPE when the runtime has closed the channel. */
int event_receive_orders(void);
