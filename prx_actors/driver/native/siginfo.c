#include "siginfo.h"

#include <signal.h>
#include <string.h>

bool prx_siginfo_decode(const void *data, size_t size, struct prx_siginfo *ret) {
        siginfo_t info;

        if (size != sizeof(info))
                return false;
        memcpy(&info, data, sizeof(info));
        *ret = (struct prx_siginfo) {
                .signo = info.si_signo,
                .error = info.si_errno,
                .code = info.si_code,
                .pid = info.si_pid,
                .uid = info.si_uid,
                .status = info.si_status,
                .utime = info.si_utime,
                .stime = info.si_stime,
                .value_int = info.si_value.sival_int,
                .value_ptr = (uint64_t) (uintptr_t) info.si_value.sival_ptr,
                .timerid = info.si_timerid,
                .overrun = info.si_overrun,
                .addr = (uint64_t) (uintptr_t) info.si_addr,
                .addr_lsb = info.si_addr_lsb,
                .band = info.si_band,
                .fd = info.si_fd,
                .call_addr = (uint64_t) (uintptr_t) info.si_call_addr,
                .syscall = info.si_syscall,
                .arch = info.si_arch,
        };
        return true;
}
