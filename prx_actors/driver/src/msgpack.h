/* A subset of MessagePack: nil, booleans, integers, strings, binaries and arrays.
 *
 * Reader and writer carry a sticky error: check once, after the last element. The reader hands out views
 * into the frame and allocates nothing; every length is checked against what is left before it is used. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mp_bytes {
        uint8_t *data;
        size_t size;
};

struct mp_reader {
        uint8_t *at;
        uint8_t *end;
        bool failed;
};

/* Grows up to limit when it owns its memory; a writer over a caller's buffer has limit == capacity. */
struct mp_writer {
        uint8_t *data;
        size_t size;
        size_t capacity;
        size_t limit;
        int error; /* 0 or a negative errno */
};

void mp_read_init(struct mp_reader *r, void *data, size_t size);
bool mp_read_nil(struct mp_reader *r);
int64_t mp_read_int(struct mp_reader *r);
uint32_t mp_read_array(struct mp_reader *r);
struct mp_bytes mp_read_bytes(struct mp_reader *r);
char *mp_read_cstr(struct mp_reader *r);
struct mp_bytes mp_read_iodata(struct mp_reader *r);

uint8_t *mp_reserve(struct mp_writer *w, size_t size);
void mp_write_nil(struct mp_writer *w);
void mp_write_int(struct mp_writer *w, int64_t value);
void mp_write_array(struct mp_writer *w, uint32_t count);
void mp_write_bytes(struct mp_writer *w, const void *data, size_t size);
void mp_write_bytes_header(struct mp_writer *w, uint32_t size);
