#include "driver.h"

#include "children.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void swap_nofile(rlim_t from, rlim_t to) {
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur != from)
                return;
        limit.rlim_cur = to;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
}

static bool parent_is_dead(void) {
        struct pollfd parent = { .fd = FD_PARENT, .events = POLLIN };

        return poll(&parent, 1, 0) > 0;
}

/* Set last: any change of credentials would clear it. */
static int tie_to_parent(void) {
        if (layer_is_in(LAYER_DEATH) && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                return -errno;
        return parent_is_dead() ? -ESRCH : 0;
}

static void prepare(sigset_t *ret_mask) {
        sigset_t none;

        *driver.program = 1;
        (void) prctl(PR_SET_CHILD_SUBREAPER, driver.user_subreaper);
        swap_nofile(driver.nofile_raised, driver.nofile_original);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, ret_mask);
        signals_before_exec();
}

static void undo(const sigset_t *mask) {
        signals_after_exec();
        (void) prctl(PR_SET_PDEATHSIG, 0);
        (void) sigprocmask(SIG_SETMASK, mask, NULL);
        swap_nofile(driver.nofile_original, driver.nofile_raised);
        (void) prctl(PR_SET_CHILD_SUBREAPER, 1);
        *driver.program = 0;
}

struct program {
        int fd;                 /* -1: of that path */
        const char *path;
        char **argv;
        char **envp;            /* null: our own, and the path is looked for */
};

static int execute(const struct program *program) {
        if (program->fd >= 0)
                (void) syscall(SYS_execveat, program->fd, "", program->argv, program->envp, AT_EMPTY_PATH);
        else if (program->envp)
                (void) execve(program->path, program->argv, program->envp);
        else
                (void) execvp(program->path, program->argv);
        return -errno;
}

/* Handlers become defaults by themselves, what is ignored stays ignored, and our fds close: execve(2). */
static int become(const struct program *program) {
        sigset_t mask;

        /* The keeper is no task: who asks for it does not know what it does. */
        if (!driver.program)
                return -EPERM;
        if (children_any())
                return -EACCES;
        prepare(&mask);
        int result = tie_to_parent();
        if (!result)
                result = execute(program);
        undo(&mask);
        return result;
}

int program_exec(const char *path, char **argv, char **envp) {
        return become(&(struct program) { .fd = -1, .path = path, .argv = argv, .envp = envp });
}

int program_fexec(int fd, char **argv, char **envp) {
        return become(&(struct program) { .fd = fd, .argv = argv, .envp = envp });
}
