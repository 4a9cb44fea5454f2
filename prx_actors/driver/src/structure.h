/* A C structure as an argument, and as what the kernel has left of it.
 *
 * On the wire it is an array: bytes are a part of the structure itself; an array of one is a pointer, to a copy
 * of bytes or to as many zero bytes as an integer says. An integer, or bytes alone, may stand in its place. */
#pragma once

#include "msgpack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct structure_element {
        const uint8_t *bytes;   /* in the frame; NULL: zeroes */
        size_t size;
        size_t at;              /* of the bytes, in the memory: a pointer is never read back */
        bool pointer;
};

struct structure {
        uint8_t *memory;        /* NULL: nothing was given, or an integer */
        size_t size;            /* of the structure itself, without what it points to */
        struct structure_element *elements;
        uint32_t count;
        enum { STRUCTURE_INTEGER, STRUCTURE_BYTES, STRUCTURE_ELEMENTS } form;
        int64_t integer;
};

/* 0, CALL_MALFORMED by way of the reader's error, -E2BIG or -ENOMEM; structure_free is due in any case. */
int structure_read(struct mp_reader *r, struct structure *s);
void structure_free(struct structure *s);

/* The same shape with what is in the memory now. */
void structure_write(const struct structure *s, struct mp_writer *w);

/* What the kernel takes: the address of the memory, or the integer. -EFAULT for an integer that could be the
 * address of something else in this process. */
int structure_pointer(const struct structure *s, void **ret);
