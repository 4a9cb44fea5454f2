/* The one table of calls: name and argument types. A call's number is its place in the table.
 *
 * Types: i integer, s string without NUL, b bytes, v vector of strings, l vector of integers,
 * d bytes in nested lists, c an integer, bytes or a C structure. */
#pragma once

#define PRX_CALLS(X) \
        X(version, "") \
        X(fork, "il") \
        X(clone, "iil") \
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
        X(setcpid, "isi") \
        X(filter, "ll") \
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
        X(iolist_to_bin, "d") \
        X(setuid, "i") \
        X(setgid, "i") \
        X(getresuid, "") \
        X(setresuid, "iii") \
        X(getresgid, "") \
        X(setresgid, "iii") \
        X(getgroups, "") \
        X(setgroups, "l") \
        X(getpgrp, "") \
        X(setpgid, "ii") \
        X(getsid, "i") \
        X(setsid, "") \
        X(gethostname, "") \
        X(sethostname, "b") \
        X(setproctitle, "b") \
        X(getrlimit, "i") \
        X(setrlimit, "iii") \
        X(getpriority, "ii") \
        X(unshare, "i") \
        X(setns, "ii") \
        X(pivot_root, "ss") \
        X(mount, "sssibb") \
        X(umount, "s") \
        X(umount2, "si") \
        X(sigaction, "is") \
        X(waitpid, "ii") \
        X(fexecve, "ivv") \
        X(reexec, "vvi") \
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
        X(procctl, "iiic") \
        X(umask, "i")

#define PRX_CALL_NUMBER(name, types) PRX_CALL_##name,
enum prx_call { PRX_CALLS(PRX_CALL_NUMBER) PRX_CALL_COUNT };
#undef PRX_CALL_NUMBER

enum { PRX_ARGUMENTS_MAX = 6 };
