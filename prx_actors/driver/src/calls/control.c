/* prctl and seccomp. */
#include "../call.h"
#include "../driver.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set_death_signal(const struct structure *s) {
        if (s->memory || s->integer < 0 || s->integer > SIGRTMAX)
                return -EINVAL;
        driver.user_death_signal = (int) s->integer;
        return 0;
}

/* There is room for the number behind the shortest structure. */
static int give_setting(const struct structure *s, int setting) {
        if (!s->memory)
                return -EFAULT;
        memcpy(s->memory, &setting, sizeof(setting));
        return 0;
}

static int perform(int option, const struct argument *args) {
        const struct structure *first = &args[0].structure;
        void *a[4];

        for (int i = 0; i < 4; i++)
                if (structure_pointer(&args[i].structure, &a[i]) < 0)
                        return -EFAULT;
        switch (option) {
        case PR_SET_CHILD_SUBREAPER:
                driver.user_subreaper = a[0] != NULL;
                return 0;
        case PR_GET_CHILD_SUBREAPER:
                return give_setting(first, driver.user_subreaper);
        case PR_SET_PDEATHSIG:
                return set_death_signal(first);
        case PR_GET_PDEATHSIG:
                return give_setting(first, driver.user_death_signal);
        default: {
                int result = prctl(option, a[0], a[1], a[2], a[3]);
                return result < 0 ? -errno : result;
        }
        }
}

int call_prctl(const struct argument *args, struct mp_writer *value) {
        int option;

        if (argument_int(&args[0], &option) < 0)
                return -EINVAL;
        int result = perform(option, args + 1);
        if (result < 0)
                return result;
        mp_write_array(value, 5);
        mp_write_int(value, result);
        for (int i = 1; i <= 4; i++)
                structure_write(&args[i].structure, value);
        return 0;
}

/* A filter with a listener gives its fd; nothing else gives anything. */
int call_seccomp(const struct argument *args, struct mp_writer *value) {
        void *program;

        if (args[0].integer < 0 || args[0].integer > UINT32_MAX || args[1].integer < 0 || args[1].integer > UINT32_MAX)
                return -EINVAL;
        if (structure_pointer(&args[2].structure, &program) < 0)
                return -EFAULT;
        long result = syscall(SYS_seccomp, (unsigned) args[0].integer, (unsigned) args[1].integer, program);
        if (result < 0)
                return -errno;
        if (result > 0)
                mp_write_int(value, result);
        return 0;
}
