#include "peer.h"

#include "msgpack.h"
#include "protocol.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PREFIX = 4, FDS_MAX = 64 };

/* Signals that an order of this input may have named, faults too. */
static bool ordered[1 << 8];

/* Whether bytes were sent that need not be frames: nobody but the driver knows where those that follow begin. */
static bool unframed;

void peer_forget_orders(void) {
        memset(ordered, 0, sizeof(ordered));
        unframed = false;
}

static void note_frame(const uint8_t *data, size_t size) {
        uint8_t order[PRX_ORDER_MAX];
        struct mp_reader r;

        size = size < sizeof(order) ? size : sizeof(order);
        memcpy(order, data, size);
        mp_read_init(&r, order, size);
        (void) mp_read_array(&r);
        (void) mp_read_int(&r);
        (void) mp_read_int(&r);
        int64_t signal = mp_read_int(&r);
        if (!r.failed && signal >= 0 && signal < (int64_t) sizeof(ordered))
                ordered[signal] = true;
}

void peer_note_order(const uint8_t *data, size_t size, bool framed) {
        unframed = unframed || !framed;
        if (!unframed)
                note_frame(data, size);
        for (size_t i = 0; unframed && i < size; i++)
                ordered[data[i]] = true;
}

void must(bool holds, const char *what) {
        if (holds)
                return;
        (void) fprintf(stderr, "fuzz_loop: %s\n", what);
        abort();
}

void must_be_no_fault(int wait_status) {
        static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP };

        for (size_t i = 0; WIFSIGNALED(wait_status) && i < sizeof(faults) / sizeof(faults[0]); i++)
                must(WTERMSIG(wait_status) != faults[i], "a driver has died of a fault");
}

static void open_stream(struct stream *s, int *ret_far) {
        int pair[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "no socketpair");
        *s = (struct stream) { .fd = pair[0] };
        *ret_far = pair[1];
}

void peer_open(struct peer *peer, int *ret_call, int *ret_event) {
        open_stream(&peer->call, ret_call);
        open_stream(&peer->event, ret_event);
}

void peer_close(struct peer *peer) {
        (void) close(peer->call.fd);
        (void) close(peer->event.fd);
}

void peer_send(int fd, const void *data, size_t size, const int *fds, size_t count) {
        union {
                struct cmsghdr align;
                char data[CMSG_SPACE(sizeof(int) * FDS_MAX)];
        } control = { 0 };
        struct iovec iov = { (void *) (uintptr_t) data, size };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (count) {
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
                struct cmsghdr *c = CMSG_FIRSTHDR(&message);
                *c = (struct cmsghdr) { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
                                        .cmsg_len = CMSG_LEN(sizeof(int) * count) };
                memcpy(CMSG_DATA(c), fds, sizeof(int) * count);
        }
        (void) sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void check_event(struct stream *s) {
        struct mp_reader r;

        mp_read_init(&r, s->head, s->have);
        uint32_t count = mp_read_array(&r);
        int64_t tag = mp_read_int(&r);
        uint32_t wanted = tag == PRX_EVENT_EXITED || tag == PRX_EVENT_LEFT ? 6 : tag == PRX_EVENT_SWEPT ? 4 : 3;
        (void) mp_read_int(&r);
        int64_t status = mp_read_int(&r);
        must(count == wanted, "an event of another size than its kind has");
        if ((tag == PRX_EVENT_EXITED || tag == PRX_EVENT_LEFT) && !ordered[WTERMSIG((int) status)])
                must_be_no_fault((int) status);
}

static void check_reply(struct stream *s) {
        struct mp_reader r;

        mp_read_init(&r, s->head, s->have);
        must(mp_read_array(&r) == 3, "a reply that is not an array of three");
        (void) mp_read_int(&r);
        int64_t error = mp_read_int(&r);
        must(!r.failed && error >= 0 && error < 4096, "a reply without a number and an errno");
}

static bool take_length(struct stream *s, uint8_t byte) {
        if (s->length_bytes == PREFIX)
                return false;
        s->length = s->length << 8 | byte;
        if (++s->length_bytes == PREFIX)
                must(s->length && s->length <= PRX_FRAME_MAX, "a frame of no length that there is");
        return true;
}

static void take(struct stream *s, uint8_t byte, void (*check)(struct stream *)) {
        if (take_length(s, byte))
                return;
        if (s->have < PEER_HEAD)
                s->head[s->have++] = byte;
        if (--s->length)
                return;
        check(s);
        s->have = s->length_bytes = 0;
}

/* Fds that come with it are dropped by the kernel. False at the end of the channel. */
static bool drain(struct stream *s, void (*check)(struct stream *)) {
        static uint8_t data[65536];

        for (;;) {
                ssize_t n = recv(s->fd, data, sizeof(data), MSG_DONTWAIT);
                if (n <= 0)
                        return n < 0 && errno == EAGAIN;
                for (ssize_t i = 0; i < n; i++)
                        take(s, data[i], check);
        }
}

static bool drain_both(struct peer *peer) {
        (void) drain(&peer->event, check_event);
        return drain(&peer->call, check_reply);
}

void peer_drain(struct peer *peer) {
        (void) drain_both(peer);
}

static int64_t now_ms(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool peer_end(struct peer *peer, int milliseconds) {
        int64_t until = now_ms() + milliseconds;

        (void) shutdown(peer->call.fd, SHUT_WR);
        while (drain_both(peer)) {
                struct pollfd call = { .fd = peer->call.fd, .events = POLLIN };
                /* The other channel is looked at now and then: its end may be there long before. */
                if (now_ms() >= until)
                        return false;
                (void) poll(&call, 1, 10);
        }
        (void) drain(&peer->event, check_event);
        must(!peer->call.length_bytes || peer->call.length_bytes < PREFIX || !peer->call.have, "a reply is cut off");
        return true;
}
