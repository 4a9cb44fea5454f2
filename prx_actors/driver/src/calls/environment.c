#include "../call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int call_environ(const struct argument *args, struct mp_writer *value) {
        uint32_t count = 0;

        (void) args;
        while (environ[count])
                count++;
        mp_write_array(value, count);
        for (uint32_t i = 0; i < count; i++)
                mp_write_bytes(value, environ[i], strlen(environ[i]));
        return 0;
}

int call_setenv(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return setenv(args[0].string, args[1].string, args[2].integer != 0) < 0 ? -errno : 0;
}

int call_getenv(const struct argument *args, struct mp_writer *value) {
        const char *found = getenv(args[0].string);

        if (found)
                mp_write_bytes(value, found, strlen(found));
        return 0;
}

int call_unsetenv(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return unsetenv(args[0].string) < 0 ? -errno : 0;
}

int call_clearenv(const struct argument *args, struct mp_writer *value) {
        static char *none[1];

        (void) args;
        (void) value;
        if (clearenv() != 0)
                return -ENOMEM;
        /* It leaves a null pointer where everybody else expects an array. */
        environ = none;
        return 0;
}
