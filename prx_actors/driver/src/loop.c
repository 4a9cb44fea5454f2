#include "driver.h"

#include "channel.h"
#include "children.h"
#include "event.h"
#include "search.h"
#include "signals.h"
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

int64_t now_usec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_MONOTONIC, &t);
        return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t deadline_after(int64_t usec) {
        int64_t now = now_usec();

        return usec < INT64_MAX - now ? now + usec : INT64_MAX;
}

int64_t earlier(int64_t one, int64_t other) {
        return one < 0 || (other >= 0 && other < one) ? other : one;
}

static int watch(int fd) {
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

        return epoll_ctl(FD_EPOLL, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* An epoll and not poll(2), which refuses when RLIMIT_NOFILE is lowered below the number of its entries. */
int loop_init(void) {
        int fd = epoll_create1(EPOLL_CLOEXEC);

        if (fd < 0 || dup3(fd, FD_EPOLL, O_CLOEXEC) < 0)
                return -errno;
        (void) close(fd);
        int result = watch(FD_CALL);
        if (!result)
                result = watch(FD_EVENT);
        if (!result && layer_is_in(LAYER_PARENT))
                result = watch(FD_PARENT);
        if (!result && driver.parent_family && layer_is_in(LAYER_ORDERS))
                result = watch(FD_ORDERS);
        return result;
}

/* Called by the SIGCHLD handler too: epoll_ctl is a bare system call. */
void loop_want_event_writable(bool want) {
        struct epoll_event event = { .events = EPOLLIN | (want ? EPOLLOUT : 0), .data.fd = FD_EVENT };

        (void) epoll_ctl(FD_EPOLL, EPOLL_CTL_MOD, FD_EVENT, &event);
}

static void unwatch(int fd) {
        (void) epoll_ctl(FD_EPOLL, EPOLL_CTL_DEL, fd, NULL);
}

static void end_now(int fd, int64_t deadline, int exit_status) {
        unwatch(fd);
        end_begin(deadline, exit_status);
}

static int64_t own_deadline(void) {
        return deadline_after(driver.options[PRX_OPTION_killdelay]);
}

static void on_event_channel(uint32_t events) {
        if (events & EPOLLOUT) {
                loop_want_event_writable(false);
                (void) children_report();
        }
        if (events & (EPOLLIN | EPOLLHUP | EPOLLERR) && event_receive_orders() < 0)
                end_now(FD_EVENT, own_deadline(), 0);
}

static void on_served(int result) {
        if (result == 0)
                return;
        /* What was ordered before the channel was shut: a keeper may end before it has looked. */
        (void) event_receive_orders();
        end_now(FD_CALL, own_deadline(), result == -EBADMSG ? PRX_EXIT_PROTOCOL
                                         : result == -ENOMEM ? PRX_EXIT_RESOURCE : 0);
}

static void on_ready(const struct epoll_event *event) {
        switch (event->data.fd) {
        case FD_EVENT:
                on_event_channel(event->events);
                break;
        case FD_PARENT:
                end_now(FD_PARENT, own_deadline(), 0);
                break;
        case FD_ORDERS:
                end_now(FD_ORDERS, driver.parent_family->deadline, 0);
                break;
        default:
                if (driver.ending)
                        unwatch(FD_CALL);
                else
                        on_served(channel_serve());
        }
}

static int timeout_ms(void) {
        int64_t now = now_usec();
        int64_t sweep = sweep_step(now);
        int64_t next = children_kill_late(now);

        next = earlier(earlier(next, sweep), search_step(now));
        /* While the end goes on, strangers come back without a signal to us: look for them. */
        if (driver.ending)
                return 20;
        if (next < 0)
                return -1;
        return next <= now ? 0 : (int) ((next - now) / 1000 + 1 < 60000 ? (next - now) / 1000 + 1 : 60000);
}

static void listen_for_calls(uint32_t events) {
        struct epoll_event event = { .events = events, .data.fd = FD_CALL };

        (void) epoll_ctl(FD_EPOLL, EPOLL_CTL_MOD, FD_CALL, &event);
}

int loop_pause(void) {
        struct epoll_event event;

        /* Requests wait until the one under way is answered. */
        listen_for_calls(EPOLLRDHUP);
        int n = epoll_pwait(FD_EPOLL, &event, 1, timeout_ms(), signals_held());
        int error = errno;
        listen_for_calls(EPOLLIN);
        if (n < 0)
                return error == EINTR ? 0 : -error;
        if (n > 0 && event.data.fd != FD_EVENT)
                return -EINTR;
        if (n > 0)
                on_event_channel(event.events);
        return driver.ending ? -EINTR : 0;
}

/* One event a turn: a fork in the middle of a batch would leave the child with the rest of its parent's. */
void loop_run(void) {
        for (;;) {
                struct epoll_event event;
                int n = epoll_pwait(FD_EPOLL, &event, 1, timeout_ms(), signals_wait_mask());

                if (n > 0)
                        on_ready(&event);
                else if (n < 0 && errno != EINTR) /* a filter of the user's forbids it */
                        end_begin(own_deadline(), PRX_EXIT_RESOURCE);
                signals_flush();
                if (driver.ending)
                        end_step();
        }
}

/* Nothing new may come on the channel, although a request is waiting: it is in our input already. */
void loop_resume(void) {
        on_served(channel_resume());
        loop_run();
}
