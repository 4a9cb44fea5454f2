/* The runtime's end of a driver's channels. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* One fd at the runtime's end of each channel; -1 when closed. */
struct prx_channels {
        int call, event, stdin_fd, stdout_fd, stderr_fd, pidfd;
        int far[5];             /* the other ends, until they have been sent down */
};

void prx_channels_init(struct prx_channels *c);
int prx_channels_open(struct prx_channels *c, int pipe_size);
void prx_channels_close(struct prx_channels *c);
void prx_close(int *fd);
int prx_copy(int fd, int *copy);
int prx_write_on(int fd, const uint8_t *data, size_t size, uint64_t end, uint64_t *position);
int prx_send(int fd, const uint8_t *data, size_t size);
