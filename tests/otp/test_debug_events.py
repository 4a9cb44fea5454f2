"""What `sys` records of behaviours, and what their reports show: the events of OTP."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from support.servers import WAIT

from prx_actors.actors import Down, Exit, Pid, current, exit, monitor, receive, send, spawn
from prx_actors.otp import CallError, From, GenServer, Reply, Stop, Supervisor, Timeout, gen_server, sys
from prx_actors.otp.state_machine import (
    Call,
    Cast,
    EventTimeout,
    GenericTimeout,
    Info,
    Internal,
    KeepState,
    NextEvent,
    NextState,
    Postpone,
    StateMachine,
    StateTimeout,
    StopAndReply,
)
from prx_actors.otp.state_machine import Reply as MachineReply


class Server(GenServer):
    """Tells of its time-outs, or fails at them."""

    def init(self, starter: Pid, *, fails: bool = False) -> None:
        """Begin."""
        self.starter, self.fails = starter, fails

    def handle_call(self, request: Any, sender: From) -> Any:
        """Reply, and maybe stop."""
        return Stop("normal", reply="bye") if request == "stop" else Reply(request, Timeout(0.001))

    def handle_cast(self, request: Timeout) -> Timeout:
        """Obey."""
        return request

    def handle_info(self, message: Any) -> None:
        """Tell, or fail."""
        if self.fails:
            raise ValueError
        send(self.starter, message)


class Machine(StateMachine):
    """Does what it is told."""

    def init(self) -> NextState:
        """Begin."""
        self.kept = "data"
        return NextState("idle")

    def idle(self, event: object) -> Any:
        """Obey."""
        match event:
            case Call("twice", sender):
                return KeepState(MachineReply(sender, "once"), NextEvent(Internal("again")))
            case Call("stop", sender):
                return StopAndReply("normal", MachineReply(sender, "bye"))
            case Cast("postpone"):
                return KeepState(Postpone(), StateTimeout(60, "state"), GenericTimeout("name", 60))
            case Cast(("act", *actions)):
                return KeepState(*actions)  # type: ignore[arg-type]
            case Internal("fail") | EventTimeout():
                raise ValueError
        return None


def test_the_reply_of_a_stop_is_an_event() -> None:
    """It goes out after terminate."""
    events: list[object] = []
    pid, ref = Server.start_monitor(current())
    sys.install(pid, "key", lambda _pid, event: events.append(event[:2]))
    assert GenServer.call(pid, "stop", timeout=WAIT) == "bye"
    receive(Down, ref=ref, timeout=WAIT)
    assert [event[0] for event in events] == ["in", "terminate", "out"]  # type: ignore[index]
    assert events[-1] == ("out", "bye")


def test_a_time_out_is_recorded_as_what_it_is() -> None:
    """And one that was cancelled is not."""
    pid = Server.start(current())
    sys.log(pid, 9)
    GenServer.call(pid, "x")
    assert receive(Timeout, timeout=WAIT) == Timeout(0.001)
    assert sys.get_log(pid)[-1] == ("in", Timeout(0.001))


def test_a_time_out_that_was_cancelled_is_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though its message is on the way."""
    monkeypatch.setattr(gen_server, "send_after", lambda _seconds, pid, message: send(pid, message))
    pid = Server.start(current())
    sys.log(pid, 9)
    sys.suspend(pid)
    GenServer.cast(pid, Timeout(0))
    send(pid, "cancels it")
    sys.resume(pid)
    assert receive(timeout=WAIT) == "cancels it"
    assert GenServer.call(pid, "x", timeout=WAIT) == "x"
    assert [event[0] for event in sys.get_log(pid)][:4] == ["in", "in", "in", "out"]


def test_the_last_message_of_a_server_may_be_a_time_out(caplog: pytest.LogCaptureFixture) -> None:
    """In both reports."""
    pid, ref = Server.start_monitor(current(), fails=True)
    GenServer.call(pid, "x")
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)
    of_server, of_process = [record.getMessage() for record in caplog.records]
    assert "last message: Timeout(seconds=0.001)" in of_server
    assert "last_message: Timeout(seconds=0.001)" in of_process


def test_a_system_message_is_no_last_message(caplog: pytest.LogCaptureFixture) -> None:
    """It is the runtime's own."""
    pid = Server.start(current())
    GenServer.stop(pid, "broken")
    assert "last message: None" in caplog.text
    assert "last_message: None" in caplog.text


def test_the_replies_and_the_inserted_events_of_a_machine_are_recorded() -> None:
    """The counts and the order are those of OTP."""
    pid = Machine.start()
    sys.statistics(pid, True)
    sys.log(pid, 9)
    assert StateMachine.call(pid, "twice", timeout=WAIT) == "once"
    counted = sys.statistics(pid)
    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (2, 1)
    came, replied, inserted, *rest = sys.get_log(pid)
    assert [event[0] for event in (came, replied, inserted, *rest)] == ["in", "out", "in", "consume", "consume"]
    assert came[1].request == "twice"  # type: ignore[attr-defined]
    assert replied[1] == "once"
    assert inserted == ("in", Internal("again"))


def test_the_replies_of_a_machine_that_stops_are_recorded() -> None:
    """Before its end, as they leave before it."""
    events: list[object] = []
    pid, ref = Machine.start_monitor()
    sys.install(pid, "key", lambda _pid, event: events.append(event[0]))
    assert StateMachine.call(pid, "stop", timeout=WAIT) == "bye"
    receive(Down, ref=ref, timeout=WAIT)
    assert events == ["in", "out", "terminate"]


def test_a_time_out_of_a_machine_is_recorded_as_what_it_is() -> None:
    """With the content that it has at last."""
    pid = Machine.start()
    me = current()
    sys.install(pid, "key", lambda _pid, event: send(me, event[1]) if event[0] == "in" else None)
    StateMachine.cast(pid, ("act", StateTimeout(0.001, "content")))
    assert receive(StateTimeout, timeout=WAIT) == StateTimeout(0.001, "content")


def test_a_machine_that_crashes_says_what_it_was_doing(caplog: pytest.LogCaptureFixture) -> None:
    """The last event, its state, and what it had still to do."""
    pid, ref = Machine.start_monitor()
    StateMachine.cast(pid, "postpone")
    StateMachine.cast(pid, ("act", NextEvent(Internal("fail")), NextEvent(Info("waits"))))
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)
    of_machine, of_process = [record.getMessage() for record in caplog.records]
    assert of_machine.splitlines()[1:] == [
        "  last event: Internal(content='fail')",
        "  state: 'idle'",
        "  data: {'kept': 'data'}",
        "  queue: [Info(message='waits')]",
        "  postponed: [Cast(request='postpone')]",
        f"  timeouts: {[StateTimeout(60, 'state'), GenericTimeout('name', 60)]}",
        "  reason: ValueError()",
    ]
    assert "last_message: Internal(content='fail')" in of_process


def test_a_machine_that_crashes_at_a_time_out_names_it(caplog: pytest.LogCaptureFixture) -> None:
    """It is the last event."""
    pid, ref = Machine.start_monitor()
    StateMachine.cast(pid, ("act", EventTimeout(0.001)))
    assert isinstance(receive(Down, ref=ref, timeout=WAIT).reason, ValueError)
    assert "last event: EventTimeout(seconds=0.001" in caplog.text


def test_a_supervisor_that_ends_with_its_parent_reports_it(caplog: pytest.LogCaptureFixture) -> None:
    """As a server does; in OTP it is one."""
    me = current()

    def parent() -> None:
        send(me, Supervisor.start_link([]))
        receive(str)
        exit("boom")

    above = spawn(parent)
    supervisor = receive(Pid, timeout=WAIT)
    ref = monitor(supervisor)
    send(above, "end")
    assert receive(Down, ref=ref, timeout=WAIT).reason == "boom"
    of_supervisor, of_process = [record.getMessage() for record in caplog.records]
    assert f"last message: {Exit(above, 'boom')!r}" in of_supervisor
    assert "state: SupervisorFlags(" in of_supervisor
    assert "crashed" in of_process


def test_format_status_protects_a_machine_too(caplog: pytest.LogCaptureFixture) -> None:
    """All that its reports show."""

    class Discreet(Machine):
        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            return dict.fromkeys(status, "***")

        def idle(self, event: object) -> NoReturn:
            raise ValueError(event)

    pid = Discreet.start()
    with pytest.raises(CallError):
        StateMachine.call(pid, "secret", timeout=WAIT)
    assert "***" in caplog.text
    assert "secret" not in caplog.text
    assert "'data'" not in caplog.text


def test_the_status_of_a_machine_shows_what_waits() -> None:
    """State, data, inserted and postponed events, time-outs."""
    pid = Machine.start()
    StateMachine.cast(pid, "postpone")
    assert sys.get_status(pid).data == {
        "state": "idle",
        "data": {"kept": "data"},
        "queue": [],
        "postponed": [Cast("postpone")],
        "timeouts": [StateTimeout(60, "state"), GenericTimeout("name", 60)],
    }


def test_the_status_of_a_machine_shows_the_state_that_it_says_it_has() -> None:
    """Whatever its system_get_state returns."""

    class Own(Machine):
        def system_get_state(self) -> Any:
            return "its own"

    data = sys.get_status(Own.start()).data
    assert (data["state"], data["data"]) == ("idle", "its own")
