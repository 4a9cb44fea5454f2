/* select(2), for fds of any number: FD_SETSIZE bounds its types and not the call. poll(2) would refuse more fds
 * than RLIMIT_NOFILE. */
#include "../call.h"
#include "../driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

enum { SETS = 3, BITS = sizeof(long) * CHAR_BIT };

static void add(unsigned long *set, int fd) {
        set[fd / BITS] |= 1UL << (fd % BITS);
}

static bool has(const unsigned long *set, int64_t fd) {
        return set[fd / BITS] >> (fd % BITS) & 1;
}

/* The highest fd of all, or -EBADF. Those beyond the table of open files the kernel would ignore. */
static int highest(const struct argument *lists, int most) {
        for (int i = 0; i < SETS; i++)
                for (uint32_t j = 0; j < lists[i].count; j++) {
                        int64_t fd = lists[i].integers[j];
                        if (fd < 0 || fd > INT_MAX || fd_is_own(fd) || fcntl((int) fd, F_GETFD) < 0)
                                return -EBADF;
                        if (fd > most)
                                most = (int) fd;
                }
        return most;
}

/* What ends the driver ends the wait: the call channel closes, the parent dies or says so. */
static int ends(int fds[SETS]) {
        int count = 0;

        fds[count++] = FD_CALL;
        fds[count++] = FD_PARENT;
        if (driver.parent_family)
                fds[count++] = FD_ORDERS;
        return count;
}

static void fill(unsigned long *sets, size_t words, const struct argument *lists) {
        int own[SETS];

        memset(sets, 0, SETS * words * sizeof(*sets));
        for (int i = 0; i < SETS; i++)
                for (uint32_t j = 0; j < lists[i].count; j++)
                        add(sets + (size_t) i * words, (int) lists[i].integers[j]);
        for (int i = ends(own); i-- > 0; )
                add(sets, own[i]);
}

/* A child that ends interrupts the wait, which goes on for the rest of its time. */
static int wait_for(unsigned long *sets, size_t words, int most, const struct argument *args) {
        int64_t timeout = args[SETS].integer;
        int64_t deadline = timeout < 0 ? -1 : deadline_after(timeout);
        int result;

        do {
                int64_t left = deadline < 0 ? 0 : deadline - now_usec();
                struct timeval time = { .tv_sec = left > 0 ? left / 1000000 : 0, .tv_usec = left > 0 ? left % 1000000 : 0 };

                fill(sets, words, args);
                result = select(most + 1, (fd_set *) sets, (fd_set *) (sets + words), (fd_set *) (sets + 2 * words),
                                deadline < 0 ? NULL : &time);
        } while (result < 0 && errno == EINTR);
        return result < 0 ? -errno : 0;
}

static bool is_ended(const unsigned long *read_set) {
        int own[SETS];

        for (int i = ends(own); i-- > 0; )
                if (has(read_set, own[i]))
                        return true;
        return false;
}

static void write_ready(struct mp_writer *value, const unsigned long *set, const struct argument *list) {
        uint32_t count = 0;

        for (uint32_t i = 0; i < list->count; i++)
                count += has(set, list->integers[i]);
        mp_write_array(value, count);
        for (uint32_t i = 0; i < list->count; i++)
                if (has(set, list->integers[i]))
                        mp_write_int(value, list->integers[i]);
}

int call_select(const struct argument *args, struct mp_writer *value) {
        int most = highest(args, FD_OWN_END);

        if (most < 0)
                return most;
        size_t words = (size_t) most / BITS + 1;
        unsigned long *sets = calloc(SETS * words, sizeof(*sets));
        if (!sets)
                return -ENOMEM;
        int result = wait_for(sets, words, most, args);
        if (!result && is_ended(sets))
                result = -EINTR;
        if (!result) {
                mp_write_array(value, SETS);
                for (size_t i = 0; i < SETS; i++)
                        write_ready(value, sets + i * words, &args[i]);
        }
        free(sets);
        return result;
}
