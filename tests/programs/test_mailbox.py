"""Message queues: what programs send lands in the mailbox of an actor."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import posix_ipc
import pytest
from support.ends import WAIT, down_of, own, run_program

from prx_actors import Command, ExitStatus, NoProcess, current, exit_signal, receive, run, send, spawn
from prx_actors.actors.threads import current_process
from prx_actors.programs.mailbox import MessageQueue, QueueMessage, remove_dead_queues, send_message
from prx_actors.programs.runtime_names import is_dead, new_name, start_time

if TYPE_CHECKING:
    from support.unprivileged import Unprivileged

SEND = f"{sys.executable} -m prx_actors.cli send"

LEAVES_A_QUEUE = """
from prx_actors.programs.mailbox import MessageQueue
queue = MessageQueue()
print(queue.name, flush=True)
input()
"""


def message_from(queue: MessageQueue) -> QueueMessage:
    """Wait for the next message."""
    message: QueueMessage = receive(QueueMessage, queue=queue, timeout=WAIT)
    return message


def exists(name: str) -> bool:
    """Say whether there is a queue of that name."""
    try:
        send_message(b"", name=name, timeout=0)
    except FileNotFoundError:
        return False
    except (BlockingIOError, PermissionError):
        pass
    return True


def fill(queue: MessageQueue, data: bytes = b"x") -> int:
    """Send until the queue is full, and return how often."""
    for sent in range(1000):
        try:
            send_message(data, name=queue.name, timeout=0.3)
        except BlockingIOError:
            return sent
    pytest.fail("it takes any number")


def test_a_shell_script_sends_to_an_actor() -> None:
    """By the name in its environment; the message tells where it came from and how urgent it is."""
    with MessageQueue() as queue:
        script = f"{SEND} one; {SEND} --priority 7 'two words'; echo three | {SEND}"
        done = run(Command.shell(script, env_update=queue.environment), check=True)
        assert done.stderr == b""
        messages = [message_from(queue) for _ in range(3)]
    assert {(one.data, one.priority) for one in messages} == {(b"one", 0), (b"two words", 7), (b"three\n", 0)}


@pytest.mark.parametrize("data", [b"", b"\0\xff\n", b"x" * 4096], ids=["empty", "bytes", "longest"])
def test_data_arrive_as_they_were_sent(data: bytes) -> None:
    """Be they none, any bytes, or as many as there may be."""
    with MessageQueue() as queue:
        send_message(data, name=queue.name)
        assert message_from(queue) == QueueMessage(queue, data, 0)


def test_the_highest_priority_comes_first_and_equals_keep_their_order() -> None:
    """Of what waits in the queue, while one waits unread in the mailbox."""
    with MessageQueue(unread=1) as queue:
        send_message(b"first", name=queue.name)
        wait_until_read(queue)
        for number, priority in enumerate([0, 0, 5, 9, 5]):
            send_message(str(number).encode(), priority, name=queue.name)
        assert [message_from(queue).data for _ in range(6)] == [b"first", b"3", b"2", b"4", b"0", b"1"]


def wait_until_read(queue: MessageQueue) -> None:
    """Wait until the reactor has put a message into our mailbox, without a receive, which would take it."""
    deadline = time.monotonic() + WAIT
    while not len(current_process().actor_inbox):
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_reading_pauses_while_the_owner_does_not_read() -> None:
    """What waits is bounded: in its mailbox, and in the queue; then senders wait. Nothing is lost."""
    with MessageQueue(unread=3, max_messages=4) as queue:
        assert fill(queue) == 7
        assert [message_from(queue).data for _ in range(7)] == [b"x"] * 7
        assert fill(queue) == 7


def test_an_owner_that_waits_for_something_else_does_not_stop_its_program() -> None:
    """It sits in a receive that the messages do not satisfy: they are read on."""
    with MessageQueue(unread=1, max_messages=1) as queue:
        script = "from prx_actors.programs.mailbox import send_message\nfor n in range(50): send_message(b'%d' % n)"
        environment = [f"{name}={value}" for name, value in queue.environment.items()]
        task = run_program(None, "env", *environment, sys.executable, "-c", script)
        assert receive(ExitStatus, task=task, timeout=WAIT).status == 0
        assert [message_from(queue).data for _ in range(50)] == [b"%d" % number for number in range(50)]


def test_a_queue_ends_with_its_owner() -> None:
    """Its name is gone when the end is told."""
    owned = own(MessageQueue)
    assert exists(owned.what.name)
    exit_signal(owned.pid, "kill")
    assert down_of(owned.ref) == "killed"
    assert not exists(owned.what.name)
    assert "closed" in repr(owned.what)


def test_a_queue_may_be_of_another_process() -> None:
    """Which gets what is sent to it."""
    test = current()
    reader = spawn(lambda: send(test, ("got", receive(QueueMessage, timeout=WAIT).data)))
    with MessageQueue(reader) as queue:
        send_message(b"hello", name=queue.name)
        assert receive(tuple, timeout=WAIT) == ("got", b"hello")


def test_a_closed_queue_is_gone_and_may_be_closed_again() -> None:
    """Its name is free at once."""
    queue = MessageQueue()
    queue.close()
    assert not exists(queue.name)
    queue.close()


def test_a_full_queue_refuses_a_sender_that_does_not_wait() -> None:
    """The error says how many messages wait; the command has an exit status for it."""
    with MessageQueue(unread=1, max_messages=2) as queue:
        fill(queue)
        with pytest.raises(BlockingIOError, match="the queue is full: 2 messages wait"):
            send_message(b"", name=queue.name, timeout=0)
        done = run(Command.shell(f"{SEND} --timeout 0 x", env_update=queue.environment))
        assert (done.status, done.stderr) == (75, b"prx-actors send: the queue is full: 2 messages wait\n")


def test_a_message_may_be_too_long() -> None:
    """The error says how long it may be."""
    with MessageQueue(max_size=3) as queue:
        with pytest.raises(OSError, match="the message has 4 bytes, and the queue takes 3"):
            send_message(b"four", name=queue.name)
        done = run(Command.shell(f"{SEND} four", env_update=queue.environment))
        assert done.status == 1
        assert b"4 bytes" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--to /prx-none x", "/prx-none: there is no such queue"),
        ("--to none x", "'none' is no name of a queue"),
        ("x", "there is no PRX_MAILBOX in the environment"),
        ("--priority 32768 x", "32768 is not from 0 to 32767"),
        ("--timeout -1 x", "no number of seconds"),
        ("--timeout x x", "invalid"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: str, told: str) -> None:
    """In one line, and with an exit status."""
    done = run(Command.shell(f"{SEND} {arguments}", env_update={"PRX_MAILBOX": None}))
    assert done.status in {1, 2}
    assert told in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.root
def test_only_the_user_may_write_unless_another_one_is_named(unprivileged: Unprivileged) -> None:
    """Root's queue is closed to nobody; one that is given to nobody is not."""
    with MessageQueue() as queue, MessageQueue(user=65534) as given:
        send = ("-m", "prx_actors.cli", "send", "hello", "--to")
        refused = unprivileged.run(*send, queue.name)
        assert (refused.returncode, refused.stderr) == (
            1,
            f"prx-actors send: {queue.name}: this user may not write to the queue\n",
        )
        assert unprivileged.run(*send, given.name).returncode == 0
        assert message_from(given).data == b"hello"


@pytest.mark.parametrize(("name", "file"), [("max_messages", "msg_max"), ("max_size", "msgsize_max")])
@pytest.mark.parametrize("value", [0, 1 << 30])
def test_a_size_that_the_kernel_does_not_allow_names_what_says_so(name: str, file: str, value: int) -> None:
    """With the limit in force."""
    with pytest.raises(ValueError, match=rf"{name} is {value}, not from 1 to \d+, which /proc/sys/fs/mqueue/{file}"):
        MessageQueue(**{name: value})  # type: ignore[arg-type]


def test_a_limit_on_the_bytes_of_all_queues_is_named() -> None:
    """With what is in force, and nothing is left of the queue."""
    soft, hard = resource.getrlimit(resource.RLIMIT_MSGQUEUE)
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (1, hard))
    try:
        with pytest.raises(OSError, match="RLIMIT_MSGQUEUE allows this user 1 bytes"):
            MessageQueue()
    finally:
        resource.setrlimit(resource.RLIMIT_MSGQUEUE, (soft, hard))


def test_a_forked_worker_leaves_its_parents_queue_alone() -> None:
    """In the child of an os.fork() it is closed, and its name stays."""
    with MessageQueue() as queue:
        pid = os.fork()
        if pid == 0:
            queue.close()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        send_message(b"still here", name=queue.name)
        assert message_from(queue).data == b"still here"


def test_a_program_that_ends_removes_its_queues() -> None:
    """Also those that nobody has closed."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVES_A_QUEUE], input="\n", capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert not exists(done.stdout.strip())


@pytest.mark.root
def test_the_queues_of_dead_runtimes_are_removed_and_no_others() -> None:
    """One was killed, one lives; and there are queues of strangers and of other pid namespaces."""
    strangers = [f"/prx-{os.getpid()}", "/" + new_name().replace(f"prx-{namespace()}-", f"prx-{namespace() + 1}-")]
    for name in strangers:
        posix_ipc.MessageQueue(name, posix_ipc.O_CREX).close()
    alive, killed = (started(LEAVES_A_QUEUE) for _ in range(2))
    try:
        names = [process.stdout.readline().strip() for process in (alive, killed)]  # type: ignore[union-attr]
        killed.send_signal(signal.SIGKILL)
        killed.wait(WAIT)
        assert exists(names[1])
        with MessageQueue() as queue:
            assert names[1] in remove_dead_queues()
            assert [exists(name) for name in [*names, queue.name, *strangers]] == [True, False, True, True, True]
    finally:
        for name in strangers:
            posix_ipc.unlink_message_queue(name)
        for process in (alive, killed):
            process.communicate("\n")


def started(script: str) -> subprocess.Popen[str]:
    """Start a program with pipes."""
    return subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def namespace() -> int:
    """Return the number of the pid namespace."""
    return os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 -- procfs


def test_a_name_tells_whose_queue_it_is() -> None:
    """A pid that was used again is another process; what has another form is a stranger's."""
    name = new_name()
    assert not is_dead(name)
    start = start_time(os.getpid())
    assert is_dead(name.replace(f"-{os.getpid()}-{start}-", f"-{os.getpid()}-{(start or 0) - 1}-"))
    assert not is_dead(f"x{name}")
    assert not is_dead(f"{name}x")


def test_the_owner_must_be_alive() -> None:
    """A queue for the dead is not made."""
    owned = own(lambda: None)
    exit_signal(owned.pid, "kill")
    down_of(owned.ref)
    with pytest.raises(NoProcess):
        MessageQueue(owned.pid)
