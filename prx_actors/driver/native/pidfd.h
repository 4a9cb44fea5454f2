/* What Python's library lacks for processes and pipes. */
#pragma once

/* The wait status of a process that has been reaped, by whomever, or a negative errno: -ESRCH while it is not
 * reaped, -ENOTTY or -EOPNOTSUPP before Linux 6.15. */
int prx_pidfd_wait_status(int pidfd);

/* pidfd_send_signal(2): 0 or a negative errno. */
int prx_pidfd_signal(int pidfd, int signal);

/* FIONREAD: bytes that can be read at once, or a negative errno. */
int prx_input_waiting(int fd);
