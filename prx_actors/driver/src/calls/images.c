/* exec: another image for the process. */
#include "../call.h"
#include "../driver.h"
#include "../reexec.h"

#include <errno.h>

int call_execvp(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return program_exec(args[0].string, args[1].vector, NULL);
}

int call_execve(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return program_exec(args[0].string, args[1].vector, args[2].vector);
}

int call_fexecve(const struct argument *args, struct mp_writer *value) {
        int fd;
        int result = argument_int(&args[0], &fd);

        (void) value;
        if (result)
                return result;
        if (fd < 0 || fd_is_own(fd))
                return -EBADF;
        return program_fexec(fd, args[1].vector, args[2].vector);
}

/* reexec(argv, env, whether to keep the environment instead) */
int call_reexec(const struct argument *args, struct mp_writer *value) {
        (void) value;
        return reexec(args[0].vector, args[2].integer ? NULL : args[1].vector);
}
