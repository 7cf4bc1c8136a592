"""Write the log without ever holding up the event loop: through a bounded queue to a thread of its own."""

import contextlib
import logging
import logging.handlers
import os
import queue
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

QUEUE_LINES = 10_000
FLUSH_SECONDS = 2.0
STDERR = 2


class _Output(logging.Handler):
    """Writes to standard error past Python's buffers.

    Where nobody reads, its thread stands still in the middle of a line; a buffer's lock that it
    held then would keep the process from ending.
    """

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = (self.format(record) + "\n").encode(errors="backslashreplace")
        except Exception:  # noqa: BLE001 (as logging's own handlers: a bad record must not end the log)
            self.handleError(record)
            return
        with contextlib.suppress(OSError):  # it was closed
            while line:
                line = line[os.write(STDERR, line) :]


class _DroppingHandler(logging.handlers.QueueHandler):
    """Puts records into a queue; where it is full, counts what it drops and says so once there is room."""

    dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            if self.dropped:
                lost = logging.makeLogRecord(
                    {
                        "name": __name__,
                        "levelno": logging.WARNING,
                        "levelname": "WARNING",
                        "msg": "log lines dropped: %d",
                    }
                )
                lost.args = (self.dropped,)
                self.queue.put_nowait(lost)
                self.dropped = 0
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


@contextmanager
def logging_to_stderr(form: Literal["text", "json"], level: str, *, with_pid: bool = False) -> Generator[None]:
    """Send the log to standard error, as text for a person or as one JSON object a line.

    With the process id where several processes write there.
    """
    stamped: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper("iso", utc=False),
    ]
    if with_pid:
        stamped.append(_add_pid)
    if form == "json":
        last = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    output = _Output()
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last], foreign_pre_chain=stamped
        )
    )
    lines: queue.Queue[logging.LogRecord | None] = queue.Queue(QUEUE_LINES)
    handler = _DroppingHandler(lines)
    writing = threading.Thread(target=_write, args=(lines, output), name="log", daemon=True)
    root, azure = logging.getLogger(), logging.getLogger("azure")
    levels_before = root.level, azure.level
    root.addHandler(handler)
    root.setLevel(level.upper())
    # Azure's clients log each request, and what they were answered, secrets in it; what matters we log ourselves.
    azure.setLevel(logging.NOTSET if level == "debug" else logging.ERROR)
    writing.start()
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(levels_before[0])
        azure.setLevel(levels_before[1])
        with contextlib.suppress(queue.Full):  # nobody reads the log: what is left of it is lost
            lines.put(None, timeout=FLUSH_SECONDS)
            writing.join(FLUSH_SECONDS)


def _add_pid(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    event["pid"] = os.getpid()
    return event


def _write(lines: "queue.Queue[logging.LogRecord | None]", output: logging.Handler) -> None:
    while (record := lines.get()) is not None:
        output.emit(record)  # not by `handle`: its lock would be taken while the thread stands still
