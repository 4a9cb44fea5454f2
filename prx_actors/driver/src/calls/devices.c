#include "../call.h"

#include <errno.h>
#include <sys/ioctl.h>

int call_ioctl(const struct argument *args, struct mp_writer *value) {
        void *arg;
        int fd;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (structure_pointer(&args[2].structure, &arg) < 0)
                return -EFAULT;
        int result = ioctl(fd, (unsigned long) args[1].integer, arg);
        if (result < 0)
                return -errno;
        mp_write_array(value, 2);
        mp_write_int(value, result);
        structure_write(&args[2].structure, value);
        return 0;
}
