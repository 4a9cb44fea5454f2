/* The names of the host and of the process. */
#include "../call.h"
#include "../driver.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

int call_gethostname(const struct argument *args, struct mp_writer *value) {
        char name[HOST_NAME_MAX + 1];

        (void) args;
        if (gethostname(name, sizeof(name)) < 0)
                return -errno;
        mp_write_bytes(value, name, strnlen(name, sizeof(name)));
        return 0;
}

int call_sethostname(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return sethostname((const char *) args[0].bytes.data, args[0].bytes.size) < 0 ? -errno : 0;
}

int call_setproctitle(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return title_set(args[0].bytes.data, args[0].bytes.size);
}
