#include "driver.h"

#include "memfd.h"
#include "reexec.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* The image is a copy of the binary in memory, and not the file: inside a container an fd of that would be a handle
 * on the host's driver, which root there could open for writing.
 *
 * It is made by the keeper, where /proc is still the host's, and nobody else has any part in it: from before the
 * first fork on, seals keep everyone from writing who has not mapped it by then, and only the keeper has. It is empty
 * until the runtime asks the keeper to fill it, for the first reexec, since that takes a third of a keeper's start. */
enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE };

static const char BINARY[] = "/proc/self/exe";

static uint8_t *writable;
static size_t size;

static int make(void) {
        int result = memfd_fits(size) ? memfd_make("prx-driver", true, FD_IMAGE) : -EFBIG;

        /* Who has dropped the keeper's identity may run it and not read it: the kernel then takes care that the
         * new image is as closed to other processes of its user as the old one was. */
        if (result || ftruncate(FD_IMAGE, (off_t) size) < 0 || fchmod(FD_IMAGE, 0511) < 0)
                return result ? result : -errno;
        void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, FD_IMAGE, 0);
        if (data == MAP_FAILED)
                return -errno;
        if (madvise(data, size, MADV_DONTFORK) < 0 || fcntl(FD_IMAGE, F_ADD_SEALS, SEALS) < 0) {
                (void) munmap(data, size);
                return -EINVAL;
        }
        writable = data;
        return 0;
}

/* Where the system forbids such copies (vm.memfd_noexec=2) it is the file after all; where that cannot be had
 * either reexec fails. */
void image_init(void) {
        struct stat status;
        int fd = open(BINARY, O_RDONLY | O_CLOEXEC);
        bool readable = fd >= 0 && fstat(fd, &status) == 0;

        if (fd < 0)
                fd = open(BINARY, O_PATH | O_CLOEXEC);
        if (readable)
                size = (size_t) status.st_size;
        if (!readable || make() < 0)
                (void) dup3(fd < 0 ? FD_SELF : fd, FD_IMAGE, O_CLOEXEC);
        if (fd >= 0)
                (void) close(fd);
}

int image_fill(void) {
        size_t done = 0;
        ssize_t n = 1;

        if (!writable)
                return 0;
        int fd = open(BINARY, O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && n > 0 && done < size)
                if ((n = read(fd, writable + done, size - done)) > 0)
                        done += (size_t) n;
        int result = fd < 0 || n < 0 ? -errno : done < size ? -EIO : 0;
        if (fd >= 0)
                (void) close(fd);
        if (result)
                return result;
        (void) munmap(writable, size);
        writable = NULL;
        return 0;
}
