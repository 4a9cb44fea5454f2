#include "../call.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

int call_setpriority(const struct argument *args, struct mp_writer *value) {
        int which;
        int priority;

        (void) value;
        if (argument_int(&args[0], &which) < 0 || args[1].integer < 0 || args[1].integer > UINT_MAX ||
            argument_int(&args[2], &priority) < 0)
                return -EINVAL;
        return setpriority((__priority_which_t) which, (id_t) args[1].integer, priority) < 0 ? -errno : 0;
}
