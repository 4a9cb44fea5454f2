#include "../call.h"
#include "../driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <unistd.h>

int call_open(const struct argument *args, struct mp_writer *value) {
        int flags;

        if (argument_int(&args[1], &flags) < 0 || args[2].integer < 0 || args[2].integer > 07777)
                return -EINVAL;
        int fd = open(args[0].string, flags, (mode_t) args[2].integer);
        if (fd < 0)
                return -errno;
        mp_write_int(value, fd);
        return 0;
}

int call_close(const struct argument *args, struct mp_writer *value) {
        int fd;

        (void) value;
        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        return close(fd) < 0 ? -errno : 0;
}

/* The bytes land in the reply itself; their header is written when their number is known. */
int call_read(const struct argument *args, struct mp_writer *value) {
        enum { HEADER = 5, ROOM = 64 };
        const int64_t most = PRX_FRAME_MAX - ROOM;
        size_t start = value->size;
        int fd;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (args[1].integer < 0)
                return -EINVAL;
        size_t count = (size_t) (args[1].integer < most ? args[1].integer : most);
        uint8_t *at = mp_reserve(value, HEADER + count);
        if (!at)
                return value->error;
        ssize_t n = read(fd, at + HEADER, count);
        if (n < 0)
                return -errno;
        at[0] = 0xc6;
        for (int i = 0; i < 4; i++)
                at[1 + i] = (uint8_t) ((size_t) n >> (8 * (3 - i)));
        value->size = start + HEADER + (size_t) n;
        return 0;
}

int call_write(const struct argument *args, struct mp_writer *value) {
        int fd;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        ssize_t n = write(fd, args[1].bytes.data, args[1].bytes.size);
        if (n < 0)
                return -errno;
        mp_write_int(value, n);
        return 0;
}

int call_lseek(const struct argument *args, struct mp_writer *value) {
        int fd;
        int whence;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (argument_int(&args[2], &whence) < 0)
                return -EINVAL;
        off_t offset = lseek(fd, args[1].integer, whence);
        if (offset < 0)
                return -errno;
        mp_write_int(value, offset);
        return 0;
}

/* The commands whose argument is a number. To the others it is an address, at which the kernel would write. */
static bool takes_a_number(int command) {
        enum { QUERY_DUP = 1027, QUERY_CREATED = 1028 }; /* newer than many a system's headers */

        switch (command) {
        case F_DUPFD:
        case F_DUPFD_CLOEXEC:
        case F_GETFD:
        case F_SETFD:
        case F_GETFL:
        case F_SETFL:
        case F_GETOWN:
        case F_SETOWN:
        case F_GETSIG:
        case F_SETSIG:
        case F_GETLEASE:
        case F_SETLEASE:
        case F_NOTIFY:
        case F_GETPIPE_SZ:
        case F_SETPIPE_SZ:
        case F_GET_SEALS:
        case F_ADD_SEALS:
        case QUERY_DUP:
        case QUERY_CREATED:
                return true;
        default:
                return false;
        }
}

/* A copy of an fd gets a free number, and those of the driver's own are never free. */
int call_fcntl(const struct argument *args, struct mp_writer *value) {
        int fd;
        int command;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (argument_int(&args[1], &command) < 0 || !takes_a_number(command) || args[2].integer < INT_MIN ||
            args[2].integer > UINT_MAX)
                return -EINVAL;
        int result = fcntl(fd, command, (long) args[2].integer);
        if (result < 0)
                return -errno;
        mp_write_int(value, result);
        return 0;
}
