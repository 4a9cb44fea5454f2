#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_own_namespace(void) {
        char self[16] = { 0 };

        return readlink("/proc/self", self, sizeof(self) - 1) > 0 && strtol(self, NULL, 10) == getpid();
}

/* Hands out the numbers that are complete, and moves the rest to the front. */
static size_t visit_all(char *text, size_t size, procfs_visit *visit) {
        char *at = text;

        text[size] = 0;
        for (char *end; (end = strchr(at, ' ')); at = end + 1)
                visit((pid_t) strtol(at, NULL, 10));
        size -= (size_t) (at - text);
        memmove(text, at, size);
        return size;
}

int procfs_children(procfs_visit *visit) {
        char text[4096];
        size_t have = 0;
        ssize_t n;

        if (!is_own_namespace())
                return -ENOENT;
        int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        while ((n = read(fd, text + have, sizeof(text) - 1 - have)) > 0)
                have = visit_all(text, have + (size_t) n, visit);
        (void) close(fd);
        return 0;
}

static uint64_t parse_limit(const char *text) {
        static const char row[] = "Max realtime timeout";
        const char *found = strstr(text, row);

        return found ? strtoull(found + sizeof(row) - 1, NULL, 10) : 0;
}

uint64_t procfs_rttime(pid_t pid) {
        char text[4096];

        (void) snprintf(text, sizeof(text), "/proc/%d/limits", pid);
        int fd = open(text, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        ssize_t n = read(fd, text, sizeof(text) - 1);
        (void) close(fd);
        text[n > 0 ? n : 0] = 0;
        return parse_limit(text);
}
