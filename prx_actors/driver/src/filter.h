/* Calls that a driver refuses. What is in here never leaves it again. */
#pragma once

#include "calls.h"

#include <stdbool.h>
#include <stdint.h>

enum { FILTER_WORDS = (PRX_CALL_COUNT + 63) / 64 };

struct filter {
        uint64_t refused[FILTER_WORDS];
};

static inline bool filter_refuses(const struct filter *filter, int64_t call) {
        return filter->refused[call / 64] >> (call % 64) & 1;
}

static inline void filter_add(struct filter *filter, int64_t call) {
        filter->refused[call / 64] |= UINT64_C(1) << (call % 64);
}
