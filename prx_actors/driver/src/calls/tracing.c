#include "../call.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/ptrace.h>

/* Those whose arguments are an address and a word of the traced process; the data of the others is memory of
 * this one, or a small number. */
static bool takes_words(int request) {
        return request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER ||
                request == PTRACE_POKETEXT || request == PTRACE_POKEDATA || request == PTRACE_POKEUSER;
}

static int word_or_pointer(bool word, const struct structure *s, void **ret) {
        if (word && !s->memory) {
                *ret = (void *) (intptr_t) s->integer;
                return 0;
        }
        return structure_pointer(s, ret);
}

int call_ptrace(const struct argument *args, struct mp_writer *value) {
        int request;
        int pid;
        void *addr;
        void *data;

        if (argument_int(&args[0], &request) < 0 || argument_int(&args[1], &pid) < 0)
                return -EINVAL;
        bool words = takes_words(request);
        if (word_or_pointer(words, &args[2].structure, &addr) < 0 ||
            word_or_pointer(words, &args[3].structure, &data) < 0)
                return -EFAULT;
        errno = 0;
        long result = ptrace(request, pid, addr, data);
        /* A word that was read may be -1. */
        if (result == -1 && errno)
                return -errno;
        mp_write_array(value, 3);
        mp_write_int(value, result);
        structure_write(&args[2].structure, value);
        structure_write(&args[3].structure, value);
        return 0;
}
