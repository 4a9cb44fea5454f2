/* Only in the driver that tests build: tests/chaos/layers.py. */
#include "layers.h"

#include <stdlib.h>
#include <string.h>

static const char *const NAMES[] = {
        [LAYER_PARENT] = "parent", [LAYER_ORDERS] = "orders", [LAYER_DEATH] = "death",
        [LAYER_SWEEP] = "sweep",   [LAYER_KEEPER] = "keeper",
};

/* No name is part of another one. */
bool layer_is_in(enum layer layer) {
        const char *names = getenv("PRX_LAYERS");

        return !names || strstr(names, NAMES[layer]);
}
