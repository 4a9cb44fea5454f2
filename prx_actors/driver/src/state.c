#include "state.h"

#include "driver.h"
#include "memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who may say "I am the driver that you were"? Only what the same process said before its exec:
 *
 * - The state is a memfd with all seals on it, so nobody changes it after it was checked.
 * - It belongs to our effective user and group. The kernel writes these down when a memfd is made, and who
 *   lacks the privilege of an identity can make none in its name. A caller of sudo who brings one along (sudo
 *   closes what is above 2, but may be told not to), or who starts a set-uid or set-gid driver, has one of his
 *   own identity, which is not ours any more: it is no state, and what the fd was is closed like all others.
 * - It names our pid, which an exec keeps: a state that was handed on by another process is none.
 *
 * What is left is a user who starts the driver as himself with a state of his own making. He could have run
 * any program instead: there is no privilege in it that was not his. The same goes for capabilities of the
 * driver's file: who may start that commands it, through fd 0, without any forgery. */
struct header {
        uint64_t magic;
        uint32_t protocol;
        uint32_t driver_size;
        int64_t pid;
};

static const uint64_t MAGIC = 0x7072782d73746174;

static size_t position;
static size_t size_found;
static int error;

static bool is_ours(struct stat *ret_status) {
        return fstat(FD_STATE, ret_status) == 0 && ret_status->st_uid == geteuid() && ret_status->st_gid == getegid();
}

static struct header own_header(void) {
        return (struct header) { .magic = MAGIC, .protocol = PRX_PROTOCOL_VERSION,
                                 .driver_size = sizeof(struct driver), .pid = getpid() };
}

int state_begin(void) {
        struct header header = own_header();
        struct stat status;
        int result = memfd_make("prx-state", false, FD_STATE);

        if (result)
                return result;
        position = 0;
        error = is_ours(&status) ? 0 : -EPERM;
        state_put(&header, sizeof(header));
        return 0;
}

void state_put(const void *data, size_t size) {
        if (!error && !memfd_fits(position + size))
                error = -EFBIG;
        for (size_t done = 0; done < size && !error;) {
                ssize_t n = write(FD_STATE, (const uint8_t *) data + done, size - done);
                if (n < 0 && errno != EINTR)
                        error = -errno;
                if (n > 0)
                        done += (size_t) n;
        }
        position += size;
}

int state_finish(void) {
        return error ? error : memfd_seal(FD_STATE);
}

void state_drop(void) {
        (void) dup3(FD_SELF, FD_STATE, O_CLOEXEC);
}

bool state_open(void) {
        struct header expected = own_header();
        struct header header;
        struct stat status;

        if (!memfd_is_sealed(FD_STATE) || !is_ours(&status))
                return false;
        position = 0;
        error = 0;
        size_found = (size_t) status.st_size;
        state_take(&header, sizeof(header));
        return !error && memcmp(&header, &expected, sizeof(header)) == 0;
}

void state_take(void *ret_data, size_t size) {
        memset(ret_data, 0, size);
        if (!error && (size > state_left() || pread(FD_STATE, ret_data, size, (off_t) position) != (ssize_t) size))
                error = -EBADMSG;
        position += size;
}

size_t state_left(void) {
        return position < size_found ? size_found - position : 0;
}

bool state_close(void) {
        bool whole = !error && position == size_found;

        state_drop();
        return whole;
}
