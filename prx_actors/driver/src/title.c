#include "driver.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Where the kernel finds the command line is set with PR_SET_MM_MAP, which asks for no privilege but wants the whole
 * layout of the process. It is read while /proc is there for sure; forks have the same one. */
static struct prctl_mm_map layout;

/* A kernel without PR_SET_MM_MAP finds it where it has always been: there is only as much room as the arguments
 * took, for what comes after them is the environment. */
static char *arguments;
static size_t arguments_size;
static char *original;

static char title[4096];

/* The numbers of the fields in proc_pid_stat(5). */
static void take_field(int field, uint64_t value) {
        switch (field) {
        case 26: layout.start_code = value; break;
        case 27: layout.end_code = value; break;
        case 28: layout.start_stack = value; break;
        case 45: layout.start_data = value; break;
        case 46: layout.end_data = value; break;
        case 47: layout.start_brk = value; break;
        case 50: layout.env_start = value; break;
        case 51: layout.env_end = value; break;
        default: break;
        }
}

static void read_layout(void) {
        char text[2048];
        int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        if (fd >= 0)
                (void) close(fd);
        text[n < 0 ? 0 : n] = 0;
        /* The name, field 2, may hold blanks and parentheses; field 3 is a letter. */
        char *at = strrchr(text, ')');
        for (int field = 3; at; field++) {
                at = strchr(at + 1, ' ');
                if (at)
                        take_field(field, strtoull(at, NULL, 10));
        }
}

void title_init(int argc, char **argv) {
        const char *last = argc ? argv[argc - 1] : NULL;

        arguments = argc ? argv[0] : NULL;
        arguments_size = argc ? (size_t) (last - arguments) + strlen(last) + 1 : 0;
        read_layout();
}

static int show(const char *text, size_t size) {
        struct prctl_mm_map map = layout;

        map.arg_start = (uintptr_t) text;
        map.arg_end = (uintptr_t) text + size;
        map.brk = (uintptr_t) sbrk(0);
        map.exe_fd = (uint32_t) -1;
        return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) < 0 ? -errno : 0;
}

static int overwrite(size_t size) {
        if (!arguments_size)
                return -ENOTSUP;
        if (!original) {
                if (!(original = malloc(arguments_size)))
                        return -ENOMEM;
                memcpy(original, arguments, arguments_size);
        }
        if (!size) {
                memcpy(arguments, original, arguments_size);
                return 0;
        }
        memset(arguments, 0, arguments_size);
        memcpy(arguments, title, size < arguments_size ? size : arguments_size - 1);
        return 0;
}

/* What is too long is cut; nothing stands for the original. */
int title_set(const void *text, size_t size) {
        if (size > sizeof(title) - 1)
                size = sizeof(title) - 1;
        memcpy(title, text, size);
        title[size] = 0;
        if (size ? !show(title, size + 1) : !show(arguments, arguments_size))
                return 0;
        return overwrite(size);
}
