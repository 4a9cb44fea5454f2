"""A child of a child, and the tree of processes before and after one of them calls exec."""

from pathlib import Path

from prx_actors import Stdout, prx, receive


def print_tree(pid: int, indent: str = "") -> None:
    """Print a process and what runs below it, as the kernel knows them."""
    process = Path(f"/proc/{pid}")
    print(indent + (process / "comm").read_text().strip())
    for child in (process / "task" / str(pid) / "children").read_text().split():
        print_tree(int(child), indent + "  ")


with prx.fork() as task:
    child = prx.fork(task)
    grandchild = prx.fork(child)
    assert task.host_pid is not None

    print("before exec:")
    print_tree(task.host_pid)

    prx.execvp(grandchild, ["cat", "-n"])
    prx.stdin(grandchild, "test\n")
    receive(Stdout, task=grandchild, timeout=5)

    print("after exec:")
    print_tree(task.host_pid)
