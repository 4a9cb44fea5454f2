#include "../filter.h"

#include "../call.h"
#include "../driver.h"

#include <errno.h>

static bool all_known(const struct argument *calls) {
        for (uint32_t i = 0; i < calls->count; i++)
                if (calls->integers[i] < 0 || calls->integers[i] >= PRX_CALL_COUNT)
                        return false;
        return true;
}

static void add_all(struct filter *filter, const struct argument *calls) {
        for (uint32_t i = 0; i < calls->count; i++)
                filter_add(filter, calls->integers[i]);
}

int call_filter(const struct argument *args, struct mp_writer *value) {
        (void) value;
        if (!all_known(&args[0]) || !all_known(&args[1]))
                return -EINVAL;
        add_all(&driver.filter, &args[0]);
        add_all(&driver.forks_filter, &args[1]);
        return 0;
}
