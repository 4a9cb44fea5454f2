/* Several calls in one request: as many turns of the wire less. */
#pragma once

#include "msgpack.h"

/* Performs requests, each as bytes, until one fails; writes how many were done, and the errno. 0, or CALL_MALFORMED. */
int batch_perform(uint32_t count, struct mp_reader *requests, struct mp_writer *value);
