#include "memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

int memfd_make(const char *name, bool executable, int fd) {
        unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
        int made = memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));

        /* Before Linux 6.3 all of them are executable. */
        if (made < 0 && errno == EINVAL)
                made = memfd_create(name, flags);
        if (made < 0)
                return -errno;
        int result = dup3(made, fd, O_CLOEXEC) < 0 ? -errno : 0;
        (void) close(made);
        return result;
}

bool memfd_fits(size_t size) {
        struct rlimit limit;

        return getrlimit(RLIMIT_FSIZE, &limit) < 0 || size <= limit.rlim_cur;
}

int memfd_seal(int fd) {
        return fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

bool memfd_is_sealed(int fd) {
        int seals = fcntl(fd, F_GET_SEALS);

        return seals >= 0 && (seals & SEALS) == SEALS;
}
