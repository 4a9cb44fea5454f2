"""Builds the extension: the runtime's end of the channels, the shared tables, the constants."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from cffi import FFI

# The build runs this file by its path, without the package around it: the families are read, not imported.
FAMILIES = Path(__file__).with_name("families")
SETTINGS = {"FAMILY", "OTHERS", "FALLBACKS"}

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
#define PRX_BIRTH_DEPTH ...
#define PRX_BATCH ...
#define PRX_EXIT_STARTUP ...
#define PRX_EXIT_PROTOCOL ...
#define PRX_EXIT_RESOURCE ...
#define PRX_EVENT_EXITED ...
#define PRX_EVENT_SIGNAL ...
#define PRX_EVENT_LEFT ...
#define PRX_EVENT_SWEPT ...
#define PRX_EVENT_SWEEPING ...
#define PRX_EVENT_SEARCHED ...
#define PRX_ORDER_END ...
#define PRX_PIDS_MAX ...
#define PRX_ORDER_SEARCH ...
#define PRX_SEARCH_EVERYTHING ...
#define PRX_DRAIN_INPUT ...
#define PRX_DRAIN_ROOM ...
#define PRX_DRAIN_DONE ...
#define PRX_DRAIN_CLOSED ...

struct prx_constant { const char *family; const char *name; int64_t value; bool known; ...; };
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
int prx_copy(int fd, int *copy);
int prx_write_on(int fd, const uint8_t *data, size_t size, uint64_t end, uint64_t *position);
int prx_send(int fd, const uint8_t *data, size_t size);
void prx_exchange_init(struct prx_exchange *x);
void prx_exchange_take_socket(struct prx_exchange *x, struct prx_channels *c);
void prx_exchange_shut(struct prx_exchange *x);
void prx_exchange_close(struct prx_exchange *x);
void prx_exchange_free(struct prx_exchange *x);
int prx_exchange_call(struct prx_exchange *x, const uint8_t *data, size_t size,
                      struct prx_channels *child, int64_t deadline_usec);
bool prx_exchange_is_exec(struct prx_exchange *x);
int prx_exchange_post(struct prx_exchange *x, const uint8_t *data, size_t size);
int prx_exchange_run(struct prx_exchange *x, int64_t deadline_usec);
int prx_exchange_drain(struct prx_exchange *x);
void prx_exchange_abandon(struct prx_exchange *x);
int prx_exchange_take_pidfd(struct prx_exchange *x, struct prx_channels *child);
int prx_pidfd_wait_status(int pidfd);
int prx_pidfd_signal(int pidfd, int signal);
int prx_input_waiting(int fd);
struct prx_siginfo {
    int signo, error, code;
    int64_t pid, uid, status, utime, stime, value_int;
    uint64_t value_ptr;
    int64_t timerid, overrun;
    uint64_t addr;
    int64_t addr_lsb, band, fd;
    uint64_t call_addr;
    int64_t syscall, arch;
    ...;
};
bool prx_siginfo_decode(const void *data, size_t size, struct prx_siginfo *ret);
int prx_spin(uint32_t *call, const uint32_t *wait, int64_t usec);
"""


def constant_table() -> str:
    """Return the C of the table of constants."""
    rows = [row for path in sorted(FAMILIES.glob("*.py")) for row in family_rows(ast.parse(path.read_text()))]
    return "\n".join(
        [
            "struct prx_constant {",
            "const char *family; const char *name; int64_t value; bool known; };",
            "static const struct prx_constant prx_constants[] = {",
            *rows,
            "};",
            "static const int prx_constant_count =",
            "(int) (sizeof(prx_constants) / sizeof(prx_constants[0]));",
        ]
    )


def family_rows(module: ast.Module) -> list[str]:
    """Return the C of one file's constants."""
    settings = assigned(module.body)
    family = settings.get("FAMILY")
    if family is None:
        return []
    enums = [one for one in module.body if isinstance(one, ast.ClassDef)]
    rows = [(name, base(enum) == "Flags") for enum in enums for name in members(enum)]
    rows += [(name, False) for name in settings.get("OTHERS", "").split()]
    fallbacks = [
        f"#ifndef {name}\n#define {name} {value}\n#endif" for name, value in settings.get("FALLBACKS", {}).items()
    ]
    return [
        *fallbacks,
        *(constant_row(family, name, f"PRX_FLAG({name})" if flag else name) for name, flag in rows),
    ]


def constant_row(family: str, name: str, value: str) -> str:
    """Return the C of one constant, which says so when the headers lack it."""
    return f"""#ifdef {name}
{{"{family}", "{name}", {value}, true}},
#else
{{"{family}", "{name}", 0, false}},
#endif"""


def base(enum: ast.ClassDef) -> str:
    """Return the name of a class' base."""
    return ast.unparse(enum.bases[0])


def members(enum: ast.ClassDef) -> list[str]:
    """Return the names of an enum's members."""
    targets = [statement.targets[0] for statement in enum.body if isinstance(statement, ast.Assign)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def assigned(body: list[ast.stmt]) -> dict[str, Any]:
    """Return the settings of a file by their names."""
    rows = [(ast.unparse(one.targets[0]), one.value) for one in body if isinstance(one, ast.Assign)]
    return {name: ast.literal_eval(value) for name, value in rows if name in SETTINGS}


ffibuilder = FFI()
ffibuilder.cdef(CDEF)
ffibuilder.set_source(
    "prx_actors.system._native",
    """
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/audit.h>
#include <linux/blktrace_api.h>
#include <linux/capability.h>
#include <linux/fiemap.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/if_tun.h>
#include <linux/mount.h>
#include <linux/nsfs.h>
#include <linux/ptrace.h>
#include <linux/random.h>
#include <linux/seccomp.h>
#include <linux/serial.h>
#include <linux/sockios.h>
#if __has_include(<linux/landlock.h>)
#include <linux/landlock.h>
#endif
#ifdef __FreeBSD__
#include <sys/capsicum.h>
#include <sys/procctl.h>
#endif
/* Bit 31 of a set of flags is no sign. */
#define PRX_FLAG(value) ((value) < 0 ? (int64_t) (uint32_t) (value) : (int64_t) (value))
#include "channel.h"
#include "exchange.h"
#include "pidfd.h"
#include "protocol.h"
#include "siginfo.h"
#include "spin.h"
#include "table.h"
"""
    + constant_table(),
)
