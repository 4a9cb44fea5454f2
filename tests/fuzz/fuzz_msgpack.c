/* A libFuzzer target: any bytes as a request's array, decoded as a call decodes its arguments.
 *
 * The first byte says how many elements there are, the following ones their types (see calls.h). */
#include "calls.h"
#include "msgpack.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What no sanitizer sees. */
static void must(bool holds) {
        if (!holds)
                abort();
}

static void check_bytes(struct mp_reader *r) {
        struct mp_bytes bytes = mp_read_bytes(r);

        must(r->failed ? !bytes.data : bytes.data + bytes.size == r->at);
        /* Touches every byte that the reader hands out. */
        if (bytes.size)
                memset(bytes.data, 0, bytes.size);
}

static void check_string(struct mp_reader *r) {
        const char *text = mp_read_cstr(r);

        must(r->failed == !text);
        /* The terminator is the last byte that the element has. */
        must(!text || (const uint8_t *) text + strlen(text) + 1 == r->at);
}

static void check_vector(struct mp_reader *r) {
        uint32_t count = mp_read_array(r);

        must(count <= (size_t) (r->end - r->at));
        for (uint32_t i = 0; i < count && !r->failed; i++)
                check_string(r);
}

static void check_iodata(struct mp_reader *r) {
        const uint8_t *start = r->at;
        struct mp_bytes bytes = mp_read_iodata(r);

        /* It lies within what it was made of. */
        must(r->failed ? !bytes.data : bytes.data == start && bytes.data + bytes.size <= r->at);
        if (bytes.size)
                memset(bytes.data, 0, bytes.size);
}

static void check_element(struct mp_reader *r, char type) {
        switch (type) {
        case 'i':
                mp_read_int(r);
                break;
        case 's':
                check_string(r);
                break;
        case 'b':
                check_bytes(r);
                break;
        case 'd':
                check_iodata(r);
                break;
        default:
                check_vector(r);
        }
}

static void check_frame(uint8_t *frame, size_t size, const uint8_t *types, size_t count) {
        struct mp_reader r;

        mp_read_init(&r, frame, size);
        mp_read_array(&r);
        for (size_t i = 0; i < count; i++) {
                if (!mp_read_nil(&r))
                        check_element(&r, "isbvd"[types[i] % 5]);
                must(r.at >= frame && r.at <= r.end);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t count = size ? data[0] % (PRX_ARGUMENTS_MAX + 1) : 0;

        if (size < 1 + count)
                return 0;
        /* A copy of exactly its size: the reader writes into its frame. */
        size_t left = size - 1 - count;
        uint8_t *frame = malloc(left ? left : 1);
        if (!frame)
                return 0;
        memcpy(frame, data + 1 + count, left);
        check_frame(frame, left, data + 1, count);
        free(frame);
        return 0;
}
