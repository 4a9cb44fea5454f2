#include "../call.h"

#include <errno.h>
#include <signal.h>

int call_kill(const struct argument *args, struct mp_writer *value) {
        int pid;
        int signal;

        (void) value;
        if (argument_int(&args[0], &pid) < 0 || argument_int(&args[1], &signal) < 0)
                return -EINVAL;
        return kill(pid, signal) < 0 ? -errno : 0;
}
