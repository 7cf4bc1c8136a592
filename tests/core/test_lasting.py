"""What stays wrong is said when it begins and when it is over, however often it is met."""

import logging

import pytest

from hubbub.core.errors import StoreError
from hubbub.core.lasting import AGAIN_SECONDS, Lasting
from hubbub.core.references import SAME_SECONDS, recent, told


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    said = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return said


def test_it_is_logged_once_again_after_a_while_and_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    trouble = Lasting(logging.getLogger("test"), clock=lambda: now)
    trouble.over()
    assert lines(caplog) == []
    for _ in range(100):
        trouble.met("Nothing is stored", "the disk is full")
    assert lines(caplog) == ["Nothing is stored: the disk is full"]
    trouble.met("Nothing is stored", "the disk is gone")
    assert lines(caplog) == ["Nothing is stored: the disk is gone"]
    now = AGAIN_SECONDS
    trouble.met("Nothing is stored", "the disk is gone")
    assert len(lines(caplog)) == 1
    trouble.over()
    trouble.over()
    assert lines(caplog) == ["This is over: Nothing is stored"]


def test_the_same_trouble_has_one_reference_for_a_while(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1e9
    monkeypatch.setattr("hubbub.core.references.time.time", lambda: now)
    monkeypatch.setattr("hubbub.core.references.recent", type(recent)(maxlen=50))

    def reference(detail: str) -> str:
        return told(StoreError("It failed.", detail=detail)).reference

    first = {reference("disk 1") for _ in range(100)}
    assert len(first) == 1 and reference("disk 2") not in first
    assert len(lines(caplog)) == 2
    now += SAME_SECONDS + 1
    assert reference("disk 1") not in first
