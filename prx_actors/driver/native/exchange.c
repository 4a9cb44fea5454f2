#include "exchange.h"

#include "../src/protocol.h"
#include "pidfd.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PREFIX = 4, REST = 65536 };

static void close_all(int *fds) {
        for (int i = 0; i < PRX_FORK_FDS; i++)
                prx_close(&fds[i]);
}

static bool claim(struct prx_exchange *x) {
        return !__atomic_exchange_n(&x->claimed, 1, __ATOMIC_SEQ_CST);
}

/* An fd number may name another file as soon as it is closed: nobody closes it under somebody who uses it. */
static void unclaim(struct prx_exchange *x) {
        do {
                if (__atomic_load_n(&x->closing, __ATOMIC_SEQ_CST))
                        prx_close(&x->fd);
                __atomic_store_n(&x->claimed, 0, __ATOMIC_SEQ_CST);
        } while (__atomic_load_n(&x->closing, __ATOMIC_SEQ_CST) && x->fd >= 0 && claim(x));
}

/* The reactor holds its claim for some non-blocking system calls at the most. */
static void claim_wait(struct prx_exchange *x) {
        while (!claim(x))
                (void) poll(NULL, 0, 1);
}

void prx_exchange_init(struct prx_exchange *x) {
        *x = (struct prx_exchange) { .fd = -1, .fds = { -1, -1, -1, -1, -1 }, .received = -1 };
}

/* The call socket is the exchange's from now on. */
void prx_exchange_take_socket(struct prx_exchange *x, struct prx_channels *c) {
        x->fd = c->call;
        c->call = -1;
}

/* The order to end. Unlike close(2) it works whoever holds a copy, and wakes who waits for a reply. */
void prx_exchange_shut(struct prx_exchange *x) {
        if (x->fd >= 0)
                (void) shutdown(x->fd, SHUT_RDWR);
}

/* Never waits: whoever is inside is about to leave, since the socket is shut, and closes it then. */
void prx_exchange_close(struct prx_exchange *x) {
        prx_exchange_shut(x);
        __atomic_store_n(&x->closing, 1, __ATOMIC_SEQ_CST);
        if (claim(x))
                unclaim(x);
}

void prx_exchange_free(struct prx_exchange *x) {
        prx_close(&x->received);
        prx_close(&x->fd);
        close_all(x->fds);
        free(x->reply);
        free(x->out);
        x->reply = x->out = NULL;
        x->reply_capacity = x->out_capacity = 0;
}

static int resize(uint8_t **data, size_t *capacity, size_t size) {
        uint8_t *resized = realloc(*data, size);

        if (!resized)
                return -ENOMEM;
        *data = resized;
        *capacity = size;
        return 0;
}

static int make_room(uint8_t **data, size_t *capacity, size_t size) {
        size_t wanted = size < REST ? REST : size;

        if (*capacity == wanted || (*capacity >= size && *capacity <= REST))
                return 0;
        return resize(data, capacity, wanted);
}

/* Takes the request over: from here on it goes out whole, whatever becomes of the caller. */
static int begin(struct prx_exchange *x, const uint8_t *data, size_t size, struct prx_channels *child) {
        if (x->busy)
                return -EBUSY;
        if (size > PRX_FRAME_MAX)
                return -EMSGSIZE;
        int result = make_room(&x->out, &x->out_capacity, PREFIX + size);
        if (result)
                return result;
        for (size_t i = 0; i < PREFIX; i++)
                x->out[i] = (uint8_t) (size >> (8 * (PREFIX - 1 - i)));
        memcpy(x->out + PREFIX, data, size);
        prx_close(&x->received);
        x->out_size = PREFIX + size;
        x->out_sent = x->reply_have = 0;
        for (int i = 0; i < PRX_FORK_FDS; i++) {
                x->fds[i] = child ? child->far[i] : -1;
                if (child)
                        child->far[i] = -1;
        }
        x->truncated = x->abandoned = x->no_exec = false;
        x->busy = true;
        return 0;
}

static int send_some(struct prx_exchange *x, int flags) {
        union {
                struct cmsghdr align;
                char data[CMSG_SPACE(sizeof(int) * PRX_FORK_FDS)];
        } control;
        struct iovec iov = { .iov_base = x->out + x->out_sent, .iov_len = x->out_size - x->out_sent };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (x->fds[0] >= 0) {
                memset(&control, 0, sizeof(control));
                message.msg_control = &control;
                message.msg_controllen = sizeof(control);
                struct cmsghdr *c = CMSG_FIRSTHDR(&message);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(sizeof(int) * PRX_FORK_FDS);
                memcpy(CMSG_DATA(c), x->fds, sizeof(int) * PRX_FORK_FDS);
        }
        ssize_t n = sendmsg(x->fd, &message, flags | MSG_NOSIGNAL);
        if (n < 0)
                return -errno;
        close_all(x->fds);
        x->out_sent += (size_t) n;
        return 0;
}

static void keep_fd(struct prx_exchange *x, struct msghdr *message) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                prx_close(&x->received);
                memcpy(&x->received, CMSG_DATA(c), sizeof(int));
        }
        if (message->msg_flags & MSG_CTRUNC)
                x->truncated = true;
}

static size_t frame_size(const struct prx_exchange *x) {
        if (x->reply_have < PREFIX)
                return PREFIX;
        return PREFIX + ((size_t) x->reply[0] << 24 | (size_t) x->reply[1] << 16 | (size_t) x->reply[2] << 8 | x->reply[3]);
}

static int receive_some(struct prx_exchange *x, int flags) {
        union {
                struct cmsghdr align;
                char data[CMSG_SPACE(sizeof(int))];
        } control;
        size_t size = frame_size(x);

        if (size > (size_t) PRX_FRAME_MAX + PREFIX)
                return -EPROTO;
        int result = make_room(&x->reply, &x->reply_capacity, size);
        if (result)
                return result;
        struct iovec iov = { .iov_base = x->reply + x->reply_have, .iov_len = x->reply_capacity - x->reply_have };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        ssize_t n = recvmsg(x->fd, &message, flags | MSG_CMSG_CLOEXEC);
        if (n < 0) {
                /* A peer that has closed with data to read is told of as this, and once. */
                x->no_exec |= errno == ECONNRESET;
                return -errno;
        }
        keep_fd(x, &message);
        if (n == 0)
                return -EPIPE;
        x->reply_have += (size_t) n;
        /* At once: no more may come, and nobody would look again. */
        if (frame_size(x) > (size_t) PRX_FRAME_MAX + PREFIX)
                return -EPROTO;
        if (x->reply_have >= frame_size(x) && x->reply_have >= PREFIX)
                x->busy = false;
        return 0;
}

static int step(struct prx_exchange *x, int flags) {
        return x->out_sent < x->out_size ? send_some(x, flags) : receive_some(x, flags);
}

static int64_t now_usec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int wait_ready(const struct prx_exchange *x, int64_t deadline_usec) {
        struct pollfd p = { .fd = x->fd, .events = x->out_sent < x->out_size ? POLLOUT : POLLIN };
        int64_t left = deadline_usec - now_usec();
        struct timespec timeout = { .tv_sec = left / 1000000, .tv_nsec = left % 1000000 * 1000 };

        if (left <= 0)
                return -ETIMEDOUT;
        int n = ppoll(&p, 1, &timeout, NULL);
        if (n < 0)
                return -errno;
        return n == 0 ? -ETIMEDOUT : 0;
}

static int receive_awake(struct prx_exchange *x) {
        int result;

        while ((result = receive_some(x, MSG_DONTWAIT)) == -EAGAIN && lookout_again(&x->lookout, now_usec))
                ;
        return result;
}

static int run(struct prx_exchange *x, int64_t deadline_usec) {
        int result = 0;

        lookout_begin(&x->lookout, now_usec());
        while (x->busy && !result) {
                if (x->lookout.awake && x->out_sent == x->out_size)
                        result = receive_awake(x);
                else if (deadline_usec < 0 || !(result = wait_ready(x, deadline_usec)))
                        result = step(x, deadline_usec >= 0 ? MSG_DONTWAIT : 0);
                if (result == -EAGAIN)
                        result = 0;
        }
        lookout_end(&x->lookout, now_usec());
        return result;
}

/* Goes on until the reply is there: 0. -EINTR: a signal came, let Python handle it and call again.
 * -EPIPE: the driver closed. deadline_usec < 0: none. */
int prx_exchange_run(struct prx_exchange *x, int64_t deadline_usec) {
        int result;

        claim_wait(x);
        x->abandoned = false;
        result = x->fd < 0 ? -EPIPE : run(x, deadline_usec);
        /* A driver that is gone takes no fds: the task may be remembered long after. */
        if (result == -EPIPE || result == -ECONNRESET)
                close_all(x->fds);
        /* Too many fds in flight, say: nothing has left, so nothing will come. */
        else if (result && result != -EINTR && result != -ETIMEDOUT && !x->out_sent) {
                close_all(x->fds);
                x->busy = false;
        }
        unclaim(x);
        return result;
}

/* A request and its reply in one go; what it returns is what prx_exchange_run returns, or -EBUSY when an earlier
 * reply is outstanding, -EMSGSIZE or -ENOMEM, with nothing sent. */
int prx_exchange_call(struct prx_exchange *x, const uint8_t *data, size_t size, struct prx_channels *child,
                      int64_t deadline_usec) {
        /* The reactor may be about to leave: it still looks at `busy` and closes `received`. */
        claim_wait(x);
        int result = begin(x, data, size, child);
        unclaim(x);

        return result ? result : prx_exchange_run(x, deadline_usec);
}

/* A request to a driver that is yet to be born, for prx_exchange_run to go on with. */
int prx_exchange_post(struct prx_exchange *x, const uint8_t *data, size_t size) {
        claim_wait(x);
        int result = begin(x, data, size, NULL);
        if (!result)
                result = send_some(x, MSG_DONTWAIT);
        unclaim(x);
        return result == -EAGAIN ? 0 : result;
}

void prx_exchange_abandon(struct prx_exchange *x) {
        claim_wait(x);
        x->abandoned = x->busy;
        prx_close(&x->received);
        unclaim(x);
}

static int drain(struct prx_exchange *x) {
        int result = 0;

        if (!x->abandoned)
                return PRX_DRAIN_TAKEN;
        while (x->busy && !result)
                result = step(x, MSG_DONTWAIT);
        if (result == -EAGAIN || result == -EINTR)
                return x->out_sent < x->out_size ? PRX_DRAIN_ROOM : PRX_DRAIN_INPUT;
        x->abandoned = false;
        prx_close(&x->received);
        return result ? PRX_DRAIN_CLOSED : PRX_DRAIN_DONE;
}

/* For the reactor, never blocking; returns an enum prx_drain. */
int prx_exchange_drain(struct prx_exchange *x) {
        if (!claim(x))
                return PRX_DRAIN_TAKEN;
        int result = drain(x);
        unclaim(x);
        return result;
}

/* Nobody has read what was sent, and nobody will when the channel is closed. */
static bool is_unread(struct prx_exchange *x) {
        int unread = 0;

        return x->out_sent < x->out_size || (ioctl(x->fd, SIOCOUTQ, &unread) == 0 && unread > 0);
}

static bool is_told_otherwise(struct prx_exchange *x) {
        uint8_t byte;
        ssize_t n = recv(x->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

        return n > 0 || (n < 0 && errno == ECONNRESET);
}

/* Whether it was an exec that has closed the channel of an unanswered request, and not the end of the driver, or ours:
 * a request that is unread may be read yet. A parent that dies may hold a copy of the far end for longer than the
 * driver has lived. */
bool prx_exchange_is_exec(struct prx_exchange *x) {
        claim_wait(x);
        bool exec = x->busy && !x->no_exec && !x->reply_have;
        if (exec && x->fd >= 0 && is_unread(x))
                exec = false;
        else if (exec && x->fd >= 0)
                exec = !(x->no_exec = is_told_otherwise(x));
        unclaim(x);
        return exec;
}

/* -EBADF when what came with the reply is none. A signal to a process of another user's is refused otherwise. */
int prx_exchange_take_pidfd(struct prx_exchange *x, struct prx_channels *child) {
        if (prx_pidfd_signal(x->received, 0) == -EBADF)
                return -EBADF;
        child->pidfd = x->received;
        x->received = -1;
        return 0;
}
