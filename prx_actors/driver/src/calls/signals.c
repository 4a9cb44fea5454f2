#include "../call.h"
#include "../signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

int call_kill(const struct argument *args, struct mp_writer *value) {
        int pid;
        int signal;

        (void) value;
        if (argument_int(&args[0], &pid) < 0 || argument_int(&args[1], &signal) < 0)
                return -EINVAL;
        return kill(pid, signal) < 0 ? -errno : 0;
}

int call_sigaction(const struct argument *args, struct mp_writer *value) {
        const char *before;
        int signal;

        if (argument_int(&args[0], &signal) < 0)
                return -EINVAL;
        int result = signals_action(signal, args[1].string, &before);
        if (!result)
                mp_write_bytes(value, before, strlen(before));
        return result;
}
