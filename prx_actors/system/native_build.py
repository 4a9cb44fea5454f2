"""Builds the extension: the runtime's end of the channels, the shared tables, the constants."""

from __future__ import annotations

import runpy
from pathlib import Path

from cffi import FFI

# The build runs this file by its path, without the package around it.
names = runpy.run_path(str(Path(__file__).with_name("constant_names.py")))

CDEF = """
struct prx_call_row { const char *name; const char *types; ...; };
struct prx_option_row { const char *name; int64_t default_value; ...; };
extern const struct prx_call_row prx_call_table[];
extern const int prx_call_count;
extern const struct prx_option_row prx_option_table[];
extern const int prx_option_count;

#define PRX_PROTOCOL_VERSION ...
#define PRX_FRAME_MAX ...
#define PRX_ELEMENTS_MAX ...
#define PRX_EXIT_STARTUP ...
#define PRX_EXIT_PROTOCOL ...
#define PRX_EXIT_RESOURCE ...
#define PRX_EVENT_EXITED ...
#define PRX_EVENT_SIGNAL ...
#define PRX_ORDER_END ...
#define PRX_DRAIN_INPUT ...
#define PRX_DRAIN_ROOM ...
#define PRX_DRAIN_DONE ...
#define PRX_DRAIN_CLOSED ...

struct prx_constant { const char *family; const char *name; int64_t value; ...; };
extern const struct prx_constant prx_constants[];
extern const int prx_constant_count;

struct prx_channels {
    int call, event, stdin_fd, stdout_fd, stderr_fd, pidfd;
    int far[5];
    ...;
};
struct prx_exchange {
    int fd;
    bool busy;
    bool abandoned;
    uint8_t *reply;
    size_t reply_have;
    bool truncated;
    ...;
};
int prx_channels_open(struct prx_channels *c, int pipe_size);
void prx_channels_init(struct prx_channels *c);
void prx_channels_close(struct prx_channels *c);
void prx_close(int *fd);
int prx_write_on(int fd, const uint8_t *data, size_t size, uint64_t end, uint64_t *position);
void prx_exchange_init(struct prx_exchange *x);
void prx_exchange_take_socket(struct prx_exchange *x, struct prx_channels *c);
void prx_exchange_shut(struct prx_exchange *x);
void prx_exchange_close(struct prx_exchange *x);
void prx_exchange_free(struct prx_exchange *x);
int prx_exchange_call(struct prx_exchange *x, const uint8_t *data, size_t size,
                      struct prx_channels *child, int64_t deadline_usec);
int prx_exchange_run(struct prx_exchange *x, int64_t deadline_usec);
int prx_exchange_drain(struct prx_exchange *x);
void prx_exchange_abandon(struct prx_exchange *x);
void prx_exchange_take_pidfd(struct prx_exchange *x, struct prx_channels *child);
int prx_pidfd_wait_status(int pidfd);
int prx_pidfd_signal(int pidfd, int signal);
int prx_input_waiting(int fd);
"""


def constant_table() -> str:
    """Return the C of the table of constants, which leaves out unknown names."""
    fallbacks = [f"#ifndef {name}\n#define {name} {value}\n#endif" for name, value in names["FALLBACKS"].items()]
    rows = [
        f'#ifdef {name}\n{{"{family}", "{name}", {name}}},\n#endif'
        for family, members in names["FAMILIES"].items()
        for name in members
    ]
    return "\n".join(
        [
            *fallbacks,
            "struct prx_constant {",
            "const char *family; const char *name; int64_t value; };",
            "static const struct prx_constant prx_constants[] = {",
            *rows,
            "};",
            "static const int prx_constant_count =",
            "(int) (sizeof(prx_constants) / sizeof(prx_constants[0]));",
        ]
    )


ffibuilder = FFI()
ffibuilder.cdef(CDEF)
ffibuilder.set_source(
    "prx_actors.system._native",
    """
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include "channel.h"
#include "pidfd.h"
#include "protocol.h"
#include "table.h"
"""
    + constant_table(),
)
