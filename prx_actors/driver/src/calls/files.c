#include "../call.h"
#include "../driver.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An fd that the user may name: the driver's own do not exist for calls. */
static int argument_fd(const struct argument *arg, int *ret) {
        if (fd_is_own(arg->integer) || argument_int(arg, ret) < 0)
                return -EBADF;
        return 0;
}

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

int call_open(const struct argument *args, struct mp_writer *value) {
        int flags;

        if (argument_int(&args[1], &flags) < 0 || args[2].integer < 0 || args[2].integer > 07777)
                return -EINVAL;
        int fd = open(args[0].string, flags, (mode_t) args[2].integer);
        if (fd < 0)
                return -errno;
        mp_write_int(value, fd);
        return 0;
}

int call_close(const struct argument *args, struct mp_writer *value) {
        int fd;

        (void) value;
        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        return close(fd) < 0 ? -errno : 0;
}

/* The bytes land in the reply itself; their header is written when their number is known. */
int call_read(const struct argument *args, struct mp_writer *value) {
        enum { HEADER = 5, ROOM = 64 };
        const int64_t most = PRX_FRAME_MAX - ROOM;
        size_t start = value->size;
        int fd;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        if (args[1].integer < 0)
                return -EINVAL;
        size_t count = (size_t) (args[1].integer < most ? args[1].integer : most);
        uint8_t *at = mp_reserve(value, HEADER + count);
        if (!at)
                return value->error;
        ssize_t n = read(fd, at + HEADER, count);
        if (n < 0)
                return -errno;
        at[0] = 0xc6;
        for (int i = 0; i < 4; i++)
                at[1 + i] = (uint8_t) ((size_t) n >> (8 * (3 - i)));
        value->size = start + HEADER + (size_t) n;
        return 0;
}

int call_write(const struct argument *args, struct mp_writer *value) {
        int fd;

        if (argument_fd(&args[0], &fd) < 0)
                return -EBADF;
        ssize_t n = write(fd, args[1].bytes.data, args[1].bytes.size);
        if (n < 0)
                return -errno;
        mp_write_int(value, n);
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
