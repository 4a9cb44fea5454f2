"""`cat -n` in namespaces of its own: network, pids, System V IPC, host name and mounts.

To make them takes root. Another user needs a rule of sudo(8) for the driver, and for nothing else:

    alice ALL=(root) NOPASSWD: /path/to/prx_actors/driver/prx-driver
"""

import os

from prx_actors import Stdout, prx, receive

if os.geteuid() != 0:
    prx.sudo()  # later roots are started through `sudo -n`

with prx.fork() as task:
    print("user", prx.getuid(task))

    flags = ["clone_newnet", "clone_newpid", "clone_newipc", "clone_newuts", "clone_newns"]
    child = prx.clone(task, flags)
    print("pid", prx.getpid(child))

    prx.execvp(child, ["cat", "-n"])
    prx.stdin(child, "test\n")
    print(receive(Stdout, task=child, timeout=5).data)
