#include "coverage.h"

#include "peer.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Made by the linker around the counters of clang's -fsanitize=fuzzer. */
extern uint8_t __start___sancov_cntrs[] __attribute__((weak));
extern uint8_t __stop___sancov_cntrs[] __attribute__((weak));

/* Of the drivers' processes: what _exit has been renamed to in their sources alone. */
static uint8_t *shared;
static size_t size;

void coverage_init(void) {
        size = (size_t) (__stop___sancov_cntrs - __start___sancov_cntrs);
        if (!size)
                return;
        void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        must(page != MAP_FAILED, "no memory");
        shared = page;
}

void coverage_begin(void) {
        if (size)
                memset(shared, 0, size);
}

static void raise_to(uint8_t *counters, const uint8_t *other) {
        for (size_t i = 0; i < size; i++)
                if (counters[i] < other[i])
                        counters[i] = other[i];
}

void coverage_end(void) {
        if (size)
                raise_to(__start___sancov_cntrs, shared);
}

/* Several drivers may do so at once: a count that is lost is no harm. */
void coverage_exit(int status) {
        if (size)
                raise_to(shared, __start___sancov_cntrs);
        _exit(status);
}
