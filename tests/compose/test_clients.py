"""How many clients a server takes follows from how many files it may open."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from hubbub.compose import clients_for
from hubbub.settings import Settings

if sys.platform == "win32":
    pytest.skip("has no such limits", allow_module_level=True)
import resource


@pytest.fixture
def hard() -> Iterator[int]:
    """The most files that may be opened; few may be at first."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_as_many_files_as_the_system_allows_are_opened_and_most_are_for_clients(hard: int) -> None:
    settings = Settings()
    clients = clients_for(settings)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft > 256
    assert soft == hard or hard == resource.RLIM_INFINITY or soft == 1 << 20
    free = soft - len(list(Path("/dev/fd").iterdir()))  # the listing itself opens one or two
    assert clients.bounds.connections == pytest.approx(min(settings.clients.connections, free * 3 // 4), abs=16)


def test_files_that_are_open_already_are_no_room_for_clients(hard: int) -> None:
    settings = Settings(clients={"connections": 10**6})
    before = clients_for(settings).bounds.connections
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(Path(os.devnull).open("rb"))
        assert clients_for(settings).bounds.connections == pytest.approx(before - 300, abs=16)


def test_the_settings_reach_the_bounds(hard: int) -> None:
    given = {"head_seconds": 1, "idle_seconds": 2, "stall_seconds": 3, "connections": 4}
    bounds = clients_for(Settings(clients=given)).bounds
    assert given.items() <= vars(bounds).items()
