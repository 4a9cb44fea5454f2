/* The call socket: requests in, replies out. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Reads what is there and performs the requests that are complete, and what follows closely. 0, -EPIPE at the end of
 * the channel, or -EBADMSG for a malformed frame. */
int channel_serve(void);

/* In a new driver: what the parent had read, and the fds it had received, are not for us. */
void channel_forget(void);

/* Takes count fds that came with the request being performed; -EMFILE when not all of them arrived. */
int channel_take_fds(int *ret_fds, int count);

/* Closes the fds that came with the request being performed, which is refused for another reason. */
void channel_drop_fds(void);

/* Gives the channel an fd to send with the reply and to close then. */
void channel_reply_with(int fd);

/* Across an exec of the driver: what has been read beyond the request being performed, with its fds. */
void channel_save(void);
int channel_take(void);
void channel_keep_fds(bool keep);

/* Answers the request that was performed by that exec and performs what followed it; as channel_serve. */
int channel_resume(void);
