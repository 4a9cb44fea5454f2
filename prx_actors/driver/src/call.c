#include "call.h"

#include "channel.h"
#include "driver.h"
#include "protocol.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static const struct {
        const char *types;
        call_function *function;
} calls[] = {
#define PRX_CALL_ROW(name, types) { types, call_##name },
        PRX_CALLS(PRX_CALL_ROW)
#undef PRX_CALL_ROW
};

int argument_int(const struct argument *arg, int *ret) {
        if (arg->integer < INT_MIN || arg->integer > INT_MAX)
                return -EINVAL;
        *ret = (int) arg->integer;
        return 0;
}

int argument_fd(const struct argument *arg, int *ret) {
        if (fd_is_own(arg->integer) || argument_int(arg, ret) < 0)
                return -EBADF;
        return 0;
}

/* The analyzer of GCC loses sight of an array's element: what is allocated here is freed by call_perform. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int decode_vector(struct mp_reader *r, struct argument *arg) {
        uint32_t count = mp_read_array(r);

        if (r->failed || count > PRX_ELEMENTS_MAX)
                return CALL_MALFORMED;
        arg->vector = calloc((size_t) count + 1, sizeof(char *));
        if (!arg->vector)
                return -ENOMEM;
        arg->count = count;
        for (uint32_t i = 0; i < count && !r->failed; i++)
                arg->vector[i] = mp_read_cstr(r);
        return 0;
}

static int decode_integers(struct mp_reader *r, struct argument *arg) {
        uint32_t count = mp_read_array(r);

        if (r->failed || count > PRX_ELEMENTS_MAX)
                return CALL_MALFORMED;
        arg->integers = calloc((size_t) count + 1, sizeof(int64_t));
        if (!arg->integers)
                return -ENOMEM;
        arg->count = count;
        for (uint32_t i = 0; i < count && !r->failed; i++)
                arg->integers[i] = mp_read_int(r);
        return 0;
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

static int decode(struct mp_reader *r, char type, struct argument *arg) {
        switch (type) {
        case 'i':
                arg->integer = mp_read_int(r);
                return 0;
        case 's':
                arg->string = mp_read_cstr(r);
                return 0;
        case 'b':
                arg->bytes = mp_read_bytes(r);
                return 0;
        case 'd':
                arg->bytes = mp_read_iodata(r);
                return 0;
        case 'l':
                return decode_integers(r, arg);
        case 'c':
                return structure_read(r, &arg->structure);
        default:
                return decode_vector(r, arg);
        }
}

static int decode_all(struct mp_reader *r, const char *types, uint32_t count, struct argument *args) {
        uint32_t i = 0;
        int result = 0;

        for (; types[i] && !result; i++)
                result = i < count ? decode(r, types[i], &args[i]) : CALL_MALFORMED;
        if (!result && (r->failed || i != count || r->at != r->end))
                result = CALL_MALFORMED;
        return result;
}

int call_perform(int64_t number, uint32_t count, struct mp_reader *args, struct mp_writer *value) {
        struct argument decoded[PRX_ARGUMENTS_MAX] = { 0 };

        if (number < 0 || number >= PRX_CALL_COUNT)
                return -ENOSYS;
        if (filter_refuses(&driver.filter, number)) {
                /* These bring the channels of the child. */
                if (number == PRX_CALL_fork || number == PRX_CALL_clone)
                        channel_drop_fds();
                return -ENOSYS;
        }
        int result = decode_all(args, calls[number].types, count, decoded);
        if (!result)
                result = calls[number].function(decoded, value);
        for (size_t i = 0; i < PRX_ARGUMENTS_MAX; i++) {
                free(decoded[i].vector);
                free(decoded[i].integers);
                structure_free(&decoded[i].structure);
        }
        return result;
}
