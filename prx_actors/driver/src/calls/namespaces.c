#include "../call.h"
#include "../driver.h"

#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* In a process of one thread no flag breaks the driver: what does not name a namespace shares nothing with anybody. */
int call_unshare(const struct argument *args, struct mp_writer *value) {
        int flags;

        (void) value;
        if (argument_int(&args[0], &flags) < 0)
                return -EINVAL;
        return unshare(flags) < 0 ? -errno : 0;
}

int call_setns(const struct argument *args, struct mp_writer *value) {
        int fd;
        int type;

        (void) value;
        if (fd_is_own(args[0].integer) || argument_int(&args[0], &fd) < 0)
                return -EBADF;
        if (argument_int(&args[1], &type) < 0)
                return -EINVAL;
        return setns(fd, type) < 0 ? -errno : 0;
}

/* The C library has no wrapper. */
int call_pivot_root(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return syscall(SYS_pivot_root, args[0].string, args[1].string) < 0 ? -errno : 0;
}
