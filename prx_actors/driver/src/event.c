#include "event.h"

#include "children.h"
#include "driver.h"
#include "msgpack.h"
#include "search.h"
#include "signals.h"
#include "state.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { PREFIX = 4, PID_MAX = 5, EVENT_MAX = PREFIX + 32 + PID_MAX * PRX_PIDS_MAX };

_Static_assert(PID_MAX * PRX_PIDS_MAX >= sizeof(siginfo_t), "an event has room for a siginfo_t");

static void put_length(uint8_t *frame, size_t size) {
        for (size_t i = 0; i < PREFIX; i++)
                frame[i] = (uint8_t) (size >> (8 * (PREFIX - 1 - i)));
}

/* A message of this size is one buffer of the socket: it goes whole or not at all. */
static int send_frame(struct mp_writer *w) {
        if (w->error)
                return w->error;
        put_length(w->data, w->size - PREFIX);
        if (send(FD_EVENT, w->data, w->size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                return 0;
        if (errno != EAGAIN)
                return -errno;
        loop_want_event_writable(true);
        return -EAGAIN;
}

int event_send_child(int tag, int64_t id, int value) {
        uint8_t data[EVENT_MAX];
        struct mp_writer w = { .data = data, .size = PREFIX, .capacity = sizeof(data), .limit = sizeof(data) };

        mp_write_array(&w, 3);
        mp_write_int(&w, tag);
        mp_write_int(&w, id);
        mp_write_int(&w, value);
        return send_frame(&w);
}

int event_send_end(int tag, int64_t id, int status, const struct event_usage *usage) {
        uint8_t data[EVENT_MAX];
        struct mp_writer w = { .data = data, .size = PREFIX, .capacity = sizeof(data), .limit = sizeof(data) };

        mp_write_array(&w, 6);
        mp_write_int(&w, tag);
        mp_write_int(&w, id);
        mp_write_int(&w, status);
        mp_write_int(&w, usage->user);
        mp_write_int(&w, usage->system);
        mp_write_int(&w, usage->max_rss);
        return send_frame(&w);
}

int event_send_signal(const siginfo_t *info) {
        uint8_t data[EVENT_MAX];
        struct mp_writer w = { .data = data, .size = PREFIX, .capacity = sizeof(data), .limit = sizeof(data) };

        mp_write_array(&w, 3);
        mp_write_int(&w, PRX_EVENT_SIGNAL);
        mp_write_int(&w, info->si_signo);
        mp_write_bytes(&w, info, sizeof(*info));
        return send_frame(&w);
}

static void write_pids(struct mp_writer *w, const pid_t *pids, int count) {
        mp_write_array(w, (uint32_t) count);
        for (int i = 0; i < count; i++)
                mp_write_int(w, pids[i]);
}

int event_send_swept(int64_t id, bool any, const pid_t *pids, int count) {
        uint8_t data[EVENT_MAX];
        struct mp_writer w = { .data = data, .size = PREFIX, .capacity = sizeof(data), .limit = sizeof(data) };

        mp_write_array(&w, 4);
        mp_write_int(&w, PRX_EVENT_SWEPT);
        mp_write_int(&w, id);
        mp_write_int(&w, any);
        write_pids(&w, pids, count);
        return send_frame(&w);
}

int event_send_searched(int64_t id, const pid_t *pids, int count) {
        uint8_t data[EVENT_MAX];
        struct mp_writer w = { .data = data, .size = PREFIX, .capacity = sizeof(data), .limit = sizeof(data) };

        mp_write_array(&w, 3);
        mp_write_int(&w, PRX_EVENT_SEARCHED);
        mp_write_int(&w, id);
        write_pids(&w, pids, count);
        return send_frame(&w);
}

/* 0, or -EBADMSG: to search is for the keeper alone. */
static int perform(int64_t tag, int64_t id, int signal, int64_t deadline) {
        if (tag == PRX_ORDER_END)
                children_end(id, signal, deadline);
        else if (tag != PRX_ORDER_SEARCH || driver.depth >= 0)
                return -EBADMSG;
        else
                search_begin(id, signal, deadline);
        return 0;
}

static void obey(uint8_t *order, size_t size) {
        struct mp_reader r;

        mp_read_init(&r, order, size);
        uint32_t count = mp_read_array(&r);
        int64_t tag = mp_read_int(&r);
        int64_t id = mp_read_int(&r);
        int64_t signal = mp_read_int(&r);
        int64_t delay = mp_read_int(&r);
        if (r.failed || count != 4 || signal < 0 || signal > SIGRTMAX || delay < 0 || r.at != r.end ||
            perform(tag, id, (int) signal, deadline_after(delay)) < 0)
                end_begin(deadline_after(driver.options[PRX_OPTION_killdelay]), PRX_EXIT_PROTOCOL);
}

static size_t frame_length(const uint8_t *frame) {
        return (size_t) frame[0] << 24 | (size_t) frame[1] << 16 | (size_t) frame[2] << 8 | frame[3];
}

static uint8_t data[PREFIX + PRX_ORDER_MAX];
static size_t have;

void event_forget(void) {
        have = 0;
}

void event_save(void) {
        state_put(&have, sizeof(have));
        state_put(data, have);
}

int event_take(void) {
        state_take(&have, sizeof(have));
        if (have >= sizeof(data))
                return -EBADMSG;
        state_take(data, have);
        return 0;
}

/* By recvmsg, which the call channel needs as well: recv would be one more for a seccomp filter to allow. */
static int receive_orders(void) {
        for (;;) {
                struct iovec part = { data + have, sizeof(data) - have };
                struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
                ssize_t n = recvmsg(FD_EVENT, &message, MSG_DONTWAIT);
                if (n < 0)
                        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
                if (n == 0)
                        return -EPIPE;
                have += (size_t) n;
                while (have >= PREFIX && have >= PREFIX + frame_length(data)) {
                        size_t size = PREFIX + frame_length(data);
                        obey(data + PREFIX, size - PREFIX);
                        memmove(data, data + size, have - size);
                        have -= size;
                }
                if (have == sizeof(data))
                        end_begin(deadline_after(driver.options[PRX_OPTION_killdelay]), PRX_EXIT_PROTOCOL);
        }
}

/* The handler of SIGCHLD receives them, too. */
int event_receive_orders(void) {
        signals_hold_children();
        int result = receive_orders();
        signals_release_children();
        return result;
}
