/* What a task leaves behind: strangers that come back to this subreaper. They end, then the runtime is told.
 *
 * A stranger with the mark of a living child is that child's, which has put it into the background. One with any
 * other mark of this runtime is a dead task's. One without a mark is somebody's, which is known when no program
 * is left that it may be of. */
#pragma once

#include <stdint.h>

/* Behind reaping, in the SIGCHLD handler too: finds out whether those that were reaped have left anything. */
void sweep_look(void);

/* From the loop: ends what was left and tells who is swept. When to come again, or -1. */
int64_t sweep_step(int64_t now);

/* Have the loop do that. */
void sweep_soon(void);

/* At the end of this driver: all strangers become children of the table, and get the signal. */
void sweep_adopt_all(int signal);

void sweep_forget(void);
