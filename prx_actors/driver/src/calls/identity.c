#include "../call.h"

#include <unistd.h>

int call_getpid(const struct argument *args, struct mp_writer *value) {
        (void) args;
        mp_write_int(value, getpid());
        return 0;
}

int call_getuid(const struct argument *args, struct mp_writer *value) {
        (void) args;
        mp_write_int(value, getuid());
        return 0;
}

int call_getgid(const struct argument *args, struct mp_writer *value) {
        (void) args;
        mp_write_int(value, getgid());
        return 0;
}
