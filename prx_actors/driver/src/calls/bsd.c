/* What OpenBSD and FreeBSD have. Each body is compiled where the system has the function; elsewhere the call is
 * undefined. */
#include "../call.h"
#include "../driver.h"

#include <errno.h>
#include <unistd.h>

#if HAVE_CAP_ENTER
#include <sys/capsicum.h>
#endif
#if HAVE_JAIL
#include <sys/param.h>
#include <sys/jail.h>
#endif
#if HAVE_PROCCTL
#include <sys/procctl.h>
#endif

#if !HAVE_PLEDGE || !HAVE_UNVEIL || !HAVE_CAP_ENTER || !HAVE_JAIL || !HAVE_PROCCTL
static int undefined(const struct argument *args, struct mp_writer *value) {
        (void) args;
        (void) value;
        return -ENOSYS;
}
#endif

#define UNDEFINED(name) \
        int call_##name(const struct argument *args, struct mp_writer *value) { return undefined(args, value); }

#if HAVE_PLEDGE || HAVE_UNVEIL
/* A string with its NUL, or NULL. */
static int argument_text(const struct argument *arg, const char **ret) {
        const struct structure *s = &arg->structure;

        if (s->memory ? s->memory[s->size - 1] != 0 : s->integer != 0)
                return -EINVAL;
        *ret = (const char *) s->memory;
        return 0;
}
#endif

#if HAVE_PLEDGE
int call_pledge(const struct argument *args, struct mp_writer *value) {
        const char *promises;
        const char *execpromises;

        (void) value;
        if (argument_text(&args[0], &promises) < 0 || argument_text(&args[1], &execpromises) < 0)
                return -EINVAL;
        return pledge(promises, execpromises) < 0 ? -errno : 0;
}
#else
UNDEFINED(pledge)
#endif

#if HAVE_UNVEIL
int call_unveil(const struct argument *args, struct mp_writer *value) {
        const char *path;
        const char *permissions;

        (void) value;
        if (argument_text(&args[0], &path) < 0 || argument_text(&args[1], &permissions) < 0)
                return -EINVAL;
        return unveil(path, permissions) < 0 ? -errno : 0;
}
#else
UNDEFINED(unveil)
#endif

#if HAVE_CAP_ENTER
int call_cap_enter(const struct argument *args, struct mp_writer *value) {
        (void) args;
        (void) value;
        return cap_enter() < 0 ? -errno : 0;
}

int call_cap_getmode(const struct argument *args, struct mp_writer *value) {
        unsigned mode;

        (void) args;
        if (cap_getmode(&mode) < 0)
                return -errno;
        mp_write_int(value, mode);
        return 0;
}

int call_cap_rights_limit(const struct argument *args, struct mp_writer *value) {
        cap_rights_t rights;
        int fd;

        (void) value;
        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        (void) cap_rights_init(&rights);
        for (uint32_t i = 0; i < args[1].count; i++)
                (void) cap_rights_set(&rights, (uint64_t) args[1].integers[i]);
        return cap_rights_limit(fd, &rights) < 0 ? -errno : 0;
}

int call_cap_fcntls_get(const struct argument *args, struct mp_writer *value) {
        uint32_t rights;
        int fd;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (cap_fcntls_get(fd, &rights) < 0)
                return -errno;
        mp_write_int(value, rights);
        return 0;
}

int call_cap_fcntls_limit(const struct argument *args, struct mp_writer *value) {
        int fd;

        (void) value;
        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (args[1].integer < 0 || args[1].integer > UINT32_MAX)
                return -EINVAL;
        return cap_fcntls_limit(fd, (uint32_t) args[1].integer) < 0 ? -errno : 0;
}

int call_cap_ioctls_limit(const struct argument *args, struct mp_writer *value) {
        /* Both are 64 bits wide on the systems that have the call. */
        const unsigned long *requests = (const unsigned long *) args[1].integers;
        int fd;

        (void) value;
        _Static_assert(sizeof(*requests) == sizeof(*args[1].integers), "an ioctl's number has 64 bits");
        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        return cap_ioctls_limit(fd, requests, args[1].count) < 0 ? -errno : 0;
}
#else
UNDEFINED(cap_enter)
UNDEFINED(cap_getmode)
UNDEFINED(cap_rights_limit)
UNDEFINED(cap_fcntls_get)
UNDEFINED(cap_fcntls_limit)
UNDEFINED(cap_ioctls_limit)
#endif

#if HAVE_JAIL
int call_jail(const struct argument *args, struct mp_writer *value) {
        const struct structure *s = &args[0].structure;

        if (!s->memory || s->size < sizeof(struct jail))
                return -EINVAL;
        int id = jail((struct jail *) s->memory);
        if (id < 0)
                return -errno;
        mp_write_int(value, id);
        return 0;
}

int call_jail_attach(const struct argument *args, struct mp_writer *value) {
        int id;

        (void) value;
        if (argument_int(&args[0], &id) < 0)
                return -EINVAL;
        return jail_attach(id) < 0 ? -errno : 0;
}

int call_jail_remove(const struct argument *args, struct mp_writer *value) {
        int id;

        (void) value;
        if (argument_int(&args[0], &id) < 0)
                return -EINVAL;
        return jail_remove(id) < 0 ? -errno : 0;
}
#else
UNDEFINED(jail)
UNDEFINED(jail_attach)
UNDEFINED(jail_remove)
#endif

#if HAVE_PROCCTL
int call_procctl(const struct argument *args, struct mp_writer *value) {
        const struct structure *s = &args[3].structure;
        int which;
        int command;
        void *data;

        if (argument_int(&args[0], &which) < 0 || argument_int(&args[2], &command) < 0)
                return -EINVAL;
        if (structure_pointer(s, &data) < 0)
                return -EFAULT;
        if (procctl((idtype_t) which, (id_t) args[1].integer, command, data) < 0)
                return -errno;
        mp_write_array(value, 2);
        mp_write_bytes(value, s->memory, s->size);
        structure_write(s, value);
        return 0;
}
#else
UNDEFINED(procctl)
#endif
