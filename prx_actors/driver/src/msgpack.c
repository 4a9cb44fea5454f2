#include "msgpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void mp_read_init(struct mp_reader *r, void *data, size_t size) {
        *r = (struct mp_reader) { .at = data, .end = (uint8_t *) data + size };
}

static uint8_t *take(struct mp_reader *r, size_t size) {
        if (r->failed || (size_t) (r->end - r->at) < size) {
                r->failed = true;
                return NULL;
        }
        uint8_t *taken = r->at;
        r->at += size;
        return taken;
}

static uint64_t take_big_endian(struct mp_reader *r, size_t size) {
        const uint8_t *data = take(r, size);
        uint64_t value = 0;

        for (size_t i = 0; data && i < size; i++)
                value = value << 8 | data[i];
        return value;
}

static uint8_t take_byte(struct mp_reader *r) {
        const uint8_t *byte = take(r, 1);

        return byte ? *byte : 0;
}

static int64_t fail(struct mp_reader *r) {
        r->failed = true;
        return 0;
}

bool mp_read_nil(struct mp_reader *r) {
        if (r->failed || r->at == r->end || *r->at != 0xc0)
                return false;
        r->at++;
        return true;
}

int64_t mp_read_int(struct mp_reader *r) {
        uint8_t tag = take_byte(r);
        uint64_t value;

        if (r->failed || tag < 0x80)
                return tag;
        if (tag >= 0xe0)
                return (int8_t) tag;
        switch (tag) {
        case 0xc2: /* false */
                return 0;
        case 0xc3: /* true */
                return 1;
        case 0xcc:
                return (int64_t) take_big_endian(r, 1);
        case 0xcd:
                return (int64_t) take_big_endian(r, 2);
        case 0xce:
                return (int64_t) take_big_endian(r, 4);
        case 0xcf:
                value = take_big_endian(r, 8);
                return value <= INT64_MAX ? (int64_t) value : fail(r);
        case 0xd0:
                return (int8_t) take_big_endian(r, 1);
        case 0xd1:
                return (int16_t) take_big_endian(r, 2);
        case 0xd2:
                return (int32_t) take_big_endian(r, 4);
        case 0xd3:
                return (int64_t) take_big_endian(r, 8);
        default:
                return fail(r);
        }
}

uint32_t mp_read_array(struct mp_reader *r) {
        uint8_t tag = take_byte(r);
        uint64_t count;

        if ((tag & 0xf0) == 0x90)
                count = tag & 0x0f;
        else if (tag == 0xdc)
                count = take_big_endian(r, 2);
        else if (tag == 0xdd)
                count = take_big_endian(r, 4);
        else
                return (uint32_t) fail(r);
        /* An element takes a byte at the least, so a count beyond what is left is a lie. */
        if (r->failed || count > (size_t) (r->end - r->at))
                return (uint32_t) fail(r);
        return (uint32_t) count;
}

static size_t take_bytes_header(struct mp_reader *r) {
        uint8_t tag = take_byte(r);

        if ((tag & 0xe0) == 0xa0)
                return tag & 0x1f;
        switch (tag) {
        case 0xc4:
        case 0xd9:
                return (size_t) take_big_endian(r, 1);
        case 0xc5:
        case 0xda:
                return (size_t) take_big_endian(r, 2);
        case 0xc6:
        case 0xdb:
                return (size_t) take_big_endian(r, 4);
        default:
                return (size_t) fail(r);
        }
}

struct mp_bytes mp_read_bytes(struct mp_reader *r) {
        size_t size = take_bytes_header(r);
        uint8_t *data = take(r, size);

        return data ? (struct mp_bytes) { data, size } : (struct mp_bytes) { 0 };
}

/* A C string in place: the text moves one byte towards its own header, which has been read, and so makes
 * room for the terminator without an allocation. A string with a NUL inside is refused. */
char *mp_read_cstr(struct mp_reader *r) {
        struct mp_bytes bytes = mp_read_bytes(r);

        if (r->failed || memchr(bytes.data, 0, bytes.size)) {
                r->failed = true;
                return NULL;
        }
        char *text = (char *) bytes.data - 1;
        memmove(text, bytes.data, bytes.size);
        text[bytes.size] = 0;
        return text;
}

static bool at_array(const struct mp_reader *r) {
        return r->at < r->end && ((*r->at & 0xf0) == 0x90 || *r->at == 0xdc || *r->at == 0xdd);
}

static bool at_integer(const struct mp_reader *r) {
        return r->at < r->end && (*r->at < 0x80 || *r->at >= 0xe0 || (*r->at >= 0xcc && *r->at <= 0xd3));
}

/* Bytes out of bytes, integers of a byte and arrays of those, however deep. They lie in the frame one after the
 * other, so that there is nothing to recurse into, and what they hold is shorter than they are: it moves
 * together in place. */
struct mp_bytes mp_read_iodata(struct mp_reader *r) {
        struct mp_bytes flat = { .data = r->at };

        for (uint64_t left = 1; left && !r->failed; left--) {
                if (at_array(r)) {
                        left += mp_read_array(r);
                } else if (at_integer(r)) {
                        int64_t byte = mp_read_int(r);
                        if (r->failed || byte < 0 || byte > 0xff)
                                r->failed = true;
                        else
                                flat.data[flat.size++] = (uint8_t) byte;
                } else {
                        struct mp_bytes bytes = mp_read_bytes(r);
                        if (bytes.size)
                                memmove(flat.data + flat.size, bytes.data, bytes.size);
                        flat.size += bytes.size;
                }
        }
        if (r->failed)
                return (struct mp_bytes) { 0 };
        return flat;
}

static int grow(struct mp_writer *w, size_t size) {
        size_t capacity = w->capacity < 512 ? 512 : w->capacity;

        if (size > w->limit - w->size)
                return -EMSGSIZE;
        while (capacity - w->size < size)
                capacity *= 2;
        if (capacity > w->limit)
                capacity = w->limit;
        uint8_t *data = realloc(w->data, capacity);
        if (!data)
                return -ENOMEM;
        w->data = data;
        w->capacity = capacity;
        return 0;
}

/* Room for size more bytes, or NULL with the writer's error set. */
uint8_t *mp_reserve(struct mp_writer *w, size_t size) {
        if (!w->error && w->capacity - w->size < size)
                w->error = grow(w, size);
        if (w->error)
                return NULL;
        uint8_t *at = w->data + w->size;
        w->size += size;
        return at;
}

static void put(struct mp_writer *w, uint8_t tag, uint64_t value, size_t size) {
        uint8_t *at = mp_reserve(w, size + 1);

        if (!at)
                return;
        *at++ = tag;
        for (size_t i = 0; i < size; i++)
                at[i] = (uint8_t) (value >> (8 * (size - 1 - i)));
}

void mp_write_nil(struct mp_writer *w) {
        put(w, 0xc0, 0, 0);
}

void mp_write_int(struct mp_writer *w, int64_t value) {
        if (value >= 0 && value < 0x80)
                put(w, (uint8_t) value, 0, 0);
        else if (value >= INT32_MIN && value <= INT32_MAX)
                put(w, 0xd2, (uint64_t) value, 4);
        else
                put(w, 0xd3, (uint64_t) value, 8);
}

void mp_write_array(struct mp_writer *w, uint32_t count) {
        if (count < 16)
                put(w, (uint8_t) (0x90 | count), 0, 0);
        else
                put(w, 0xdd, count, 4);
}

void mp_write_bytes_header(struct mp_writer *w, uint32_t size) {
        if (size < 0x100)
                put(w, 0xc4, size, 1);
        else
                put(w, 0xc6, size, 4);
}

void mp_write_bytes(struct mp_writer *w, const void *data, size_t size) {
        if (size > UINT32_MAX) {
                w->error = -EMSGSIZE;
                return;
        }
        mp_write_bytes_header(w, (uint32_t) size);
        uint8_t *at = mp_reserve(w, size);
        if (at && size)
                memcpy(at, data, size);
}
