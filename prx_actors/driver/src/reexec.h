/* The driver's exec of itself: a new image for the process that goes on as it was. */
#pragma once

#include <stdbool.h>

/* In the keeper: room for a copy of the driver's binary, which all below it inherit, and the copy. */
void image_init(void);
int image_fill(void);

/* Returns a negative errno, and everything is as before, or not at all. A null envp keeps the environment.
 * The keeper does not execute itself: for it this is the request to fill the image. */
int reexec(char **argv, char **envp);

/* At the start of a process: whether it is the new image of a driver. Its caller's call is still to be answered. */
bool reexec_resume(void);
