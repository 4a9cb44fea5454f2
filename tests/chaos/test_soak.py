"""What is done thousands of times, with kills at random, leaves no fd, thread, zombie, registration, file or memory."""

from __future__ import annotations

import faulthandler
from dataclasses import replace

import pytest
from chaos.soak import WAYS, Figures, soak


@pytest.mark.slow
@pytest.mark.static  # the sanitizers keep what is freed for a while
@pytest.mark.timeout(400)
def test_a_soak_ends_with_the_figures_that_it_began_with() -> None:
    """Five thousand cycles; a hundred thousand by `python -m tests.chaos.soak`."""
    faulthandler.cancel_dump_traceback_later()  # pytest's, for tests that should be quicker
    done, before, after = soak(5000, seed=0)
    assert set(done) == {way.__name__ for way in WAYS}
    assert done.total() == 5000
    assert after.exceeds(before) == []


def test_one_more_of_anything_is_seen() -> None:
    """And five per cent of memory, not less."""
    figures = Figures.take()
    assert figures.exceeds(figures) == []
    for name in ("fds", "threads", "epoll", "processes", "zombies", "files", "driver_fds"):
        assert replace(figures, **{name: getattr(figures, name) + 1}).exceeds(figures) != []
    assert replace(figures, rss=int(figures.rss * 1.04)).exceeds(figures) == []
    assert replace(figures, rss=int(figures.rss * 1.06)).exceeds(figures) != []
