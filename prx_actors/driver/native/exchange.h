/* A request and its reply on a call socket.
 *
 * What a KeyboardInterrupt must not break is kept here and not in Python: between the return of a C function
 * and the next line of Python anything may be raised, so no state change may depend on that line. */
#pragma once

#include "../src/lookout.h"
#include "channel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the reactor found of an abandoned request. */
enum prx_drain {
        PRX_DRAIN_INPUT,        /* the reply is not complete: wait for input */
        PRX_DRAIN_ROOM,         /* the request is not out: wait for room */
        PRX_DRAIN_DONE,
        PRX_DRAIN_CLOSED,       /* the driver closed the channel */
        PRX_DRAIN_TAKEN,        /* a caller has taken it over */
};

/* A request under way. One at a time: the caller holds the task's turn, or marks it abandoned. */
struct prx_exchange {
        int fd;                 /* the call socket */
        bool busy;              /* sent in part or in full, reply not complete */
        bool abandoned;         /* nobody waits for the reply any more: the reactor finishes it */
        struct lookout lookout; /* for the reply */
        int claimed;            /* somebody is inside prx_exchange_* now */
        int closing;            /* whoever leaves last closes the fd */
        uint8_t *out;
        size_t out_capacity, out_size, out_sent;
        uint8_t *reply;
        size_t reply_capacity, reply_have;
        int fds[5];             /* a child's far ends, which go with the first byte; -1 once sent */
        int received;           /* an fd that came with the reply, or -1 */
        bool truncated;         /* fds came that this process has no room for */
        bool no_exec;           /* the driver has ended as one: with the request unread, or with a reply that is */
};

void prx_exchange_init(struct prx_exchange *x);
void prx_exchange_take_socket(struct prx_exchange *x, struct prx_channels *c);
void prx_exchange_shut(struct prx_exchange *x);
void prx_exchange_close(struct prx_exchange *x);
void prx_exchange_free(struct prx_exchange *x);
int prx_exchange_call(struct prx_exchange *x, const uint8_t *data, size_t size, struct prx_channels *child,
                      int64_t deadline_usec);
int prx_exchange_post(struct prx_exchange *x, const uint8_t *data, size_t size);
int prx_exchange_run(struct prx_exchange *x, int64_t deadline_usec);
int prx_exchange_drain(struct prx_exchange *x);
void prx_exchange_abandon(struct prx_exchange *x);
bool prx_exchange_is_exec(struct prx_exchange *x);
int prx_exchange_take_pidfd(struct prx_exchange *x, struct prx_channels *child);
