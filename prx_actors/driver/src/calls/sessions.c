/* Process groups and sessions. */
#include "../call.h"

#include <errno.h>
#include <unistd.h>

int call_getpgrp(const struct argument *args, struct mp_writer *value) {
        (void) args;
        mp_write_int(value, getpgrp());
        return 0;
}

int call_setpgid(const struct argument *args, struct mp_writer *value) {
        int pid;
        int pgid;

        (void) value;
        if (argument_int(&args[0], &pid) < 0 || argument_int(&args[1], &pgid) < 0)
                return -EINVAL;
        return setpgid(pid, pgid) < 0 ? -errno : 0;
}

int call_getsid(const struct argument *args, struct mp_writer *value) {
        int pid;

        /* No process has such a number. */
        if (argument_int(&args[0], &pid) < 0)
                return -ESRCH;
        pid_t sid = getsid(pid);
        if (sid < 0)
                return -errno;
        mp_write_int(value, sid);
        return 0;
}

int call_setsid(const struct argument *args, struct mp_writer *value) {
        pid_t sid = setsid();

        (void) args;
        if (sid < 0)
                return -errno;
        mp_write_int(value, sid);
        return 0;
}
