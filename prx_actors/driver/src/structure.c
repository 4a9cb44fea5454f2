#include "structure.h"

#include "call.h"
#include "protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
        ALIGNMENT = 16,
        /* What an ioctl may write where its caller gave less: the size in its number has 14 bits. */
        SLACK = 1 << 14,
        /* All the arguments of a call fit into its reply. */
        STRUCTURE_MAX = PRX_FRAME_MAX / 8,
};

static bool array_is_next(const struct mp_reader *r) {
        return !r->failed && r->at < r->end && ((*r->at & 0xf0) == 0x90 || *r->at == 0xdc || *r->at == 0xdd);
}

static bool bytes_are_next(const struct mp_reader *r) {
        if (r->failed || r->at == r->end)
                return false;
        uint8_t tag = *r->at;
        return (tag & 0xe0) == 0xa0 || (tag >= 0xc4 && tag <= 0xc6) || (tag >= 0xd9 && tag <= 0xdb);
}

static void read_bytes(struct mp_reader *r, struct structure_element *e) {
        struct mp_bytes bytes = mp_read_bytes(r);

        e->bytes = bytes.data;
        e->size = bytes.size;
}

static int read_zeroes(struct mp_reader *r, struct structure_element *e) {
        int64_t size = mp_read_int(r);

        if (r->failed || size < 0)
                return CALL_MALFORMED;
        if (size > STRUCTURE_MAX)
                return -E2BIG;
        e->size = (size_t) size;
        return 0;
}

static int read_element(struct mp_reader *r, struct structure_element *e) {
        e->pointer = array_is_next(r);
        if (e->pointer && mp_read_array(r) != 1)
                return CALL_MALFORMED;
        if (e->pointer && !bytes_are_next(r))
                return read_zeroes(r, e);
        read_bytes(r, e);
        return r->failed ? CALL_MALFORMED : 0;
}

static int read_elements(struct mp_reader *r, struct structure *s) {
        uint32_t count = s->form == STRUCTURE_ELEMENTS ? mp_read_array(r) : 1;

        if (r->failed || count > PRX_ELEMENTS_MAX)
                return CALL_MALFORMED;
        s->elements = calloc((size_t) count + 1, sizeof(*s->elements));
        if (!s->elements)
                return -ENOMEM;
        s->count = count;
        for (uint32_t i = 0; i < count; i++) {
                int result = read_element(r, &s->elements[i]);
                if (result)
                        return result;
        }
        return 0;
}

static size_t aligned(size_t size) {
        return (size + ALIGNMENT - 1) & ~((size_t) ALIGNMENT - 1);
}

/* The structure first, then what it points to. No sum overflows: an element is no longer than a frame, and
 * there are a million at the most. */
static size_t lay_out(struct structure *s) {
        for (uint32_t i = 0; i < s->count; i++) {
                s->elements[i].at = s->size;
                s->size += s->elements[i].pointer ? sizeof(void *) : s->elements[i].size;
        }
        size_t end = aligned(s->size);
        for (uint32_t i = 0; i < s->count; i++)
                if (s->elements[i].pointer) {
                        s->elements[i].at = end;
                        end += aligned(s->elements[i].size);
                }
        return end;
}

static void fill(struct structure *s) {
        uint8_t *part = s->memory;

        for (uint32_t i = 0; i < s->count; i++) {
                const struct structure_element *e = &s->elements[i];
                uint8_t *bytes = s->memory + e->at;
                if (e->pointer) {
                        const void *pointer = e->size ? bytes : NULL;
                        memcpy(part, &pointer, sizeof(pointer));
                }
                if (e->bytes && e->size)
                        memcpy(bytes, e->bytes, e->size);
                part += e->pointer ? sizeof(void *) : e->size;
        }
}

int structure_read(struct mp_reader *r, struct structure *s) {
        if (!array_is_next(r) && !bytes_are_next(r)) {
                s->integer = mp_read_int(r);
                return 0;
        }
        s->form = array_is_next(r) ? STRUCTURE_ELEMENTS : STRUCTURE_BYTES;
        int result = read_elements(r, s);
        if (result || !s->count)
                return result;
        size_t size = lay_out(s);
        if (size > STRUCTURE_MAX)
                return -E2BIG;
        s->memory = calloc(1, size + SLACK);
        if (!s->memory)
                return -ENOMEM;
        fill(s);
        return 0;
}

void structure_free(struct structure *s) {
        free(s->memory);
        free(s->elements);
}

void structure_write(const struct structure *s, struct mp_writer *w) {
        if (s->form == STRUCTURE_INTEGER)
                mp_write_int(w, s->integer);
        if (s->form == STRUCTURE_ELEMENTS)
                mp_write_array(w, s->count);
        for (uint32_t i = 0; i < s->count; i++) {
                if (s->elements[i].pointer)
                        mp_write_array(w, 1);
                mp_write_bytes(w, s->memory + s->elements[i].at, s->elements[i].size);
        }
}

/* Below 4 GiB there is nothing of a position-independent program, and what is negative is the kernel's. */
int structure_pointer(const struct structure *s, void **ret) {
        if (!s->memory && (s->integer < INT32_MIN || s->integer > UINT32_MAX))
                return -EFAULT;
        *ret = s->memory ? s->memory : (void *) (intptr_t) s->integer;
        return 0;
}
