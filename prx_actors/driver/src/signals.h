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

/* sigaction(2) by the names of its handlers; "" asks. The one before, or a negative errno. The driver's own
 * handler of SIGCHLD stays whatever the user says, who has a disposition of his own over it. */
int signals_action(int signal, const char *name, const char **ret_before);

/* Who sees to children: the user, by waitpid; or nobody wants to hear of them. */
bool signals_child_is_taken(void);
bool signals_child_is_ignored(void);

/* The mask while calls are performed. */
const sigset_t *signals_held(void);

/* A program gets SIGCHLD ignored where the user has said so. */
void signals_before_exec(void);
void signals_after_exec(void);
/* Across an exec of the driver: what has arrived and was not sent yet, and what is ignored or left to its default. */
void signals_save(void);
void signals_take(void);

/* In the new image, once the table of children is complete. */
void signals_resume(void);

/* Around what the SIGCHLD handler touches too; one may be within another. */
void signals_hold_children(void);
void signals_release_children(void);
