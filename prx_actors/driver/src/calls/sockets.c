#include "../call.h"

#include <errno.h>
#include <sys/socket.h>

int call_socket(const struct argument *args, struct mp_writer *value) {
        int numbers[3];

        for (int i = 0; i < 3; i++)
                if (argument_int(&args[i], &numbers[i]) < 0)
                        return -EINVAL;
        int fd = socket(numbers[0], numbers[1], numbers[2]);
        if (fd < 0)
                return -errno;
        mp_write_int(value, fd);
        return 0;
}

int call_connect(const struct argument *args, struct mp_writer *value) {
        const struct mp_bytes *address = &args[1].bytes;
        int fd;

        (void) value;
        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (address->size > sizeof(struct sockaddr_storage))
                return -EINVAL;
        return connect(fd, (const void *) address->data, (socklen_t) address->size) < 0 ? -errno : 0;
}
