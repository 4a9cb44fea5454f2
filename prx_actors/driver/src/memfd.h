/* Files in memory, for what has to outlive an exec of the driver. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Makes one that can be sealed, as the fd of that number, close-on-exec. 0 or a negative errno. */
int memfd_make(const char *name, bool executable, int fd);

/* Whether RLIMIT_FSIZE, which goes for them too and sends a signal besides, lets a file become that large. */
bool memfd_fits(size_t size);

/* Nothing of it can be changed from now on, by anybody. */
int memfd_seal(int fd);
bool memfd_is_sealed(int fd);
