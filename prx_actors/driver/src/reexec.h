/* The driver's exec of itself: a new image for the process that goes on as it was. */
#pragma once

#include <stdbool.h>

/* In the keeper: a copy of the driver's binary, which all below it inherit. */
void image_init(void);

/* Returns a negative errno, and everything is as before, or not at all. A null envp keeps the environment. */
int reexec(char **argv, char **envp);

/* At the start of a process: whether it is the new image of a driver. Its caller's call is still to be answered. */
bool reexec_resume(void);
