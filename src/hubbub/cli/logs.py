"""Write the log without ever holding up the event loop: through a bounded queue to a thread of its own."""

import logging
import logging.handlers
import queue
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Literal

import structlog

QUEUE_LINES = 10_000


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
def logging_to_stderr(form: Literal["text", "json"], level: str) -> Generator[None]:
    """Send the log to standard error, as text for a person or as one JSON object a line."""
    stamped = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper("iso", utc=False),
    ]
    if form == "json":
        last = [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last], foreign_pre_chain=stamped
        )
    )
    lines: queue.Queue[logging.LogRecord] = queue.Queue(QUEUE_LINES)
    handler = _DroppingHandler(lines)
    listener = logging.handlers.QueueListener(lines, output)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(handler)
        listener.stop()
