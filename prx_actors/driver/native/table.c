#include "table.h"

#include "../src/calls.h"
#include "../src/protocol.h"

const struct prx_call_row prx_call_table[] = {
#define PRX_CALL_ROW(name, types) { #name, types },
        PRX_CALLS(PRX_CALL_ROW)
#undef PRX_CALL_ROW
};
const int prx_call_count = PRX_CALL_COUNT;

const struct prx_option_row prx_option_table[] = {
#define PRX_OPTION_ROW(name, default_value) { #name, default_value },
        PRX_OPTIONS(PRX_OPTION_ROW)
#undef PRX_OPTION_ROW
};
const int prx_option_count = PRX_OPTION_COUNT;
