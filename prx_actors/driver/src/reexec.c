#include "reexec.h"

#include "channel.h"
#include "children.h"
#include "driver.h"
#include "event.h"
#include "signals.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The driver's fds keep their numbers, and so does all that they stand for: the epoll with what it watches,
 * pidfds, the pages shared with parent and children. What is in this process' memory goes through the state. */
static void keep_fds(bool keep) {
        for (int fd = FD_OWN_FIRST; fd < FD_OWN_END; fd++)
                (void) fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
        channel_keep_fds(keep);
}

/* Of the process, not of this file, but set anew by an exec. */
struct traits {
        char name[16];
        int dumpable;
        int slot;       /* our flag in the parent's page, or -1 */
};

static void save_traits(void) {
        struct traits traits = { .dumpable = prctl(PR_GET_DUMPABLE), .slot = -1 };

        (void) prctl(PR_GET_NAME, traits.name);
        if (driver.program)
                traits.slot = (int) (driver.program - driver.parent_family->program);
        state_put(&traits, sizeof(traits));
}

static int save(void) {
        /* Under a small RLIMIT_FSIZE a page has no file: it would be lost. */
        if ((driver.family && !family_is_kept(FD_FAMILY_PAGE)) ||
            (driver.parent_family && !family_is_kept(FD_PARENT_PAGE)))
                return -EFBIG;
        int result = state_begin();
        if (result)
                return result;
        state_put(&driver, sizeof(driver));
        save_traits();
        signals_save();
        children_save();
        event_save();
        channel_save();
        return state_finish();
}

static int exec_image(char **argv, char **envp) {
        char path[32];

        (void) syscall(SYS_execveat, FD_IMAGE, "", argv, envp, AT_EMPTY_PATH);
        /* Seccomp filters of container engines may know execve only; valgrind looks for the image by its name. */
        if (errno == ENOSYS || errno == ENOENT) {
                (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", FD_IMAGE);
                (void) execve(path, argv, envp);
        }
        return -errno;
}

/* Signals are blocked, as ever outside the loop's wait, and wait in the kernel across the exec; SIGCHLD too, so
 * that no child is reaped which the state still calls alive. */
int reexec(char **argv, char **envp) {
        if (driver.depth < 0)
                return image_fill();
        signals_hold_children();
        int result = save();

        if (!result) {
                keep_fds(true);
                result = exec_image(argv, envp ? envp : environ);
                keep_fds(false);
        }
        state_drop();
        signals_release_children();
        return result;
}

static void restore_traits(void) {
        struct traits traits;

        state_take(&traits, sizeof(traits));
        (void) prctl(PR_SET_DUMPABLE, traits.dumpable == 1);
        (void) prctl(PR_SET_NAME, traits.name);
        driver.program = NULL;
        if (driver.parent_family && traits.slot >= 0 && traits.slot < PRX_CHILDREN_MAX)
                driver.program = &driver.parent_family->program[traits.slot];
}

/* The pointers are of the old image, and say no more than whether there was a page. */
static int restore_families(void) {
        if (driver.family && !(driver.family = family_map(FD_FAMILY_PAGE)))
                return -errno;
        if (driver.parent_family && !(driver.parent_family = family_map(FD_PARENT_PAGE)))
                return -errno;
        return 0;
}

bool reexec_resume(void) {
        if (!state_open())
                return false;
        state_take(&driver, sizeof(driver));
        int result = restore_families();
        if (result)
                _exit(PRX_EXIT_RESOURCE);
        restore_traits();
        signals_take();
        if (children_take() < 0 || event_take() < 0 || channel_take() < 0)
                _exit(PRX_EXIT_RESOURCE);
        if (!state_close())
                _exit(PRX_EXIT_STARTUP);
        keep_fds(false);
        /* The table is complete: children that have ended meanwhile are reaped in here. */
        signals_resume();
        return true;
}
