/* Signals to a driver are news for the task's owner. They stay blocked but for the wait of the loop, so that
 * what the loop has not taken yet waits in the kernel's queue. SIGCHLD alone comes at any time: reaping
 * goes on while a call blocks. */
#pragma once

#include <signal.h>
#include <stdbool.h>

void signals_init(void);
void signals_reset(void);

/* The mask of the loop's wait: everything, while there is room for what arrives. */
const sigset_t *signals_wait_mask(void);

/* Sends what has arrived to the runtime; what does not fit stays. */
void signals_flush(void);

/* For the SIGCHLD handler: sends the news of a child that has stopped, or keeps it with what has arrived. */
void signals_report_child(const siginfo_t *info);

/* Around what the SIGCHLD handler touches too. */
void signals_hold_children(void);
void signals_release_children(void);
