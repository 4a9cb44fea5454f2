#include "procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool procfs_blind;

/* No room in the table of this process, or of the system; opendir(3) may lack memory. */
static bool is_scarce(int error) {
        return error == EMFILE || error == ENFILE || error == ENOMEM;
}

static int open_file(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        procfs_blind |= fd < 0 && is_scarce(errno);
        return fd;
}

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
        int fd = open_file("/proc/thread-self/children");
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

/* What fits of a file, with a NUL behind it. */
static void read_text(const char *path, char *ret_text, size_t size) {
        int fd = open_file(path);
        ssize_t n = fd < 0 ? 0 : read(fd, ret_text, size - 1);

        if (fd >= 0)
                (void) close(fd);
        ret_text[n > 0 ? n : 0] = 0;
}

uint64_t procfs_rttime(pid_t pid) {
        char text[4096];
        char path[32];

        (void) snprintf(path, sizeof(path), "/proc/%d/limits", pid);
        read_text(path, text, sizeof(text));
        return parse_limit(text);
}

int procfs_all(procfs_visit *visit) {
        const struct dirent *entry;

        if (!is_own_namespace())
                return -ENOENT;
        DIR *dir = opendir("/proc");
        if (!dir) {
                procfs_blind |= is_scarce(errno);
                return -errno;
        }
        while ((entry = readdir(dir)))
                if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
                        visit((pid_t) strtol(entry->d_name, NULL, 10));
        (void) closedir(dir);
        return 0;
}

pid_t procfs_pid(int pidfd) {
        static const char row[] = "\nPid:";
        char text[512];
        char path[32];

        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
        read_text(path, text, sizeof(text));
        const char *found = strstr(text, row);
        long pid = found ? strtol(found + sizeof(row) - 1, NULL, 10) : 0;
        return pid > 0 ? (pid_t) pid : 0;
}

/* A field of proc_pid_stat(5). The name, field 2, may hold anything, but no other field holds a parenthesis. */
static uint64_t stat_field(pid_t pid, int number) {
        char text[1024];
        char path[32];

        (void) snprintf(path, sizeof(path), "/proc/%d/stat", pid);
        read_text(path, text, sizeof(text));
        const char *at = strrchr(text, ')');
        for (int field = 2; at && field < number; field++)
                at = strchr(at + 1, ' ');
        return at ? strtoull(at, NULL, 10) : 0;
}

uint64_t procfs_start(pid_t pid) {
        return stat_field(pid, 22);
}

pid_t procfs_parent(pid_t pid) {
        return (pid_t) stat_field(pid, 4);
}
