/* The short wait of one thread for another one, in which no lock of the interpreter is held. */
#pragma once

#include <stdint.h>

/* Sets *call, unless it is NULL, then waits until *wait is set, for so many microseconds at most.
 *
 * Called without the interpreter's lock, so that the thread which sees *call can take that lock at once: with
 * a store made before, it would find it held and go to sleep. It yields the processor between two looks:
 * where both threads share one, the other can run. Returns whether *wait was set. */
int prx_spin(uint32_t *call, const uint32_t *wait, int64_t usec);
