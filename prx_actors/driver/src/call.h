/* A call: the arguments are decoded by their types in the table, the function acts and writes one value.
 *
 * It returns 0 or a negative errno; on an error whatever it wrote is dropped, and the value is nil. */
#pragma once

#include "calls.h"
#include "msgpack.h"

#include <stdint.h>

struct argument {
        int64_t integer;
        char *string;
        struct mp_bytes bytes;
        char **vector;
        int64_t *integers;
        uint32_t count;         /* of either */
};

typedef int call_function(const struct argument *args, struct mp_writer *value);

#define PRX_CALL_DECLARE(name, types) call_function call_##name;
PRX_CALLS(PRX_CALL_DECLARE)
#undef PRX_CALL_DECLARE

/* What a call may answer besides 0 and a negative errno. */
enum {
        CALL_MALFORMED = 1, /* the frame is not a request: the driver ends */
        CALL_NO_REPLY = 2,  /* this is a new driver, which was not asked */
};

/* Decodes and performs the call whose arguments the reader stands at. */
int call_perform(int64_t number, uint32_t count, struct mp_reader *args, struct mp_writer *value);

/* An integer argument in the range of int, or -EINVAL. */
int argument_int(const struct argument *arg, int *ret);

/* An fd that the user may name, or -EBADF: the driver's own do not exist for calls. */
int argument_fd(const struct argument *arg, int *ret);
