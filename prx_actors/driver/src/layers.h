/* The layers by which an end gets about, beside end-of-file on the channels. All are in; a driver that tests build with
 * PRX_LAYERS defined has those that its environment names, to show what each is good for. */
#pragma once

#include <stdbool.h>

enum layer {
        LAYER_PARENT,   /* the pidfd of the parent, in the keeper of the runtime */
        LAYER_ORDERS,   /* the page that parents share with their children */
        LAYER_DEATH,    /* the parent-death signal of programs */
        LAYER_SWEEP,    /* what comes back to a driver is ended ... */
        LAYER_KEEPER,   /* ... and what comes back to the keeper */
};

#ifdef PRX_LAYERS
bool layer_is_in(enum layer layer);
#else
static inline bool layer_is_in(enum layer layer) {
        (void) layer;
        return true;
}
#endif
