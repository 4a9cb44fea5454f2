/* TAP unit tests of nested data: what is flattened, and what is refused. */
#include "msgpack.h"

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

/* A copy of exactly its size, so that the sanitizers see a step outside of it. */
static uint8_t *copy_of(const char *frame, size_t size) {
        uint8_t *copy = malloc(size ? size : 1);

        if (!copy) {
                puts("Bail out! no memory");
                exit(EXIT_FAILURE);
        }
        memcpy(copy, frame, size);
        return copy;
}

static void test_flattened(void) {
        static const struct {
                const char *what, *frame;
                size_t size;
                const char *flat;
                size_t flat_size;
        } samples[] = {
                { "bytes", BYTES("\xc4\x02""ab"), BYTES("ab") },
                { "a string", BYTES("\xa2""ab"), BYTES("ab") },
                { "no bytes", BYTES("\xc4\x00"), BYTES("") },
                { "an empty array", BYTES("\x90"), BYTES("") },
                { "an array of 16 bits", BYTES("\xdc\x00\x02\xa1""a\xa1""b"), BYTES("ab") },
                { "an array of 32 bits", BYTES("\xdd\x00\x00\x00\x02\xa1""a\xa1""b"), BYTES("ab") },
                { "arrays in arrays", BYTES("\x93\xa1""a\x92\x91\xa1""b\x90\xc4\x02""cd"), BYTES("abcd") },
                { "integers", BYTES("\x93\x41\xcc\xff\x00"), BYTES("A\xff\x00") },
                { "an integer written at length", BYTES("\x91\xd3\0\0\0\0\0\0\0\x41"), BYTES("A") },
        };

        for (size_t i = 0; i < LENGTH(samples); i++) {
                uint8_t *frame = copy_of(samples[i].frame, samples[i].size);
                struct mp_reader r;

                mp_read_init(&r, frame, samples[i].size);
                struct mp_bytes flat = mp_read_iodata(&r);
                check(!r.failed && r.at == r.end && flat.size == samples[i].flat_size &&
                              !memcmp(flat.data, samples[i].flat, flat.size), samples[i].what);
                free(frame);
        }
}

static void test_refused(void) {
        static const struct {
                const char *what, *frame;
                size_t size;
        } samples[] = {
                { "nothing", BYTES("") },
                { "nil", BYTES("\xc0") },
                { "a boolean", BYTES("\x91\xc3") },
                { "a float", BYTES("\x91\xcb\0\0\0\0\0\0\0\0") },
                { "a map", BYTES("\x91\x80") },
                { "256", BYTES("\x91\xcd\x01\x00") },
                { "-1", BYTES("\x91\xff") },
                { "an integer beyond 63 bits", BYTES("\x91\xcf\xff\xff\xff\xff\xff\xff\xff\xff") },
                { "an array cut off", BYTES("\x92\xa1""a") },
                { "an inner array cut off", BYTES("\x91\x92\x01") },
                { "an array of more than there is", BYTES("\x91\xdd\xff\xff\xff\xff\x01") },
                { "bytes of more than there are", BYTES("\x91\xc6\xff\xff\xff\xff\x01") },
        };

        for (size_t i = 0; i < LENGTH(samples); i++) {
                uint8_t *frame = copy_of(samples[i].frame, samples[i].size);
                struct mp_reader r;

                mp_read_init(&r, frame, samples[i].size);
                struct mp_bytes flat = mp_read_iodata(&r);
                check(r.failed && !flat.data && !flat.size, samples[i].what);
                free(frame);
        }
}

/* A million levels: the stack has no part in it. */
static void test_depth(void) {
        const size_t levels = 1000000;
        uint8_t *frame = malloc(levels + 1);
        struct mp_reader r;

        if (!frame) {
                puts("Bail out! no memory");
                exit(EXIT_FAILURE);
        }
        memset(frame, 0x91, levels);
        frame[levels] = 0x41;
        mp_read_init(&r, frame, levels + 1);
        struct mp_bytes flat = mp_read_iodata(&r);
        check(!r.failed && flat.size == 1 && flat.data[0] == 0x41, "a million arrays in arrays");
        free(frame);
}

static void test_what_follows(void) {
        uint8_t *frame = copy_of(BYTES("\x92\xa1""a\xa1""b\xa2""cd\x05"));
        struct mp_reader r;

        mp_read_init(&r, frame, 8 + 1);
        struct mp_bytes flat = mp_read_iodata(&r);
        const char *text = mp_read_cstr(&r);
        check(text && !strcmp(text, "cd") && mp_read_int(&r) == 5, "what follows is read as ever");
        check(flat.size == 2 && !memcmp(flat.data, "ab", 2), "and leaves it alone");
        free(frame);
}

int main(void) {
        test_flattened();
        test_refused();
        test_depth();
        test_what_follows();
        printf("1..%d\n", tests_run);
        return tests_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
