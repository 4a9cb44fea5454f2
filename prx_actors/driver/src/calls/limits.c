/* Resource limits. Two of them are not what the kernel has for the driver: RLIMIT_NOFILE, which is raised for the
 * driver's own work, and RLIMIT_RTTIME, which holds the mark. Of both the user sees what he has set himself. */
#include "../call.h"
#include "../children.h"
#include "../driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>

enum {
        FDS_A_CHILD = 6,        /* maxchild follows RLIMIT_NOFILE by that many, as in prx */
        FDS_SEARCHED = 4096,    /* the kernel gives out the lowest numbers: what is in use is close together */
};

static int get_nofile(struct rlimit *ret) {
        if (getrlimit(RLIMIT_NOFILE, ret) < 0)
                return -errno;
        if (ret->rlim_cur == driver.nofile_raised)
                ret->rlim_cur = driver.nofile_original;
        return 0;
}

static bool is_used_from(rlim_t first) {
        for (rlim_t fd = first; fd < INT_MAX && fd < first + FDS_SEARCHED; fd++)
                if (!fd_is_own((int64_t) fd) && fcntl((int) fd, F_GETFD) >= 0)
                        return true;
        return false;
}

/* A limit that was raised again leaves the option where it is, and lets it be set higher. */
static void lower_maxchild(rlim_t nofile) {
        rlim_t most = nofile / FDS_A_CHILD - 1;

        driver.maxchild_limit = most < PRX_CHILDREN_MAX ? (int64_t) most : PRX_CHILDREN_MAX;
        if (driver.options[PRX_OPTION_maxchild] > driver.maxchild_limit)
                driver.options[PRX_OPTION_maxchild] = driver.maxchild_limit;
}

/* The driver itself does not go below the numbers of its own fds; a program gets what was asked for. */
static int set_nofile(struct rlimit limit) {
        rlim_t wanted = limit.rlim_cur;

        if (wanted > limit.rlim_max || limit.rlim_max < FD_OWN_END ||
            wanted < ((rlim_t) children_count() + 1) * FDS_A_CHILD || is_used_from(wanted))
                return -EINVAL;
        if (limit.rlim_cur < FD_OWN_END)
                limit.rlim_cur = FD_OWN_END;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                return -errno;
        driver.nofile_original = wanted;
        driver.nofile_raised = limit.rlim_cur;
        lower_maxchild(wanted);
        return 0;
}

/* Kept for whoever asks, without effect: programs bear the mark. */
static int set_rttime(const struct rlimit *limit) {
        if (limit->rlim_cur > limit->rlim_max)
                return -EINVAL;
        if (limit->rlim_max > driver.rttime.rlim_max)
                return -EPERM;
        driver.rttime = *limit;
        return 0;
}

static int get(int resource, struct rlimit *ret) {
        if (resource == RLIMIT_NOFILE)
                return get_nofile(ret);
        if (resource == RLIMIT_RTTIME) {
                *ret = driver.rttime;
                return 0;
        }
        return getrlimit((__rlimit_resource_t) resource, ret) < 0 ? -errno : 0;
}

/* A limit has 64 bits without a sign, the wire's integers have one: infinity goes as -1. */
int call_getrlimit(const struct argument *args, struct mp_writer *value) {
        struct rlimit limit;
        int resource;

        if (argument_int(&args[0], &resource) < 0)
                return -EINVAL;
        int result = get(resource, &limit);
        if (result)
                return result;
        mp_write_array(value, 2);
        mp_write_int(value, (int64_t) limit.rlim_cur);
        mp_write_int(value, (int64_t) limit.rlim_max);
        return 0;
}

int call_setrlimit(const struct argument *args, struct mp_writer *value) {
        const struct rlimit limit = { (rlim_t) args[1].integer, (rlim_t) args[2].integer };
        int resource;

        (void) value;
        if (argument_int(&args[0], &resource) < 0)
                return -EINVAL;
        if (resource == RLIMIT_NOFILE)
                return set_nofile(limit);
        if (resource == RLIMIT_RTTIME)
                return set_rttime(&limit);
        return setrlimit((__rlimit_resource_t) resource, &limit) < 0 ? -errno : 0;
}
