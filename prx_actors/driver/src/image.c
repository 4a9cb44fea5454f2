#include "driver.h"

#include "memfd.h"
#include "reexec.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const char BINARY[] = "/proc/self/exe";

static int copy_all(int fd, size_t size) {
        for (size_t done = 0; done < size;) {
                ssize_t n = sendfile(FD_IMAGE, fd, NULL, size - done);
                if (n <= 0)
                        return n < 0 ? -errno : -EIO;
                done += (size_t) n;
        }
        /* Who has dropped the identity of the keeper may run it and not read it: the kernel then takes care that
         * the new image is as closed to other processes of its user as the old one was. */
        if (fchmod(FD_IMAGE, 0511) < 0)
                return -errno;
        return memfd_seal(FD_IMAGE);
}

static int copy_binary(void) {
        struct stat status;
        int fd = open(BINARY, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return -errno;
        int result = fstat(fd, &status) < 0 ? -errno : 0;
        if (!result && !memfd_fits((size_t) status.st_size))
                result = -EFBIG;
        if (!result)
                result = memfd_make("prx-driver", true, FD_IMAGE);
        if (!result)
                result = copy_all(fd, (size_t) status.st_size);
        (void) close(fd);
        return result;
}

/* A copy, and not the file: inside a container that fd would be a handle on the host's binary, which root there
 * could open for writing. Made here, where /proc is still the host's and nobody else has been at it. Where the
 * system forbids it (vm.memfd_noexec=2) it is the file after all; without /proc reexec fails. */
void image_init(void) {
        if (copy_binary() == 0)
                return;
        int fd = open(BINARY, O_PATH | O_CLOEXEC);
        (void) dup3(fd < 0 ? FD_SELF : fd, FD_IMAGE, O_CLOEXEC);
        if (fd >= 0)
                (void) close(fd);
}
