#include "batch.h"

#include "call.h"

#include <errno.h>

/* Those are no calls of a batch whose reply, or the rest of whose batch, would be another driver's. */
static bool stays_here(int64_t call) {
        return call != PRX_CALL_fork && call != PRX_CALL_clone && call != PRX_CALL_reexec;
}

static int perform_one(struct mp_bytes request, struct mp_writer *value) {
        struct mp_reader r;

        mp_read_init(&r, request.data, request.size);
        uint32_t count = mp_read_array(&r);
        int64_t call = mp_read_int(&r);
        if (r.failed || count < 1)
                return CALL_MALFORMED;
        return stays_here(call) ? call_perform(call, count - 1, &r, value) : -EINVAL;
}

int batch_perform(uint32_t count, struct mp_reader *requests, struct mp_writer *value) {
        size_t start = value->size;
        uint32_t done = 0;
        int result = 0;

        for (; done < count && !result; done++) {
                struct mp_bytes request = mp_read_bytes(requests);
                if (requests->failed)
                        return CALL_MALFORMED;
                result = perform_one(request, value);
                if (result == CALL_MALFORMED)
                        return result;
                value->size = start;
                value->error = 0;
        }
        if (!result && requests->at != requests->end)
                return CALL_MALFORMED;
        mp_write_array(value, 2);
        mp_write_int(value, result ? done - 1 : done);
        mp_write_int(value, -result);
        return 0;
}
