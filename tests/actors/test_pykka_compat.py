from __future__ import annotations

import time

import pykka
import pytest

from prx_actors.actors import Process
from prx_actors.actors.pykka_compat import ActorRefs


def test_the_registry_s_list_behaves_like_a_list() -> None:
    """As far as Pykka asks."""
    pids = [Process.start() for _ in range(4)]
    refs = ActorRefs(pids[:2])
    refs.append(pids[2])
    assert refs[:] == pids[:3]
    assert list(refs) == pids[:3]
    assert refs[-1] is pids[2]
    assert len(refs) == 3
    assert refs
    refs.remove(pids[1])
    assert pids[1] not in refs
    assert refs == [pids[0], pids[2]]
    with pytest.raises(ValueError, match="not in the registry"):
        refs.remove(pids[3])
    refs.clear()
    assert not refs


def test_pykka_s_registry_uses_it() -> None:
    """So Pykka's other actors are in it too."""

    class Plain(pykka.ThreadingActor):
        pass

    plain = Plain.start()
    pid = Process.start()
    assert isinstance(pykka.ActorRegistry._actor_refs, ActorRefs)
    assert pykka.ActorRegistry.get_all() == [plain, pid]
    pykka.ActorRegistry.stop_all(timeout=10)
    assert pykka.ActorRegistry.get_all() == []


def test_removal_does_not_slow_down_with_the_number_of_actors() -> None:
    """A list would search for each one."""
    pids = [Process().actor_ref for _ in range(20_000)]
    refs = ActorRefs(pids)
    start = time.perf_counter()
    for pid in reversed(pids):
        assert pid in refs
        refs.remove(pid)
    assert time.perf_counter() - start < 2


def test_urns_are_valid_and_unique() -> None:
    """Though no random one is made for each."""
    import uuid

    urns = {Process().actor_urn for _ in range(100)}
    assert len(urns) == 100
    assert all(uuid.UUID(urn).version == 4 for urn in urns)


def test_stop_is_pykka_s_own_message() -> None:
    """`_stop` and the loop are replaced, the protocol is not."""
    pid = Process.start()
    assert pid.ask(pykka.messages._ActorStop(), timeout=10) is None
    assert not pid.is_alive()
