/* The page that a driver shares with its children. */
#include "driver.h"

#include "memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW };

static const size_t SIZE = sizeof(struct family) + PRX_CHILDREN_MAX;

static bool make_file(void) {
        if (!memfd_fits(SIZE) || memfd_make("prx-family", false, FD_FAMILY_PAGE) < 0)
                return false;
        return ftruncate(FD_FAMILY_PAGE, (off_t) SIZE) == 0 && fcntl(FD_FAMILY_PAGE, F_ADD_SEALS, SEALS) == 0;
}

/* Only the touched pages of it come to exist. It has a file so that it outlives an exec of the driver; where it
 * can have none the driver goes without that. */
static struct family *make(void) {
        if (make_file())
                return family_map(FD_FAMILY_PAGE);
        (void) dup3(FD_SELF, FD_FAMILY_PAGE, O_CLOEXEC);
        void *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return page == MAP_FAILED ? NULL : page;
}

struct family *family_map(int fd) {
        void *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);

        return page == MAP_FAILED ? NULL : page;
}

void family_unmap(struct family *family) {
        if (family)
                (void) munmap(family, SIZE);
}

bool family_is_kept(int fd) {
        int seals = fcntl(fd, F_GET_SEALS);

        return seals >= 0 && (seals & SEALS) == SEALS;
}

int family_found(void) {
        struct family *family;

        if (driver.family)
                return 0;
        family = make();
        if (!family)
                return -errno;
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0 || dup3(fd, FD_FAMILY, O_CLOEXEC) < 0) {
                int error = -errno;
                family_unmap(family);
                if (fd >= 0)
                        (void) close(fd);
                return error;
        }
        (void) close(fd);
        driver.family = family;
        return 0;
}
