/* fork, clone and exit. */
#include "../call.h"
#include "../channel.h"
#include "../driver.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

/* A child that shares memory, files or handlers with this process would break both. */
enum {
        CLONE_ALLOWED = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                CLONE_NEWNET | CLONE_IO,
};

static int fork_with(uint64_t flags, int64_t id, const struct argument *given, struct mp_writer *value) {
        struct birth_options options = { given->integers, given->count };
        int pidfd = -1;
        pid_t pid = birth_fork(flags, id, &options, &pidfd);

        if (pid == 0)
                return CALL_NO_REPLY;
        if (pid < 0)
                return pid;
        channel_reply_with(pidfd);
        mp_write_int(value, pid);
        return 0;
}

int call_fork(const struct argument *args, struct mp_writer *value) {
        return fork_with(0, args[0].integer, &args[1], value);
}

int call_clone(const struct argument *args, struct mp_writer *value) {
        int64_t flags = args[1].integer;

        if (flags & ~(int64_t) CLONE_ALLOWED) {
                channel_drop_fds();
                return -EINVAL;
        }
        return fork_with((uint64_t) flags, args[0].integer, &args[2], value);
}

int call_exit(const struct argument *args, struct mp_writer *value) {
        (void) value;
        end_begin(deadline_after(driver.options[PRX_OPTION_killdelay]), (int) (args[0].integer & 0xff));
        return 0;
}
