"""The log never holds up what is logged."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator

import pytest

from hubbub.cli import logs
from hubbub.cli.logs import logging_to_stderr


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The end to read from of what the log is written to."""
    reading, writing = os.pipe()
    monkeypatch.setattr(logs, "STDERR", writing)
    yield reading
    os.close(reading)
    os.close(writing)


def test_lines_for_programs_and_for_people(pipe: int) -> None:
    with logging_to_stderr("json", "info"):
        logging.getLogger("hubbub.test").info("half %s of it", "\ud800")
        logging.getLogger("hubbub.test").debug("not this")
        try:
            raise ValueError("inside")
        except ValueError:
            logging.getLogger("hubbub.test").warning("it failed", exc_info=True)
    first, second = (json.loads(line) for line in os.read(pipe, 65536).splitlines())
    assert (first["level"], first["logger"]) == ("info", "hubbub.test")
    assert first["event"].startswith("half ")
    assert "inside" in json.dumps(second)
    with logging_to_stderr("text", "info"):
        logging.getLogger("hubbub.test").info("A line.")
    text = os.read(pipe, 65536).decode()
    assert "A line." in text
    assert "\x1b" not in text or "hubbub.test" in text


def test_azure_is_heard_where_everything_shall_be(pipe: int) -> None:
    for level, is_heard in (("debug", True), ("info", False)):
        with logging_to_stderr("text", level):
            logging.getLogger("azure.identity.aio").warning("an answer with a secret in it")
            logging.getLogger("hubbub.test").info("a line")
        assert ("secret" in os.read(pipe, 65536).decode()) == is_heard


def test_nobody_reads(pipe: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "QUEUE_LINES", 100)
    monkeypatch.setattr(logs, "FLUSH_SECONDS", 0.2)
    logger = logging.getLogger("hubbub.test")
    threads = threading.active_count()
    began = time.monotonic()
    with logging_to_stderr("text", "info"):
        for number in range(3000):  # the pipe takes some 600 of them
            logger.info("line %d %s", number, "x" * 100)
    assert time.monotonic() - began < 20  # and not for ever
    got = b""
    os.set_blocking(pipe, False)
    for _ in range(500):  # now somebody reads: what was queued comes, the rest was dropped
        try:
            got += os.read(pipe, 1 << 20)
        except BlockingIOError:
            time.sleep(0.002)
    assert b"line 0 " in got
    assert b"line 2999 " not in got
    assert threading.active_count() <= threads + 1


def test_what_was_dropped_is_told(pipe: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "QUEUE_LINES", 10)
    logger = logging.getLogger("hubbub.test")
    got = b""
    with logging_to_stderr("text", "info"):
        for number in range(2000):
            logger.info("line %d %s", number, "x" * 100)
        os.set_blocking(pipe, False)
        for number in range(500):
            try:
                got += os.read(pipe, 1 << 20)
            except BlockingIOError:
                time.sleep(0.002)
            if number % 100 == 99:
                logger.info("later %d", number)
    assert b"log lines dropped: " in got
    assert b"later" in got
