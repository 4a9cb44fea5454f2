/* The hostile peer's side of the channels: what comes back is checked, and otherwise dropped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PEER_HEAD = 64 };

/* The frame that is under way on a channel: its length, as far as it is known, and its first bytes. */
struct stream {
        int fd;
        size_t length;
        size_t length_bytes;
        size_t have;
        uint8_t head[PEER_HEAD];
};

struct peer {
        struct stream call;
        struct stream event;
};

/* Ends the fuzzer when a driver has done what none may do. */
void must(bool holds, const char *what);
void must_be_no_fault(int wait_status);

/* An order may have a child killed by any signal: that is no fault of the child's. */
void peer_forget_orders(void);
void peer_note_order(const uint8_t *data, size_t size, bool framed);

/* Two new channels: ours, and their far ends. */
void peer_open(struct peer *peer, int *ret_call, int *ret_event);
void peer_close(struct peer *peer);

/* As much as there is room for, with fds. */
void peer_send(int fd, const void *data, size_t size, const int *fds, size_t count);

/* Reads what has come on both channels. */
void peer_drain(struct peer *peer);

/* Closes the channels for sending and reads the rest; false when the driver has not ended by then. */
bool peer_end(struct peer *peer, int milliseconds);
