#include "groups.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "prx-actors-"
#define KILL "cgroup.kill"

enum {
        NAME_SIZE = 64,
        RUN_DIGITS = 9,
        PATH_SIZE = 4096,
        LEVELS = 16,            /* of groups that a program may have made in its own */
        LOOKS = 50,
        PAUSE_NSEC = 2000000,
};

/* The lock on the group's directory says that its keeper lives: no number of a process, which is reused and
 * differs by namespace, has to. Nobody but the keeper keeps a copy of that fd. */
static int above = -1;          /* the group in which the keeper was started */
static int group = -1;
static char group_name[NAME_SIZE];

static int open_group(int at, const char *name) {
        return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static bool find_line(const char *path, bool (*wanted)(const char *line, char *ret), char *ret) {
        char line[PATH_SIZE];
        bool found = false;
        FILE *file = fopen(path, "re");

        while (file && !found && fgets(line, sizeof(line), file)) {
                line[strcspn(line, "\n")] = 0;
                found = wanted(line, ret);
        }
        if (file)
                (void) fclose(file);
        return found;
}

static bool is_own_group(const char *line, char *ret_path) {
        if (strncmp(line, "0::/", 4) != 0)
                return false;
        (void) snprintf(ret_path, PATH_SIZE, "%s", line + 3);
        return true;
}

/* In front of the path of our group in the tree comes where the tree is mounted, and off it what is not. */
static bool is_mount(const char *line, char *path) {
        char root[PATH_SIZE], target[PATH_SIZE], joined[2 * PATH_SIZE];

        if (!strstr(line, " - cgroup2 ") || sscanf(line, "%*s %*s %*s %4095s %4095s", root, target) != 2)
                return false;
        size_t off = strcmp(root, "/") == 0 ? 0 : strlen(root);
        if (strncmp(path, root, off) != 0 || (off && path[off] && path[off] != '/'))
                return false;
        int size = snprintf(joined, sizeof(joined), "%s%s", target, path + off);
        if (size >= PATH_SIZE)
                return false;
        memcpy(path, joined, (size_t) size + 1);
        return true;
}

static int open_above(void) {
        char path[PATH_SIZE];
        struct statfs fs;

        if (!find_line("/proc/self/cgroup", is_own_group, path) || !find_line("/proc/self/mountinfo", is_mount, path))
                return -ENODEV;
        int fd = open_group(AT_FDCWD, path);
        if (fd >= 0 && (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)) {
                (void) close(fd);
                return -ENODEV;
        }
        return fd < 0 ? -errno : fd;
}

static void kill_all(int at, const char *name) {
        int directory = open_group(at, name);
        int file = directory < 0 ? -1 : openat(directory, KILL, O_WRONLY | O_CLOEXEC);

        if (file >= 0) {
                (void) !write(file, "1", 1);
                (void) close(file);
        }
        if (directory >= 0)
                (void) close(directory);
}

struct entry {
        uint64_t inode;
        int64_t offset;
        uint16_t size;
        uint8_t type;
        char name[];
};

/* Calls back for each group in a group. As system calls, since readdir(3) is not for signal handlers. */
static void visit(int directory, int levels, void (*each)(int at, const char *name, int levels)) {
        _Alignas(struct entry) char data[1024];
        long n;

        while ((n = syscall(SYS_getdents64, directory, data, sizeof(data))) > 0)
                for (long at = 0; at < n;) {
                        const struct entry *entry = (const struct entry *) (const void *) (data + at);
                        if (entry->type == DT_DIR && entry->name[0] != '.')
                                each(directory, entry->name, levels);
                        at += entry->size;
                }
}

static int remove_empty(int at, const char *name) {
        return unlinkat(at, name, AT_REMOVEDIR) < 0 && errno == EBUSY ? -EBUSY : 0;
}

static void remove_tree(int at, const char *name, int levels) {
        int directory = remove_empty(at, name) < 0 && levels > 0 ? open_group(at, name) : -1;

        if (directory < 0)
                return;
        visit(directory, levels - 1, remove_tree);
        (void) close(directory);
        (void) remove_empty(at, name);
}

static int removed(int at, const char *name) {
        if (remove_empty(at, name) == 0)
                return 0;
        remove_tree(at, name, LEVELS);
        return remove_empty(at, name);
}

static bool is_name_of_ours(const char *name) {
        static const size_t prefix = sizeof(PREFIX) - 1;

        if (strncmp(name, PREFIX, prefix) != 0)
                return false;
        const char *run = name + prefix;
        if (strspn(run, "0123456789abcdef") != RUN_DIGITS || run[RUN_DIGITS] != '-')
                return false;
        const char *pid = run + RUN_DIGITS + 1;
        return pid[0] && !pid[strspn(pid, "0123456789")];
}

static void remove_if_dead(int at, const char *name, int levels) {
        static const struct timespec pause = { .tv_nsec = PAUSE_NSEC };
        int directory = is_name_of_ours(name) ? open_group(at, name) : -1;

        (void) levels;
        if (directory < 0)
                return;
        if (flock(directory, LOCK_EX | LOCK_NB) == 0) {
                kill_all(at, name);
                for (int i = 0; i < LOOKS && removed(at, name) < 0; i++)
                        (void) nanosleep(&pause, NULL);
        }
        (void) close(directory);
}

static void give_up(void) {
        if (group >= 0)
                (void) close(group);
        if (above >= 0)
                (void) close(above);
        group = above = -1;
}

/* Between its birth and its lock, another one that starts may take it for a dead keeper's. */
static bool make_group(void) {
        if (mkdirat(above, group_name, 0755) < 0)
                return false;
        group = open_group(above, group_name);
        if (group >= 0 && flock(group, LOCK_EX | LOCK_NB) == 0 && faccessat(group, KILL, W_OK, AT_EACCESS) == 0)
                return true;
        (void) unlinkat(above, group_name, AT_REMOVEDIR);
        return false;
}

void groups_init(uint64_t run_id) {
        /* A filter that the launcher has set may kill for calls that are needed for this and for nothing else. */
        if (prctl(PR_GET_SECCOMP) != 0)
                return;
        above = open_above();
        if (above < 0)
                return;
        visit(above, 0, remove_if_dead);
        (void) snprintf(group_name, sizeof(group_name), PREFIX "%09" PRIx64 "-%d", run_id & 0xfffffffff, getpid());
        if (!make_group())
                give_up();
}

static const char *leaf_name(int64_t id, char *ret_name) {
        (void) snprintf(ret_name, NAME_SIZE, "%" PRId64, id);
        return ret_name;
}

int groups_add_leaf(int64_t id) {
        char name[NAME_SIZE];

        /* One that is there already is another root's. */
        if (group < 0 || mkdirat(group, leaf_name(id, name), 0755) < 0)
                return -1;
        return open_group(group, name);
}

void groups_join(int leaf) {
        int file = leaf < 0 ? -1 : openat(leaf, "cgroup.procs", O_WRONLY | O_CLOEXEC);

        if (file < 0)
                return;
        (void) !write(file, "0", 1);
        (void) close(file);
}

void groups_forget(void) {
        give_up();
}

static bool is_leaf(const char *line, char *ret_leaf) {
        const char *found = strncmp(line, "0::", 3) == 0 ? strstr(line, group_name) : NULL;

        if (!found || found[strlen(group_name)] != '/')
                return false;
        (void) snprintf(ret_leaf, NAME_SIZE, "%.60s", found + strlen(group_name) + 1);
        return true;
}

static bool read_leaf(pid_t pid, char *ret_leaf) {
        char text[PATH_SIZE];

        (void) snprintf(text, sizeof(text), "/proc/%d/cgroup", pid);
        int fd = open(text, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (fd >= 0)
                (void) close(fd);
        text[n > 0 ? n : 0] = 0;
        for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
                if (is_leaf(line, ret_leaf))
                        return true;
        return false;
}

int64_t groups_leaf_of(pid_t pid) {
        char leaf[NAME_SIZE];

        return group >= 0 && read_leaf(pid, leaf) ? strtoll(leaf, NULL, 10) : -1;
}

void groups_kill(int64_t id) {
        char name[NAME_SIZE];

        if (group >= 0)
                kill_all(id < 0 ? above : group, id < 0 ? group_name : leaf_name(id, name));
}

int groups_remove(int64_t id) {
        char name[NAME_SIZE];

        if (group < 0)
                return 0;
        return id < 0 ? removed(above, group_name) : removed(group, leaf_name(id, name));
}
