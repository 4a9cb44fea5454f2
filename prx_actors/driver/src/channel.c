#include "channel.h"

#include "batch.h"
#include "call.h"
#include "driver.h"
#include "lookout.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        PREFIX = 4,
        FIRST = 2048,           /* bytes of buffer at first: a driver at rest shall have few pages of its own; */
        REST = 65536,           /* what it grows by is kept between requests, up to here */
        HEADER = PREFIX + 9,    /* of a reply: length, array of 3, number, errno */
        FDS_MAX = 16,
        IN_A_ROW = 16,          /* calls that come back to back: then the other channels have their turn */
};

static uint8_t *input;
static size_t input_capacity;
static size_t input_have;

static int fds[FDS_MAX];
static int fds_count;
static bool fds_truncated;
static int reply_fd = -1;

static uint32_t performed;      /* number of the request being performed, */
static size_t performed_size;   /* and bytes of its frame, first in the input */

static struct lookout lookout;  /* for the request that follows a reply */

static struct mp_writer reply = { .limit = (size_t) PRX_FRAME_MAX + PREFIX };

void channel_drop_fds(void) {
        for (int i = 0; i < fds_count; i++)
                (void) close(fds[i]);
        fds_count = 0;
        fds_truncated = false;
}

void channel_forget(void) {
        channel_drop_fds();
        input_have = 0;
        reply_fd = -1;
        lookout = (struct lookout) { 0 };
}

int channel_take_fds(int *ret_fds, int count) {
        if (fds_truncated || fds_count != count) {
                channel_drop_fds();
                return -EMFILE;
        }
        memcpy(ret_fds, fds, (size_t) count * sizeof(int));
        fds_count = 0;
        return 0;
}

void channel_reply_with(int fd) {
        reply_fd = fd;
}

static void keep_fds(struct msghdr *message) {
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < count; i++) {
                        int fd;
                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
                        if (fds_count < FDS_MAX)
                                fds[fds_count++] = fd;
                        else
                                (void) close(fd);
                }
        }
        if (message->msg_flags & MSG_CTRUNC)
                fds_truncated = true;
}

static int receive(void) {
        union {
                struct cmsghdr align;
                char data[CMSG_SPACE(sizeof(int) * FDS_MAX)];
        } control;
        struct iovec iov = { .iov_base = input + input_have, .iov_len = input_capacity - input_have };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        ssize_t n = recvmsg(FD_CALL, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (n < 0)
                return errno == EINTR ? -EAGAIN : -errno;
        keep_fds(&message);
        if (n == 0)
                return -EPIPE;
        input_have += (size_t) n;
        return 0;
}

static int resize_input(size_t capacity) {
        uint8_t *data = realloc(input, capacity);

        if (!data)
                return -ENOMEM;
        input = data;
        input_capacity = capacity;
        return 0;
}

static int send_all(struct iovec iov, int fd) {
        union {
                struct cmsghdr align;
                char data[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (fd >= 0) {
                message.msg_control = &control;
                message.msg_controllen = sizeof(control);
                struct cmsghdr *c = CMSG_FIRSTHDR(&message);
                *c = (struct cmsghdr) { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
                                        .cmsg_len = CMSG_LEN(sizeof(int)) };
                memcpy(CMSG_DATA(c), &fd, sizeof(fd));
        }
        while (iov.iov_len) {
                ssize_t n = sendmsg(FD_CALL, &message, MSG_NOSIGNAL);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                iov.iov_base = (uint8_t *) iov.iov_base + n;
                iov.iov_len -= (size_t) n;
                message.msg_control = NULL;
                message.msg_controllen = 0;
        }
        return 0;
}

static void put_big_endian(uint8_t *at, uint64_t value, size_t size) {
        for (size_t i = 0; i < size; i++)
                at[i] = (uint8_t) (value >> (8 * (size - 1 - i)));
}

static void put_header(uint32_t number, int error) {
        put_big_endian(reply.data, reply.size - PREFIX, PREFIX);
        reply.data[4] = 0x93;
        reply.data[5] = 0xce;
        put_big_endian(reply.data + 6, number, 4);
        reply.data[10] = 0xcd;
        put_big_endian(reply.data + 11, (uint64_t) error, 2);
}

static int send_reply(uint32_t number, int result) {
        if (!result && reply.error)
                result = reply.error;
        if (result || reply.size == HEADER) {
                reply.error = 0;
                reply.size = HEADER;
                mp_write_nil(&reply);
        }
        put_header(number, -result);
        int error = send_all((struct iovec) { reply.data, reply.size }, reply_fd);
        if (reply_fd >= 0)
                (void) close(reply_fd);
        reply_fd = -1;
        return error;
}

static int start_reply(void) {
        if (reply.capacity > REST) {
                free(reply.data);
                reply.data = NULL;
                reply.capacity = 0;
        }
        reply.size = 0;
        reply.error = 0;
        return mp_reserve(&reply, HEADER) ? 0 : -ENOMEM;
}

static int perform(uint8_t *data, size_t size) {
        struct mp_reader r;

        mp_read_init(&r, data, size);
        uint32_t count = mp_read_array(&r);
        int64_t number = mp_read_int(&r);
        int64_t call = mp_read_int(&r);
        if (r.failed || count < 2 || number < 0 || number > UINT32_MAX)
                return -EBADMSG;
        if (start_reply() < 0)
                return -ENOMEM;
        performed = (uint32_t) number;
        int result = call == PRX_BATCH ? batch_perform(count - 2, &r, &reply) : call_perform(call, count - 2, &r, &reply);
        if (result == CALL_MALFORMED)
                return -EBADMSG;
        if (result == CALL_NO_REPLY)
                return CALL_NO_REPLY;
        return send_reply((uint32_t) number, result);
}

static size_t frame_size(void) {
        return PREFIX + ((size_t) input[0] << 24 | (size_t) input[1] << 16 | (size_t) input[2] << 8 | input[3]);
}

static int perform_complete(void) {
        size_t size;

        while (input_have >= PREFIX && input_have >= (size = frame_size())) {
                performed_size = size;
                int result = perform(input + PREFIX, size - PREFIX);
                if (result)
                        return result;
                input_have -= size;
                memmove(input, input + size, input_have);
        }
        if (input_have >= PREFIX && frame_size() > (size_t) PRX_FRAME_MAX + PREFIX)
                return -EBADMSG;
        /* Only fork and clone take fds: what is left over came with a frame that has no use for them. */
        return fds_count && !input_have ? -EBADMSG : 0;
}

static int make_room(void) {
        if (input_have >= PREFIX && frame_size() > input_capacity)
                return resize_input(frame_size());
        if (!input_have && (!input_capacity || input_capacity > REST))
                return resize_input(FIRST);
        return 0;
}

static int serve(void) {
        int result = make_room();

        if (!result)
                result = receive();
        if (!result) {
                lookout_end(&lookout, now_usec());
                result = perform_complete();
                if (result != CALL_NO_REPLY)
                        lookout_begin(&lookout, now_usec());
        }
        return result;
}

static int serve_awake(void) {
        int result;

        while ((result = serve()) == -EAGAIN && lookout_again(&lookout, now_usec))
                ;
        return result;
}

int channel_serve(void) {
        int result = serve();

        for (int calls = 1; lookout.awake && calls < IN_A_ROW && !result && !driver.ending; calls++)
                result = serve_awake();
        return result == -EAGAIN || result == CALL_NO_REPLY ? 0 : result;
}

void channel_save(void) {
        size_t left = input_have - performed_size;

        state_put(&performed, sizeof(performed));
        state_put(&fds_count, sizeof(fds_count));
        state_put(fds, sizeof(fds));
        state_put(&fds_truncated, sizeof(fds_truncated));
        state_put(&left, sizeof(left));
        state_put(input + performed_size, left);
}

int channel_take(void) {
        size_t left;

        state_take(&performed, sizeof(performed));
        state_take(&fds_count, sizeof(fds_count));
        state_take(fds, sizeof(fds));
        state_take(&fds_truncated, sizeof(fds_truncated));
        state_take(&left, sizeof(left));
        if (fds_count < 0 || fds_count > FDS_MAX || left > state_left())
                return -EBADMSG;
        if (resize_input(left > FIRST ? left : FIRST) < 0)
                return -ENOMEM;
        state_take(input, left);
        input_have = left;
        return 0;
}

void channel_keep_fds(bool keep) {
        for (int i = 0; i < fds_count; i++)
                (void) fcntl(fds[i], F_SETFD, keep ? 0 : FD_CLOEXEC);
}

int channel_resume(void) {
        int result = start_reply();

        if (!result)
                result = send_reply(performed, 0);
        if (!result)
                result = perform_complete();
        return result == CALL_NO_REPLY ? 0 : result;
}
