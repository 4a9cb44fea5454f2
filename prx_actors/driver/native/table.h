/* The tables that C and Python share, as Python reads them. */
#pragma once

#include <stdint.h>

struct prx_call_row {
        const char *name;
        const char *types;
};

struct prx_option_row {
        const char *name;
        int64_t default_value;
};

extern const struct prx_call_row prx_call_table[];
extern const int prx_call_count;
extern const struct prx_option_row prx_option_table[];
extern const int prx_option_count;
