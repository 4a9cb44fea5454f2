from prx_actors import ExitStatus, Stdout, prx, receive

with prx.fork() as task:                       # a new system process
    child = prx.fork(task)                     # and a child of it
    print(prx.getuid(task), prx.getpid(child))

    prx.execvp(child, ["cat", "-n"])           # its stdio is a stream now
    prx.stdin(child, "test\n")
    match receive(Stdout, task=child, timeout=5):
        case Stdout(_, data):
            print(data)                        # b'     1\ttest\n'
    prx.eof(child)
    assert receive(ExitStatus, task=child, timeout=5).status == 0
