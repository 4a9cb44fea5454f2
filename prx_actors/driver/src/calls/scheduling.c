#include "../call.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

static int argument_whom(const struct argument *args, int *ret_which, id_t *ret_who) {
        if (argument_int(&args[0], ret_which) < 0 || args[1].integer < 0 || args[1].integer > UINT_MAX)
                return -EINVAL;
        *ret_who = (id_t) args[1].integer;
        return 0;
}

/* -1 is a priority, too: errno tells whether it is one. */
int call_getpriority(const struct argument *args, struct mp_writer *value) {
        int which;
        id_t who;

        if (argument_whom(args, &which, &who) < 0)
                return -EINVAL;
        errno = 0;
        int priority = getpriority((__priority_which_t) which, who);
        if (errno)
                return -errno;
        mp_write_int(value, priority);
        return 0;
}

int call_setpriority(const struct argument *args, struct mp_writer *value) {
        int which;
        id_t who;
        int priority;

        (void) value;
        if (argument_whom(args, &which, &who) < 0 || argument_int(&args[2], &priority) < 0)
                return -EINVAL;
        return setpriority((__priority_which_t) which, who, priority) < 0 ? -errno : 0;
}
