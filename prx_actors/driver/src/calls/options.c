/* The driver itself and its options. */
#include "../call.h"
#include "../driver.h"

#include <errno.h>
#include <string.h>

static const char *const names[] = {
#define PRX_OPTION_NAME(name, default_value) #name,
        PRX_OPTIONS(PRX_OPTION_NAME)
#undef PRX_OPTION_NAME
};

static int find(const char *name) {
        for (int i = 0; i < PRX_OPTION_COUNT; i++)
                if (strcmp(names[i], name) == 0)
                        return i;
        return -EINVAL;
}

/* Signals go up to 64 on Linux, and no number of children or microseconds is below 0. */
static bool in_range(int option, int64_t value) {
        switch (option) {
        case PRX_OPTION_flowcontrol:
                return value >= -1;
        case PRX_OPTION_signaloneof:
                return value >= 0 && value <= 64;
        case PRX_OPTION_maxchild:
                return value >= 0 && value <= PRX_CHILDREN_MAX;
        default:
                return value >= 0;
        }
}

int call_setopt(const struct argument *args, struct mp_writer *value) {
        int option = find(args[0].string);

        (void) value;
        if (option < 0 || !in_range(option, args[1].integer))
                return -EINVAL;
        driver.options[option] = args[1].integer;
        return 0;
}

int call_getopt(const struct argument *args, struct mp_writer *value) {
        int option = find(args[0].string);

        if (option < 0)
                return option;
        mp_write_int(value, driver.options[option]);
        return 0;
}

int call_version(const struct argument *args, struct mp_writer *value) {
        (void) args;
        mp_write_bytes(value, PRX_VERSION, sizeof(PRX_VERSION) - 1);
        return 0;
}

/* The decoder has done the work. */
int call_iolist_to_bin(const struct argument *args, struct mp_writer *value) {
        mp_write_bytes(value, args[0].bytes.data, args[0].bytes.size);
        return 0;
}
