/* The driver itself and its options. */
#include "../call.h"
#include "../children.h"
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
bool option_in_range(int64_t option, int64_t value) {
        switch (option) {
        case PRX_OPTION_flowcontrol:
                return value >= -1;
        case PRX_OPTION_signaloneof:
                return value >= 0 && value <= 64;
        case PRX_OPTION_maxchild:
                return value >= 0 && value <= driver.maxchild_limit;
        case PRX_OPTION_maxforkdepth:
        case PRX_BIRTH_DEPTH:
                return value >= 0 && value <= INT32_MAX;
        default:
                return value >= 0;
        }
}

int call_setopt(const struct argument *args, struct mp_writer *value) {
        int option = find(args[0].string);

        (void) value;
        if (option < 0 || !option_in_range(option, args[1].integer))
                return -EINVAL;
        /* Those that are there would be too many. */
        if (option == PRX_OPTION_maxchild && args[1].integer < children_count())
                return -EINVAL;
        driver.options[option] = args[1].integer;
        return 0;
}

/* The depth is the runtime's to say for roots only, which are children of the keeper. */
bool birth_options_valid(const struct birth_options *options) {
        if (options->count % 2)
                return false;
        for (uint32_t i = 0; i < options->count; i += 2) {
                int64_t option = options->pairs[i];
                if (option < 0 || option > (driver.depth < 0 ? PRX_BIRTH_DEPTH : PRX_OPTION_COUNT - 1) ||
                    !option_in_range(option, options->pairs[i + 1]))
                        return false;
        }
        return true;
}

void birth_options_take(const struct birth_options *options) {
        for (uint32_t i = 0; i < options->count; i += 2)
                if (options->pairs[i] == PRX_BIRTH_DEPTH)
                        driver.depth = options->pairs[i + 1];
                else
                        driver.options[options->pairs[i]] = options->pairs[i + 1];
}

int64_t birth_option(const struct birth_options *options, enum prx_option option) {
        int64_t value = driver.options[option];

        for (uint32_t i = 0; i < options->count; i += 2)
                if (options->pairs[i] == option)
                        value = options->pairs[i + 1];
        return value;
}

int call_getopt(const struct argument *args, struct mp_writer *value) {
        int option = find(args[0].string);

        if (option < 0)
                return option;
        mp_write_int(value, driver.options[option]);
        return 0;
}

/* Flow control is the runtime's to keep, which reads the output; that there is such a child is ours to know. */
int call_setcpid(const struct argument *args, struct mp_writer *value) {
        int option = find(args[1].string);

        if ((option != PRX_OPTION_flowcontrol && option != PRX_OPTION_signaloneof) ||
            !option_in_range(option, args[2].integer))
                return -EINVAL;
        mp_write_int(value, option == PRX_OPTION_signaloneof
                            ? children_set_signaloneof(args[0].integer, args[2].integer)
                            : children_has(args[0].integer));
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
