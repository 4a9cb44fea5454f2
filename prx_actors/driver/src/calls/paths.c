/* Files by their names. */
#include "../call.h"
#include "../protocol.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int call_chdir(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return chdir(args[0].string) < 0 ? -errno : 0;
}

int call_getcwd(const struct argument *args, struct mp_writer *value) {
        char path[PATH_MAX];

        (void) args;
        if (!getcwd(path, sizeof(path)))
                return -errno;
        mp_write_bytes(value, path, strlen(path));
        return 0;
}

static int write_names(DIR *directory, struct mp_writer *value) {
        /* The count stands before the names and is known after them: five bytes wait for it. */
        uint8_t *header = mp_reserve(value, 5);
        size_t at = value->size;
        uint32_t count = 0;
        const struct dirent *entry;

        if (!header)
                return value->error;
        while ((errno = 0, entry = readdir(directory)) && count <= PRX_ELEMENTS_MAX) {
                mp_write_bytes(value, entry->d_name, strlen(entry->d_name));
                count++;
        }
        if (errno)
                return -errno;
        if (count > PRX_ELEMENTS_MAX || value->error)
                return -EOVERFLOW;
        header = value->data + at - 5;
        header[0] = 0xdd;
        for (int i = 0; i < 4; i++)
                header[1 + i] = (uint8_t) (count >> (8 * (3 - i)));
        return 0;
}

int call_readdir(const struct argument *args, struct mp_writer *value) {
        DIR *directory = opendir(args[0].string);

        if (!directory)
                return -errno;
        int result = write_names(directory, value);
        (void) closedir(directory);
        return result;
}

/* Permissions, with the set-id and sticky bits. */
static int argument_mode(const struct argument *arg, mode_t *ret) {
        if (arg->integer < 0 || arg->integer > 07777)
                return -EINVAL;
        *ret = (mode_t) arg->integer;
        return 0;
}

/* A user or a group; -1 leaves it. */
static int argument_id(const struct argument *arg, uid_t *ret) {
        if (arg->integer < -1 || arg->integer >= UINT_MAX)
                return -EINVAL;
        *ret = (uid_t) arg->integer;
        return 0;
}

int call_mkdir(const struct argument *args, struct mp_writer *value) {
        mode_t mode;

        (void) value;
        if (argument_mode(&args[1], &mode) < 0)
                return -EINVAL;
        return mkdir(args[0].string, mode) < 0 ? -errno : 0;
}

int call_rmdir(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return rmdir(args[0].string) < 0 ? -errno : 0;
}

int call_unlink(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return unlink(args[0].string) < 0 ? -errno : 0;
}

int call_link(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return link(args[0].string, args[1].string) < 0 ? -errno : 0;
}

int call_symlink(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return symlink(args[0].string, args[1].string) < 0 ? -errno : 0;
}

int call_mkfifo(const struct argument *args, struct mp_writer *value) {
        mode_t mode;

        (void) value;
        if (argument_mode(&args[1], &mode) < 0)
                return -EINVAL;
        return mkfifo(args[0].string, mode) < 0 ? -errno : 0;
}

int call_chmod(const struct argument *args, struct mp_writer *value) {
        mode_t mode;

        (void) value;
        if (argument_mode(&args[1], &mode) < 0)
                return -EINVAL;
        return chmod(args[0].string, mode) < 0 ? -errno : 0;
}

int call_umask(const struct argument *args, struct mp_writer *value) {
        mode_t mode;

        if (argument_mode(&args[0], &mode) < 0)
                return -EINVAL;
        mp_write_int(value, umask(mode));
        return 0;
}

int call_chown(const struct argument *args, struct mp_writer *value) {
        uid_t user;
        gid_t group;

        (void) value;
        if (argument_id(&args[1], &user) < 0 || argument_id(&args[2], &group) < 0)
                return -EINVAL;
        return chown(args[0].string, user, group) < 0 ? -errno : 0;
}

int call_chroot(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return chroot(args[0].string) < 0 ? -errno : 0;
}
