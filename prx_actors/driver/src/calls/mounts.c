#include "../call.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

/* The kernel copies a page from where `data` points to, whatever it holds: that much must be there. */
enum { DATA_MAX = 4096 };

static const char *or_null(const char *text) {
        return *text ? text : NULL;
}

/* The sixth argument is Solaris'. */
int call_mount(const struct argument *args, struct mp_writer *value) {
        const struct mp_bytes *data = &args[4].bytes;
        char page[DATA_MAX] = { 0 };

        (void) value;
        if (data->size >= sizeof(page) || args[3].integer < 0)
                return -EINVAL;
        memcpy(page, data->data, data->size);
        return mount(or_null(args[0].string), args[1].string, or_null(args[2].string),
                     (unsigned long) args[3].integer, data->size ? page : NULL) < 0 ? -errno : 0;
}

int call_umount(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return umount2(args[0].string, 0) < 0 ? -errno : 0;
}

int call_umount2(const struct argument *args, struct mp_writer *value) {
        int flags;

        (void) value;
        if (argument_int(&args[1], &flags) < 0)
                return -EINVAL;
        return umount2(args[0].string, flags) < 0 ? -errno : 0;
}
