/* The one table of calls: name and argument types. A call's number is its place in the table.
 *
 * Types: i integer, s string without NUL, b bytes, v vector of strings, l vector of integers,
 * c C structure, or bytes or an integer in its place. */
#pragma once

#define PRX_CALLS(X) \
        X(version, "") \
        X(fork, "i") \
        X(clone, "ii") \
        X(execvp, "sv") \
        X(execve, "svv") \
        X(exit, "i") \
        X(getpid, "") \
        X(getuid, "") \
        X(getgid, "") \
        X(kill, "ii") \
        X(chdir, "s") \
        X(getcwd, "") \
        X(open, "sii") \
        X(read, "ii") \
        X(write, "ib") \
        X(close, "i") \
        X(environ, "") \
        X(setenv, "ssi") \
        X(readdir, "s") \
        X(setpriority, "iii") \
        X(setopt, "si") \
        X(getopt, "s") \
        X(alloc, "c") \
        X(ioctl, "iic") \
        X(prctl, "icccc") \
        X(seccomp, "iic") \
        X(ptrace, "iicc") \
        X(pledge, "cc") \
        X(unveil, "cc") \
        X(cap_enter, "") \
        X(cap_getmode, "") \
        X(cap_rights_limit, "il") \
        X(cap_fcntls_get, "i") \
        X(cap_fcntls_limit, "ii") \
        X(cap_ioctls_limit, "il") \
        X(jail, "c") \
        X(jail_attach, "i") \
        X(jail_remove, "i") \
        X(procctl, "iiic")

#define PRX_CALL_NUMBER(name, types) PRX_CALL_##name,
enum prx_call { PRX_CALLS(PRX_CALL_NUMBER) PRX_CALL_COUNT };
#undef PRX_CALL_NUMBER

enum { PRX_ARGUMENTS_MAX = 6 };
