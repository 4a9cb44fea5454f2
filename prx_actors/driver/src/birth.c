#include "driver.h"

#include "channel.h"
#include "children.h"
#include "event.h"
#include "groups.h"
#include "search.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

struct driver driver = {
        .depth = -1,
        .maxchild_limit = PRX_CHILDREN_MAX,
        .options = {
#define PRX_OPTION_DEFAULT(name, default_value) [PRX_OPTION_##name] = default_value,
                PRX_OPTIONS(PRX_OPTION_DEFAULT)
#undef PRX_OPTION_DEFAULT
        },
};

/* What a socket of one's own says of its peer is a pidfd too (Linux 6.5): valgrind lets it through. */
static int peer_self(void) {
        int sockets[2];
        int fd = -1;
        socklen_t size = sizeof(fd);

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
                return -1;
        int result = getsockopt(sockets[0], SOL_SOCKET, SO_PEERPIDFD, &fd, &size);
        (void) close(sockets[0]);
        (void) close(sockets[1]);
        return result < 0 ? -1 : fd;
}

static int open_self(void) {
        int fd = (int) syscall(SYS_pidfd_open, getpid(), 0);

        if (fd < 0 && errno == ENOSYS) {
                fd = peer_self();
                errno = ENOSYS;
        }
        if (fd < 0 || dup3(fd, FD_SELF, O_CLOEXEC) < 0)
                return -errno;
        (void) close(fd);
        return 0;
}

/* The copies below 64 stay, the numbers the kernel gave go. */
static int move_fd(int from, int to, int flags) {
        if (dup3(from, to, flags) < 0)
                return -errno;
        (void) close(from);
        return 0;
}

static int reserve_fds(void) {
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        int result = fd < 0 ? -errno : 0;

        for (int i = 0; i <= 2 && !result; i++)
                result = dup2(fd, i) < 0 ? -errno : 0;
        /* Taken from now on, so that no other fd is ever given these numbers. */
        for (int i = FD_OWN_FIRST; i < FD_OWN_END && !result; i++)
                if (fcntl(i, F_GETFD) < 0)
                        result = dup3(fd, i, O_CLOEXEC) < 0 ? -errno : 0;
        if (fd > 2)
                (void) close(fd);
        return result;
}

static int raise_nofile(void) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return -errno;
        driver.nofile_original = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        driver.nofile_raised = limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static int check_socket(void) {
        int type;
        socklen_t size = sizeof(type);

        return getsockopt(0, SOL_SOCKET, SO_TYPE, &type, &size) < 0 || type != SOCK_STREAM ? -ENOTSOCK : 0;
}

static int take_socket(void) {
        return dup3(0, FD_CALL, O_CLOEXEC) < 0 ? -errno : 0;
}

static int close_others(void) {
        return syscall(SYS_close_range, 3, FD_OWN_FIRST - 1, 0) < 0 && errno != ENOSYS ? -errno : 0;
}

static int stand_alone(void) {
        /* Fails in a leader of a process group, which no signal to another group reaches either. */
        (void) setsid();
        (void) prctl(PR_SET_CHILD_SUBREAPER, 1);
        signals_init();
        return 0;
}

/* A launcher hands on fds 0, 1 and 2 and nothing else: fd 0 is the call socket, the rest comes over it. */
int birth_keeper(const char **ret_step) {
        static const struct {
                const char *name;
                int (*run)(void);
        } steps[] = {
                { "getsockopt", check_socket }, { "setrlimit", raise_nofile }, { "dup3", take_socket },
                { "close_range", close_others }, { "pidfd_open", open_self },  { "setsid", stand_alone },
                { "dup2", reserve_fds },
        };
        int result = 0;

        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !result; i++) {
                *ret_step = steps[i].name;
                result = steps[i].run();
        }
        return result;
}

static pid_t clone_process(uint64_t flags, int leaf, int *ret_pidfd) {
        struct clone_args args = { .flags = flags | CLONE_PIDFD, .pidfd = (uint64_t) (uintptr_t) ret_pidfd,
                                   .exit_signal = SIGCHLD };
        pid_t pid = -1;

        /* Born in its group, it is never outside. Where that is not to be it goes there before it obeys anybody. */
        if (leaf >= 0) {
                args.flags |= CLONE_INTO_CGROUP;
                args.cgroup = (__u64) leaf;
                pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
                args.flags &= ~(uint64_t) CLONE_INTO_CGROUP;
                args.cgroup = 0;
        }
        if (pid >= 0)
                return pid;
        pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        /* Seccomp filters of container engines answer ENOSYS to what they cannot look into. */
        if (pid < 0 && errno == ENOSYS)
                pid = (pid_t) syscall(SYS_clone, flags | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL, NULL);
        if (pid == 0)
                groups_join(leaf);
        return pid < 0 ? -errno : pid;
}

static int above_stdio(int fd) {
        return fd > 2 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static int take_channels(const int *received) {
        int fds[PRX_FORK_FDS];
        int result = 0;

        /* A user who closed fd 0 has made it the first free number. */
        for (int i = 0; i < PRX_FORK_FDS; i++)
                if ((fds[i] = above_stdio(received[i])) < 0)
                        return -errno;
        for (int i = 0; i <= 2 && !result; i++)
                result = move_fd(fds[2 + i], i, 0);
        if (!result)
                result = move_fd(fds[0], FD_CALL, O_CLOEXEC);
        return result ? result : move_fd(fds[1], FD_EVENT, O_CLOEXEC);
}

static int take_parent(void) {
        if (dup3(FD_SELF, FD_PARENT, O_CLOEXEC) < 0 || dup3(FD_FAMILY, FD_ORDERS, O_CLOEXEC) < 0 ||
            dup3(FD_FAMILY_PAGE, FD_PARENT_PAGE, O_CLOEXEC) < 0)
                return -errno;
        /* FD_FAMILY and its page stay the parent's until the first child needs one: their numbers must not fall
         * free. */
        return open_self();
}

static void take_family(int slot) {
        family_unmap(driver.parent_family);
        driver.parent_family = driver.family;
        driver.family = NULL;
        driver.program = &driver.parent_family->program[slot];
        *driver.program = 0;
}

static int become_driver(const int *fds, int64_t id, const struct birth_options *options, int slot) {
        channel_forget();
        event_forget();
        children_forget();
        search_forget();
        groups_forget();
        take_family(slot);
        driver.id = id;
        driver.user_subreaper = false;
        driver.user_death_signal = 0;
        /* Roots leave the keeper's session as the keeper has left the runtime's. */
        if (driver.depth++ < 0)
                (void) setsid();
        birth_options_take(options);
        driver.filter = driver.forks_filter;
        mark_set(id);
        (void) prctl(PR_SET_CHILD_SUBREAPER, 1);
        int result = take_channels(fds);
        if (!result)
                result = take_parent();
        if (!result)
                result = loop_init();
        signals_reset();
        return result;
}

static void close_all(const int *fds) {
        for (int i = 0; i < PRX_FORK_FDS; i++)
                (void) close(fds[i]);
}

/* In the parent: the child's pid. In the child: 0. */
pid_t birth_fork(uint64_t flags, int64_t id, const struct birth_options *options, int *ret_pidfd) {
        int fds[PRX_FORK_FDS];
        int result = channel_take_fds(fds, PRX_FORK_FDS);

        if (result)
                return result;
        int slot = !birth_options_valid(options) ? -EINVAL
                : driver.depth >= driver.options[PRX_OPTION_maxforkdepth] ? -EAGAIN
                : children_reserve();
        if (slot < 0) {
                close_all(fds);
                return slot;
        }
        driver.family->program[slot] = 0;
        signals_hold_children();
        int leaf = groups_add_leaf(id);
        pid_t pid = clone_process(flags, leaf, ret_pidfd);
        if (leaf >= 0)
                (void) close(leaf);
        if (pid == 0) {
                if (become_driver(fds, id, options, slot) < 0)
                        _exit(PRX_EXIT_RESOURCE);
                return 0;
        }
        if (pid > 0)
                children_add(slot, pid, id, birth_option(options, PRX_OPTION_signaloneof));
        else if (leaf >= 0)
                (void) groups_remove(id);
        signals_release_children();
        close_all(fds);
        return pid;
}
