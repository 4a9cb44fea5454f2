#include "pidfd.h"

#include <errno.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

/* struct pidfd_info of linux/pidfd.h up to exit_code: our headers are older than it. */
struct info {
        uint64_t mask;
        uint64_t cgroupid;
        uint32_t ids[11];
        int32_t exit_code;      /* padding in kernels that know no INFO_EXIT */
};

enum { INFO_EXIT = 1 << 3 };

#define GET_INFO _IOWR(0xFF, 11, struct info)

_Static_assert(offsetof(struct info, exit_code) == 60 && sizeof(struct info) == 64, "the layout of struct pidfd_info");

int prx_pidfd_wait_status(int pidfd) {
        struct info info = { .mask = INFO_EXIT };

        if (ioctl(pidfd, GET_INFO, &info) < 0)
                return -errno;
        return info.mask & INFO_EXIT ? info.exit_code : -ESRCH;
}

int prx_pidfd_signal(int pidfd, int signal) {
        return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int prx_input_waiting(int fd) {
        int waiting = 0;

        return ioctl(fd, FIONREAD, &waiting) < 0 ? -errno : waiting;
}
