/* siginfo_t taken apart: every member of its unions, whichever of them mean something. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prx_siginfo {
        int signo, error, code;
        int64_t pid, uid, status, utime, stime, value_int;
        uint64_t value_ptr;
        int64_t timerid, overrun;
        uint64_t addr;
        int64_t addr_lsb, band, fd;
        uint64_t call_addr;
        int64_t syscall, arch;
};

/* False when data is no siginfo_t. */
bool prx_siginfo_decode(const void *data, size_t size, struct prx_siginfo *ret);
