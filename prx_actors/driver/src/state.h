/* What one image of a driver leaves to the next: a sealed file in memory, in the order in which it is put. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* In the old image. Errors stay until state_finish, which returns them. */
int state_begin(void);
void state_put(const void *data, size_t size);
int state_finish(void);

/* Closes it; its number stays taken. */
void state_drop(void);

/* In the new image: whether there is one, left by this very process. */
bool state_open(void);
void state_take(void *ret_data, size_t size);

/* What is left to be taken; a size that is taken is to be checked against it. */
size_t state_left(void);

/* Closes it; whether all of it, and no more, was taken. */
bool state_close(void);
