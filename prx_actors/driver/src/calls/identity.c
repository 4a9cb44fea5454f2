#include "../call.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

enum { LEAVE = -1 };

/* A user or a group. The highest number means "leave as it is", and is written as -1. */
static int argument_id(const struct argument *arg, int64_t least, uint32_t *ret) {
        if (arg->integer < least || arg->integer >= UINT32_MAX)
                return -EINVAL;
        *ret = (uint32_t) arg->integer;
        return 0;
}

static int argument_ids(const struct argument *args, uint32_t *ret) {
        int result = 0;

        for (int i = 0; i < 3 && !result; i++)
                result = argument_id(&args[i], LEAVE, &ret[i]);
        return result;
}

static void write_ids(struct mp_writer *value, const uint32_t *ids, uint32_t count) {
        mp_write_array(value, count);
        for (uint32_t i = 0; i < count; i++)
                mp_write_int(value, ids[i]);
}

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

int call_setuid(const struct argument *args, struct mp_writer *value) {
        uint32_t uid;

        (void) value;
        if (argument_id(&args[0], 0, &uid) < 0)
                return -EINVAL;
        return setuid(uid) < 0 ? -errno : 0;
}

int call_getgid(const struct argument *args, struct mp_writer *value) {
        (void) args;
        mp_write_int(value, getgid());
        return 0;
}

int call_setgid(const struct argument *args, struct mp_writer *value) {
        uint32_t gid;

        (void) value;
        if (argument_id(&args[0], 0, &gid) < 0)
                return -EINVAL;
        return setgid(gid) < 0 ? -errno : 0;
}

int call_getresuid(const struct argument *args, struct mp_writer *value) {
        uint32_t ids[3];

        (void) args;
        if (getresuid(&ids[0], &ids[1], &ids[2]) < 0)
                return -errno;
        write_ids(value, ids, 3);
        return 0;
}

int call_setresuid(const struct argument *args, struct mp_writer *value) {
        uint32_t ids[3];

        (void) value;
        if (argument_ids(args, ids) < 0)
                return -EINVAL;
        return setresuid(ids[0], ids[1], ids[2]) < 0 ? -errno : 0;
}

int call_getresgid(const struct argument *args, struct mp_writer *value) {
        uint32_t ids[3];

        (void) args;
        if (getresgid(&ids[0], &ids[1], &ids[2]) < 0)
                return -errno;
        write_ids(value, ids, 3);
        return 0;
}

int call_setresgid(const struct argument *args, struct mp_writer *value) {
        uint32_t ids[3];

        (void) value;
        if (argument_ids(args, ids) < 0)
                return -EINVAL;
        return setresgid(ids[0], ids[1], ids[2]) < 0 ? -errno : 0;
}

int call_getgroups(const struct argument *args, struct mp_writer *value) {
        int room = getgroups(0, NULL);
        gid_t *groups = room < 0 ? NULL : calloc((size_t) room + 1, sizeof(*groups));

        (void) args;
        if (!groups)
                return room < 0 ? -errno : -ENOMEM;
        int count = getgroups(room, groups);
        int result = count < 0 ? -errno : 0;
        if (!result)
                write_ids(value, groups, (uint32_t) count);
        free(groups);
        return result;
}

int call_setgroups(const struct argument *args, struct mp_writer *value) {
        uint32_t count = args[0].count;
        int result = 0;

        (void) value;
        if (count > NGROUPS_MAX)
                return -EINVAL;
        gid_t *groups = calloc((size_t) count + 1, sizeof(*groups));
        if (!groups)
                return -ENOMEM;
        for (uint32_t i = 0; i < count && !result; i++) {
                struct argument one = { .integer = args[0].integers[i] };
                result = argument_id(&one, 0, &groups[i]);
        }
        if (!result)
                result = setgroups(count, groups) < 0 ? -errno : 0;
        free(groups);
        return result;
}
