/* TAP unit tests of the reader and the writer.
 *
 * A frame under test lies in memory of exactly its size, so that the sanitizers see a step outside of it. */
#include "msgpack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text) (text), sizeof(text) - 1

static int tests_run;
static int tests_failed;

static void check(bool ok, const char *what) {
        tests_run++;
        tests_failed += !ok;
        printf("%s %d - %s\n", ok ? "ok" : "not ok", tests_run, what);
}

struct sample {
        const char *what, *frame;
        size_t size;
};

/* The reader stands at a copy of its own, which lives until the next start. */
static void start(struct mp_reader *r, const struct sample *sample) {
        static uint8_t *copy;

        copy = realloc(copy, sample->size ? sample->size : 1);
        if (!copy) {
                puts("Bail out! no memory");
                exit(EXIT_FAILURE);
        }
        memcpy(copy, sample->frame, sample->size);
        mp_read_init(r, copy, sample->size);
}

static bool at_end(const struct mp_reader *r) {
        return !r->failed && r->at == r->end;
}

/* --- integers */

static const struct {
        struct sample sample;
        int64_t value;
} integers[] = {
        { { "positive fixint, least", BYTES("\x00") }, 0 },
        { { "positive fixint, greatest", BYTES("\x7f") }, 127 },
        { { "negative fixint, least", BYTES("\xe0") }, -32 },
        { { "negative fixint, greatest", BYTES("\xff") }, -1 },
        { { "false", BYTES("\xc2") }, 0 },
        { { "true", BYTES("\xc3") }, 1 },
        { { "uint8, least", BYTES("\xcc\x00") }, 0 },
        { { "uint8, greatest", BYTES("\xcc\xff") }, UINT8_MAX },
        { { "uint16, order of bytes", BYTES("\xcd\x01\x02") }, 0x0102 },
        { { "uint16, greatest", BYTES("\xcd\xff\xff") }, UINT16_MAX },
        { { "uint32, order of bytes", BYTES("\xce\x01\x02\x03\x04") }, 0x01020304 },
        { { "uint32, greatest", BYTES("\xce\xff\xff\xff\xff") }, UINT32_MAX },
        { { "uint64, order of bytes", BYTES("\xcf\x01\x02\x03\x04\x05\x06\x07\x08") }, 0x0102030405060708 },
        { { "uint64, INT64_MAX", BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff") }, INT64_MAX },
        { { "int8, least", BYTES("\xd0\x80") }, INT8_MIN },
        { { "int8, greatest", BYTES("\xd0\x7f") }, INT8_MAX },
        { { "int16, least", BYTES("\xd1\x80\x00") }, INT16_MIN },
        { { "int16, greatest", BYTES("\xd1\x7f\xff") }, INT16_MAX },
        { { "int32, least", BYTES("\xd2\x80\x00\x00\x00") }, INT32_MIN },
        { { "int32, greatest", BYTES("\xd2\x7f\xff\xff\xff") }, INT32_MAX },
        { { "int64, least", BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00") }, INT64_MIN },
        { { "int64, greatest", BYTES("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff") }, INT64_MAX },
};

static void test_integer_widths(void) {
        for (size_t i = 0; i < LENGTH(integers); i++) {
                struct mp_reader r;

                start(&r, &integers[i].sample);
                check(mp_read_int(&r) == integers[i].value && at_end(&r), integers[i].sample.what);
        }
}

static void test_written_integers_read_back(void) {
        static const int64_t values[] = {
                0, 1, 127, 128, 255, 256, 65535, 65536, -1, -32, -33, -128, -129, -32768, -32769,
                INT32_MAX, INT32_MIN, (int64_t) INT32_MAX + 1, (int64_t) INT32_MIN - 1,
                UINT32_MAX, INT64_MAX, INT64_MIN,
        };
        struct mp_writer w = { .limit = 4096 };
        struct mp_reader r;
        bool same = true;

        for (size_t i = 0; i < LENGTH(values); i++)
                mp_write_int(&w, values[i]);
        mp_read_init(&r, w.data, w.size);
        for (size_t i = 0; i < LENGTH(values); i++)
                same &= mp_read_int(&r) == values[i];
        check(same && at_end(&r), "written integers read back");
        free(w.data);
}

/* --- what is refused */

static void read_as(struct mp_reader *r, char type) {
        if (type == 'i')
                mp_read_int(r);
        else if (type == 'a')
                mp_read_array(r);
        else if (type == 'b')
                mp_read_bytes(r);
        else
                mp_read_cstr(r);
}

static const struct {
        char type;
        struct sample sample;
} refusals[] = {
        { 'i', { "uint64 beyond INT64_MAX", BYTES("\xcf\x80\x00\x00\x00\x00\x00\x00\x00") } },
        { 'i', { "nil for an integer", BYTES("\xc0") } },
        { 'i', { "the reserved tag for an integer", BYTES("\xc1") } },
        { 'i', { "a float for an integer", BYTES("\xca\x00\x00\x00\x00") } },
        { 'i', { "a string for an integer", BYTES("\xa1x") } },
        { 'i', { "an integer from nothing", "", 0 } },
        { 'a', { "an integer for an array", BYTES("\x01\x01") } },
        { 'a', { "a map for an array", BYTES("\x81\x01\x01") } },
        { 'a', { "a count beyond what is left, fixarray", BYTES("\x92\x01") } },
        { 'a', { "a count beyond what is left, array16", BYTES("\xdc\x00\x02\x01") } },
        { 'a', { "a count beyond what is left, array32", BYTES("\xdd\xff\xff\xff\xff\x01") } },
        { 'b', { "an integer for bytes", BYTES("\x01") } },
        { 'b', { "a length beyond what is left, fixstr", BYTES("\xa2x") } },
        { 'b', { "a length beyond what is left, bin8", BYTES("\xc4\x02x") } },
        { 'b', { "a length beyond what is left, bin16", BYTES("\xc5\x00\x02x") } },
        { 'b', { "a length beyond what is left, bin32", BYTES("\xc6\xff\xff\xff\xffx") } },
        { 'b', { "a length beyond what is left, str8", BYTES("\xd9\x02x") } },
        { 'b', { "a length beyond what is left, str16", BYTES("\xda\x00\x02x") } },
        { 'b', { "a length beyond what is left, str32", BYTES("\xdb\xff\xff\xff\xffx") } },
        { 'b', { "bytes from nothing", "", 0 } },
        { 's', { "a NUL inside a C string", BYTES("\xa3x\0y") } },
        { 's', { "a NUL at the start of a C string", BYTES("\xa2\0y") } },
        { 's', { "a NUL at the end of a C string", BYTES("\xc4\x02y\0") } },
};

static void test_refusals(void) {
        for (size_t i = 0; i < LENGTH(refusals); i++) {
                struct mp_reader r;

                start(&r, &refusals[i].sample);
                read_as(&r, refusals[i].type);
                check(r.failed, refusals[i].sample.what);
        }
}

static void test_error_is_sticky(void) {
        uint8_t frame[] = { 0xc1, 0x01, 0x91, 0xa1, 'x', 0xc0 };
        struct mp_reader r;

        mp_read_init(&r, frame, sizeof(frame));
        mp_read_int(&r);
        const uint8_t *at = r.at;
        check(mp_read_int(&r) == 0 && mp_read_array(&r) == 0, "no number after an error");
        check(!mp_read_bytes(&r).data && !mp_read_cstr(&r), "no bytes and no C string after an error");
        r.at = frame + 5;
        check(!mp_read_nil(&r), "no nil after an error");
        check(r.failed && at == frame + 1 && r.at == frame + 5, "nothing is read after an error");
}

/* --- arrays, nil, bytes */

static void test_array_widths(void) {
        static const struct sample arrays[] = {
                { "fixarray", BYTES("\x92\x01\x02") },
                { "array16", BYTES("\xdc\x00\x02\x01\x02") },
                { "array32", BYTES("\xdd\x00\x00\x00\x02\x01\x02") },
        };

        for (size_t i = 0; i < LENGTH(arrays); i++) {
                struct mp_reader r;

                start(&r, &arrays[i]);
                bool same = mp_read_array(&r) == 2 && mp_read_int(&r) == 1 && mp_read_int(&r) == 2;
                check(same && at_end(&r), arrays[i].what);
        }
}

static void test_written_arrays_read_back(void) {
        static const uint32_t counts[] = { 0, 1, 15, 16, 65535, 65536 };

        for (size_t i = 0; i < LENGTH(counts); i++) {
                struct mp_writer w = { .limit = 1 << 20 };
                struct mp_reader r;

                mp_write_array(&w, counts[i]);
                for (uint32_t j = 0; j < counts[i]; j++)
                        mp_write_nil(&w);
                mp_read_init(&r, w.data, w.size);
                bool same = mp_read_array(&r) == counts[i];
                for (uint32_t j = 0; j < counts[i]; j++)
                        same &= mp_read_nil(&r);
                check(same && at_end(&r), "a written array reads back");
                free(w.data);
        }
}

static void test_nil(void) {
        struct mp_reader r;

        start(&r, &(struct sample) { NULL, "\xc0\x01", 2 });
        check(mp_read_nil(&r), "nil is read");
        check(!mp_read_nil(&r) && !r.failed && mp_read_int(&r) == 1, "what is not nil stays to be read");
        check(!mp_read_nil(&r) && !r.failed, "no nil at the end, and no error");
}

static void test_bytes_widths(void) {
        static const struct sample headers[] = {
                { "fixstr", BYTES("\xa2xy") },
                { "bin8", BYTES("\xc4\x02xy") },
                { "bin16", BYTES("\xc5\x00\x02xy") },
                { "bin32", BYTES("\xc6\x00\x00\x00\x02xy") },
                { "str8", BYTES("\xd9\x02xy") },
                { "str16", BYTES("\xda\x00\x02xy") },
                { "str32", BYTES("\xdb\x00\x00\x00\x02xy") },
        };

        for (size_t i = 0; i < LENGTH(headers); i++) {
                struct mp_reader r;

                start(&r, &headers[i]);
                struct mp_bytes bytes = mp_read_bytes(&r);
                check(at_end(&r) && bytes.size == 2 && !memcmp(bytes.data, "xy", 2), headers[i].what);
                start(&r, &headers[i]);
                const char *text = mp_read_cstr(&r);
                check(at_end(&r) && text && !strcmp(text, "xy"), "the same as a C string");
        }
}

static void test_written_bytes_read_back(void) {
        static const size_t sizes[] = { 0, 1, 31, 32, 255, 256, 65535, 65536 };
        static uint8_t data[65536];

        memset(data, 'x', sizeof(data));
        for (size_t i = 0; i < LENGTH(sizes); i++) {
                struct mp_writer w = { .limit = 1 << 20 };
                struct mp_reader r;

                mp_write_bytes(&w, data, sizes[i]);
                mp_read_init(&r, w.data, w.size);
                struct mp_bytes bytes = mp_read_bytes(&r);
                bool same = bytes.size == sizes[i] && !memcmp(bytes.data, data, bytes.size);
                check(same && at_end(&r), "written bytes read back");
                free(w.data);
        }
}

/* --- C strings in place */

static void test_empty_strings(void) {
        struct mp_reader r;

        start(&r, &(struct sample) { NULL, "\xa0\xc4\x00\xa0", 4 });
        const char *first = mp_read_cstr(&r);
        const char *second = mp_read_cstr(&r);
        struct mp_bytes third = mp_read_bytes(&r);
        check(first && !*first && second && !*second, "an empty C string");
        check(at_end(&r) && third.size == 0 && third.data, "empty bytes are at the frame's end, not NULL");
}

static void test_termination_leaves_the_neighbours(void) {
        struct mp_reader r;

        start(&r, &(struct sample) { NULL, "\xa2" "ab" "\xa0" "\xd9\x01" "c" "\x7f" "\xa1" "d", 10 });
        const char *ab = mp_read_cstr(&r);
        const char *empty = mp_read_cstr(&r);
        const char *c = mp_read_cstr(&r);
        int64_t number = mp_read_int(&r);
        const char *d = mp_read_cstr(&r);
        check(at_end(&r), "strings at the frame's start and at its end");
        bool same = ab && !strcmp(ab, "ab") && empty && !*empty && c && !strcmp(c, "c") && d && !strcmp(d, "d");
        check(same && number == 0x7f, "a terminator damages no other element");
}

/* --- truncation */

#define SAMPLE "\x96\x05\xd1\x01\x00\xa2xy\xc4\x01z\x92\xa1p\xa1q\xc0"

static bool reads_sample(struct mp_reader *r) {
        bool ok = mp_read_array(r) == 6;

        mp_read_int(r);
        mp_read_int(r);
        mp_read_cstr(r);
        mp_read_bytes(r);
        mp_read_array(r);
        mp_read_cstr(r);
        mp_read_cstr(r);
        return ok && mp_read_nil(r) && at_end(r);
}

static void test_truncation(void) {
        for (size_t size = 0; size < sizeof(SAMPLE); size++) {
                bool whole = size == sizeof(SAMPLE) - 1;
                struct mp_reader r;

                start(&r, &(struct sample) { NULL, SAMPLE, size });
                check(reads_sample(&r) == whole, whole ? "the whole sample is read" : "a truncated sample is not");
        }
}

/* --- the writer */

static bool wrote(const struct mp_writer *w, const char *frame, size_t size) {
        return !w->error && w->size == size && !memcmp(w->data, frame, size);
}

static void test_wire(void) {
        uint8_t data[64];
        struct mp_writer w = { .data = data, .capacity = sizeof(data), .limit = sizeof(data) };

        mp_write_array(&w, 3);
        mp_write_nil(&w);
        mp_write_int(&w, -2);
        mp_write_bytes(&w, "xy", 2);
        check(wrote(&w, BYTES("\x93\xc0\xd2\xff\xff\xff\xfe\xc4\x02xy")), "the bytes on the wire");
        w.size = 0;
        mp_write_array(&w, 16);
        mp_write_bytes_header(&w, 256);
        mp_write_int(&w, INT64_MIN);
        check(wrote(&w, BYTES("\xdd\0\0\0\x10\xc6\0\0\1\0\xd3\x80\0\0\0\0\0\0\0")), "the wide ones, too");
}

static void test_growth_keeps_what_was_written(void) {
        struct mp_writer w = { .limit = 1 << 20 };
        bool same = true;

        for (int i = 0; i < 10000; i++)
                mp_write_int(&w, i % 128);
        check(!w.error && w.size == 10000 && w.capacity >= w.size, "the writer grows");
        for (size_t i = 0; i < w.size; i++)
                same &= w.data[i] == i % 128;
        check(same, "what was written stays");
        free(w.data);
}

static void test_limit(void) {
        struct mp_writer w = { .limit = 1000 };

        check(mp_reserve(&w, 600) && mp_reserve(&w, 400), "the writer grows up to its limit");
        check(w.size == 1000 && w.capacity == 1000 && !w.error, "and holds just that");
        check(mp_reserve(&w, 0) && !w.error, "nothing more always fits");
        check(!mp_reserve(&w, 1) && w.error == -EMSGSIZE, "a byte beyond the limit is an error");
        free(w.data);
}

static void test_sizes_beyond_all_limits(void) {
        struct mp_writer w = { .limit = 1000 };

        check(!mp_reserve(&w, SIZE_MAX) && w.error == -EMSGSIZE && !w.data, "a size of SIZE_MAX is an error");
        check(!mp_reserve(&w, 1) && w.error == -EMSGSIZE, "the error is sticky");
        w = (struct mp_writer) { .limit = SIZE_MAX };
        mp_write_bytes(&w, "", (size_t) UINT32_MAX + 1);
        check(w.error == -EMSGSIZE && !w.data, "bytes whose length has no header are an error");
}

static void test_fixed_buffer(void) {
        uint8_t data[4] = { 0, 0, 0, 0xee };
        struct mp_writer w = { .data = data, .capacity = 3, .limit = 3 };

        mp_write_int(&w, 1);
        mp_write_array(&w, 1);
        check(w.size == 2 && !w.error && w.data == data, "a fixed buffer is written in place");
        mp_write_int(&w, 1000);
        check(w.error == -EMSGSIZE && w.size == 2, "it does not grow");
        mp_write_nil(&w);
        mp_write_bytes(&w, "x", 1);
        check(w.size == 2 && !memcmp(data, "\x01\x91\x00\xee", 4), "nothing is written after the error");
}

int main(void) {
        test_integer_widths();
        test_written_integers_read_back();
        test_refusals();
        test_error_is_sticky();
        test_array_widths();
        test_written_arrays_read_back();
        test_nil();
        test_bytes_widths();
        test_written_bytes_read_back();
        test_empty_strings();
        test_termination_leaves_the_neighbours();
        test_truncation();
        test_wire();
        test_growth_keeps_what_was_written();
        test_limit();
        test_sizes_beyond_all_limits();
        test_fixed_buffer();
        printf("1..%d\n", tests_run);
        return tests_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
