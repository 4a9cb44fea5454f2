/* waitpid. */
#include "../call.h"
#include "../children.h"

#include <errno.h>
#include <limits.h>

int call_waitpid(const struct argument *args, struct mp_writer *value) {
        int64_t options = args[1].integer;
        int status = 0;
        int pid;

        /* __WCLONE is the sign bit: as the headers have it, it is beyond int. */
        if (argument_int(&args[0], &pid) < 0 || options < INT_MIN || options > UINT_MAX)
                return -EINVAL;
        pid_t found = children_wait(pid, (int) (uint32_t) options, &status);
        if (found < 0)
                return found;
        mp_write_array(value, 2);
        mp_write_int(value, found);
        mp_write_int(value, status);
        return 0;
}
