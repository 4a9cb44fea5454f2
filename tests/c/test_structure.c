/* TAP unit tests of C structures: their shape, their bounds, and hostile bytes of all kinds. */
#include "structure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text) (text), sizeof(text) - 1

enum { ROUNDS = 200000, FRAME = 24 };

static int tests_run;
static int tests_failed;

static void check(bool ok, const char *what) {
        tests_run++;
        tests_failed += !ok;
        printf("%s %d - %s\n", ok ? "ok" : "not ok", tests_run, what);
}

static void *allocate(size_t size) {
        void *memory = calloc(1, size ? size : 1);

        if (!memory) {
                puts("Bail out! no memory");
                exit(EXIT_FAILURE);
        }
        return memory;
}

/* Reads a copy of exactly its size, touches all that is handed out, and writes it back. */
static int read_and_write(const char *frame, size_t size, struct mp_writer *w) {
        uint8_t *copy = allocate(size);
        struct structure s = { 0 };
        struct mp_reader r;

        memcpy(copy, frame, size);
        mp_read_init(&r, copy, size);
        int result = structure_read(&r, &s);
        if (!result && !r.failed) {
                for (uint32_t i = 0; i < s.count; i++)
                        if (s.elements[i].size)
                                s.memory[s.elements[i].at + s.elements[i].size - 1] ^= 0;
                /* What the kernel makes of a pointer is not looked at. */
                if (s.memory && s.form == STRUCTURE_ELEMENTS && s.elements[0].pointer)
                        memset(s.memory, 0xff, sizeof(void *));
                structure_write(&s, w);
        }
        structure_free(&s);
        free(copy);
        return r.failed ? 1 : result;
}

static void test_shapes(void) {
        static const struct {
                const char *what, *frame;
                size_t size;
                const char *back;
                size_t back_size;
        } samples[] = {
                { "an integer", BYTES("\x05"), BYTES("\x05") },
                { "bytes", BYTES("\xc4\x02""ab"), BYTES("\xc4\x02""ab") },
                { "no elements", BYTES("\x90"), BYTES("\x90") },
                { "bytes inside", BYTES("\x91\xc4\x01""a"), BYTES("\x91\xc4\x01""a") },
                { "a pointer to bytes", BYTES("\x91\x91\xc4\x01""a"), BYTES("\x91\x91\xc4\x01""a") },
                { "a pointer to zeroes", BYTES("\x91\x91\x02"), BYTES("\x91\x91\xc4\x02\0\0") },
                { "a pointer to nothing", BYTES("\x91\x91\x00"), BYTES("\x91\x91\xc4\x00") },
        };

        for (size_t i = 0; i < LENGTH(samples); i++) {
                uint8_t back[64];
                struct mp_writer w = { .data = back, .capacity = sizeof(back), .limit = sizeof(back) };
                int result = read_and_write(samples[i].frame, samples[i].size, &w);
                check(!result && !w.error && w.size == samples[i].back_size &&
                              !memcmp(back, samples[i].back, w.size), samples[i].what);
        }
}

static void test_refused(void) {
        static const struct {
                const char *what, *frame;
                size_t size;
                int result;
        } samples[] = {
                { "nothing", BYTES(""), 1 },
                { "nil", BYTES("\xc0"), 1 },
                { "an integer as an element", BYTES("\x91\x05"), 1 },
                { "a pointer of two", BYTES("\x91\x92\x01\x01"), 1 },
                { "a pointer to a pointer", BYTES("\x91\x91\x91\x01"), 1 },
                { "a negative size", BYTES("\x91\x91\xff"), 1 },
                { "more elements than there are", BYTES("\xdd\xff\xff\xff\xff\x91\x01"), 1 },
                { "an element cut off", BYTES("\x92\xc4\x01""a"), 1 },
                { "bytes cut off", BYTES("\x91\xc4\x05""a"), 1 },
                { "4 GiB", BYTES("\x91\x91\xce\xff\xff\xff\xff"), -E2BIG },
                { "2^63 - 1 bytes", BYTES("\x91\x91\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), -E2BIG },
                { "too much in all", BYTES("\x92\x91\xce\0\x50\0\0\x91\xce\0\x50\0\0"), -E2BIG },
        };

        for (size_t i = 0; i < LENGTH(samples); i++) {
                uint8_t back[64];
                struct mp_writer w = { .data = back, .capacity = sizeof(back), .limit = sizeof(back) };
                check(read_and_write(samples[i].frame, samples[i].size, &w) == samples[i].result, samples[i].what);
        }
}

static void test_addresses(void) {
        static const struct {
                const char *what;
                int64_t integer;
                int result;
        } samples[] = {
                { "0 is an argument", 0, 0 },
                { "so is 2^32 - 1", UINT32_MAX, 0 },
                { "and -2^31", INT32_MIN, 0 },
                { "2^32 may be an address", (int64_t) UINT32_MAX + 1, -EFAULT },
                { "and what is below -2^31", (int64_t) INT32_MIN - 1, -EFAULT },
        };

        for (size_t i = 0; i < LENGTH(samples); i++) {
                struct structure s = { .integer = samples[i].integer };
                void *pointer;
                check(structure_pointer(&s, &pointer) == samples[i].result, samples[i].what);
        }
}

/* The same bytes in each run: mostly those that mean something. */
static void test_garbage(void) {
        static const uint8_t likely[] = { 0x90, 0x91, 0x92, 0x93, 0xc4, 0xa1, 0xa2, 0xdc, 0xdd, 0xce, 0x00, 0x01, 0x05 };
        static uint8_t back[1 << 20];
        uint32_t state = 1;
        int read = 0;

        for (int round = 0; round < ROUNDS; round++) {
                char frame[FRAME];
                struct mp_writer w = { .data = back, .capacity = sizeof(back), .limit = sizeof(back) };
                for (size_t i = 0; i < sizeof(frame); i++) {
                        state = state * 1664525 + 1013904223;
                        frame[i] = (char) (state >> 31 ? likely[(state >> 16) % LENGTH(likely)] : state >> 16);
                }
                read += !read_and_write(frame, (state >> 8) % (FRAME + 1), &w);
        }
        check(read > 0 && read < ROUNDS, "garbage is read or refused");
}

int main(void) {
        test_shapes();
        test_refused();
        test_addresses();
        test_garbage();
        printf("1..%d\n", tests_run);
        return tests_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
