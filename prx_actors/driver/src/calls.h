/* The one table of calls: name and argument types. A call's number is its place in the table.
 *
 * Types: i integer, s string without NUL, b bytes, v vector of strings, l vector of integers, d iodata (bytes,
 * integers of a byte and arrays of those, nested). */
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
        X(lseek, "iii") \
        X(fcntl, "iii") \
        X(select, "llli") \
        X(mkdir, "si") \
        X(rmdir, "s") \
        X(unlink, "s") \
        X(link, "ss") \
        X(symlink, "ss") \
        X(mkfifo, "si") \
        X(chmod, "si") \
        X(chown, "sii") \
        X(chroot, "s") \
        X(socket, "iii") \
        X(connect, "ib") \
        X(getenv, "s") \
        X(unsetenv, "s") \
        X(clearenv, "") \
        X(iolist_to_bin, "d")

#define PRX_CALL_NUMBER(name, types) PRX_CALL_##name,
enum prx_call { PRX_CALLS(PRX_CALL_NUMBER) PRX_CALL_COUNT };
#undef PRX_CALL_NUMBER

enum { PRX_ARGUMENTS_MAX = 6 };
