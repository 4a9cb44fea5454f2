/* The driver: waits for calls on a socket and performs them. It starts as the keeper, of which all else is a
 * fork. */
#include "driver.h"

#include "groups.h"
#include "reexec.h"
#include "search.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PREFIX = 4, HELLO_MAX = 64 };

static int read_hello(uint8_t *data, size_t size, int *ret_fds) {
        union {
                struct cmsghdr align;
                char data[CMSG_SPACE(sizeof(int) * PRX_HELLO_FDS)];
        } control;
        struct iovec iov = { .iov_base = data, .iov_len = size };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        ssize_t n;

        while ((n = recvmsg(FD_CALL, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
                ;
        if (n <= 0)
                return n < 0 ? -errno : -EPIPE;
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        if (!c || message.msg_flags & MSG_CTRUNC || c->cmsg_type != SCM_RIGHTS ||
            c->cmsg_len != CMSG_LEN(sizeof(int) * PRX_HELLO_FDS))
                return -EBADMSG;
        memcpy(ret_fds, CMSG_DATA(c), sizeof(int) * PRX_HELLO_FDS);
        return (int) n;
}

/* hello: [version, run id, soft RLIMIT_NOFILE before the runtime raised it, the same after] */
static int parse_hello(uint8_t *data, size_t size) {
        struct mp_reader r;

        mp_read_init(&r, data, size);
        uint32_t count = mp_read_array(&r);
        int64_t version = mp_read_int(&r);
        int64_t run_id = mp_read_int(&r);
        int64_t original = mp_read_int(&r);
        int64_t raised = mp_read_int(&r);
        if (r.failed || count != 4 || version != PRX_PROTOCOL_VERSION || r.at != r.end)
                return -EBADMSG;
        mark_init((uint64_t) run_id);
        groups_init((uint64_t) run_id);
        if (driver.nofile_original == (rlim_t) raised)
                driver.nofile_original = (rlim_t) original;
        return 0;
}

/* The answer: [0, 0, pid] in a reply's layout. */
static int answer_hello(void) {
        uint8_t data[32];
        struct mp_writer w = { .data = data, .size = PREFIX, .capacity = sizeof(data), .limit = sizeof(data) };

        mp_write_array(&w, 3);
        mp_write_int(&w, 0);
        mp_write_int(&w, 0);
        mp_write_int(&w, getpid());
        data[0] = data[1] = data[2] = 0;
        data[3] = (uint8_t) (w.size - PREFIX);
        return send(FD_CALL, data, w.size, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int greet(void) {
        uint8_t data[HELLO_MAX];
        int fds[PRX_HELLO_FDS];
        int n = read_hello(data, sizeof(data), fds);

        if (n < 0)
                return n;
        if (n < PREFIX || data[0] || data[1] || data[2] || data[3] != n - PREFIX)
                return -EBADMSG;
        int result = parse_hello(data + PREFIX, (size_t) n - PREFIX);
        if (!result && (dup3(fds[0], FD_EVENT, O_CLOEXEC) < 0 || dup3(fds[1], FD_PARENT, O_CLOEXEC) < 0))
                result = -errno;
        (void) close(fds[0]);
        (void) close(fds[1]);
        return result ? result : answer_hello();
}

/* With write(2) alone: a filter that the launcher has set may not let dprintf(3) look at the file. */
static void complain(const char *step, int error) {
        char text[160];
        int size = error == ENOTSOCK
                ? snprintf(text, sizeof(text), "prx-driver: fd 0 is not the socket of a prx_actors runtime; "
                                               "this program is started by prx_actors, not by hand\n")
                : snprintf(text, sizeof(text), "prx-driver: cannot start: %s: %s (errno %d)\n", step,
                           strerror(error), error);

        (void) !write(2, text, (size_t) size < sizeof(text) ? (size_t) size : sizeof(text) - 1);
}

int main(int argc, char **argv) {
        /* Large buffers go back to the kernel; of itself the C library would keep megabytes after the first one. */
        (void) mallopt(M_MMAP_THRESHOLD, 1 << 17);
        title_init(argc, argv);
        if (reexec_resume())
                loop_resume();
        const char *step;
        int result = birth_keeper(&step);
        if (result < 0) {
                complain(step, -result);
                return PRX_EXIT_STARTUP;
        }
        if (greet() < 0)
                return PRX_EXIT_STARTUP;
        if (loop_init() < 0)
                return PRX_EXIT_RESOURCE;
        image_init();
        search_init();
        loop_run();
}
