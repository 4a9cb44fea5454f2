#include "channel.h"

#include "../src/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Of two threads that close the same fd only one does: its number may be another file's by then. */
void prx_close(int *fd) {
        int old = __atomic_exchange_n(fd, -1, __ATOMIC_SEQ_CST);

        if (old >= 0)
                (void) close(old);
}

/* A copy in the place of what was there; -errno. */
int prx_copy(int fd, int *copy) {
        int result = fcntl(fd, F_DUPFD_CLOEXEC, 3);

        if (result < 0)
                return -errno;
        prx_close(copy);
        *copy = result;
        return 0;
}

/* What MSG_NOSIGNAL is for sockets: a Python program that has given SIGPIPE its default disposition, as filters do,
 * must not die of a program that does not read. The signal goes to the thread that writes. */
static ssize_t write_unsignalled(int fd, const uint8_t *data, size_t size) {
        sigset_t broken, before, pending;

        (void) sigemptyset(&broken);
        (void) sigaddset(&broken, SIGPIPE);
        (void) sigemptyset(&pending);
        (void) pthread_sigmask(SIG_BLOCK, &broken, &before);
        /* One that waits already is the user's. */
        if (sigismember(&before, SIGPIPE))
                (void) sigpending(&pending);
        ssize_t n = write(fd, data, size);
        ssize_t result = n < 0 ? -errno : n;
        if (result == -EPIPE && !sigismember(&pending, SIGPIPE))
                (void) sigtimedwait(&broken, NULL, &(struct timespec) { 0 });
        (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
        return result;
}

/* Writes what a stream still lacks of the data that ends at `end`, and moves its position; -errno. */
int prx_write_on(int fd, const uint8_t *data, size_t size, uint64_t end, uint64_t *position) {
        size_t left = (size_t) (end - *position);
        ssize_t n = left ? write_unsignalled(fd, data + (size - left), left) : 0;

        if (n < 0)
                return (int) n;
        *position += (uint64_t) n;
        return 0;
}

/* A message to a driver, which may be gone; -errno. */
int prx_send(int fd, const uint8_t *data, size_t size) {
        return send(fd, data, size, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void prx_channels_close(struct prx_channels *c) {
        prx_close(&c->call);
        prx_close(&c->event);
        prx_close(&c->stdin_fd);
        prx_close(&c->stdout_fd);
        prx_close(&c->stderr_fd);
        prx_close(&c->pidfd);
        for (int i = 0; i < PRX_FORK_FDS; i++)
                prx_close(&c->far[i]);
}

static int open_socket(int *near, int *far) {
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        *near = fds[0];
        *far = fds[1];
        return 0;
}

/* Only the runtime's end is non-blocking: the flag belongs to the description, which the ends do not share. */
static int open_pipe(int *read_end, int *write_end, int *near, int size) {
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        *read_end = fds[0];
        *write_end = fds[1];
        /* EPERM: beyond the user's share of pipe memory; a smaller pipe works as well, only slower. */
        if (size > 0 && fcntl(fds[0], F_SETPIPE_SZ, size) < 0 && errno != EPERM)
                return -errno;
        return fcntl(*near, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

void prx_channels_init(struct prx_channels *c) {
        *c = (struct prx_channels) { -1, -1, -1, -1, -1, -1, { -1, -1, -1, -1, -1 } };
}

/* Pipes, but for a stream whose far end is there already. */
int prx_channels_open(struct prx_channels *c, int pipe_size) {
        int result = open_socket(&c->call, &c->far[0]);

        if (!result)
                result = open_socket(&c->event, &c->far[1]);
        if (!result && c->far[2] < 0)
                result = open_pipe(&c->far[2], &c->stdin_fd, &c->stdin_fd, pipe_size);
        if (!result && c->far[3] < 0)
                result = open_pipe(&c->stdout_fd, &c->far[3], &c->stdout_fd, pipe_size);
        if (!result && c->far[4] < 0)
                result = open_pipe(&c->stderr_fd, &c->far[4], &c->stderr_fd, pipe_size);
        if (!result && fcntl(c->event, F_SETFL, O_NONBLOCK) < 0)
                result = -errno;
        if (result)
                prx_channels_close(c);
        return result;
}
