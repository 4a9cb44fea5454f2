"""`cat -n` in a forked task: what goes in and what comes out are calls and messages."""

from prx_actors import ExitStatus, Stdout, prx, receive

with prx.fork() as task:
    prx.execvp(task, ["cat", "-n"])
    prx.stdin(task, "one\n")
    prx.stdin(task, "two\n")
    prx.eof(task)

    output = b""
    while True:
        # A pipe keeps no lines: what is read may be less than was written, or more.
        match receive(Stdout, ExitStatus, task=task, timeout=5):
            case Stdout(_, data):
                output += data
            case ExitStatus(_, status):
                break

print(output.decode(), end="")
print("exit status", status)
