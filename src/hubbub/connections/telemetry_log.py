"""Hand the lines of the log to the telemetry, without what people wrote in them."""

import logging
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager

from hubbub.connections.otlp import Line
from hubbub.core.tracing import Span, Value, current

LEAST = logging.INFO
_SEVERITIES = ((logging.CRITICAL, 21), (logging.ERROR, 17), (logging.WARNING, 13), (logging.INFO, 9), (0, 5))
"""The numbers that OTLP gives the levels."""


class _Handler(logging.Handler):
    """Without texts, of our own lines what stands in the program is told, and of others' that there was one.

    What is put into a line may be the name of a document or what somebody wrote. Facts that are neither come as
    `extra={"telemetry": …}`.
    """

    def __init__(self, take: Callable[[Line], None], *, includes_texts: bool) -> None:
        super().__init__(LEAST)
        self._take = take
        self._includes_texts = includes_texts

    def handle(self, record: logging.LogRecord) -> bool:
        """Take a record without the handler's lock: adding to what waits needs none."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._take(self._line(record))
        except Exception:  # noqa: BLE001 (as logging's own handlers: a bad record must not end the log)
            self.handleError(record)

    def _line(self, record: logging.LogRecord) -> Line:
        attributes: dict[str, Value] = {
            "logger.name": record.name,
            "code.function.name": f"{record.module}.{record.funcName}",
            "code.line.number": record.lineno,
        }
        attributes |= getattr(record, "telemetry", {})
        is_ours = record.name.partition(".")[0] == "hubbub"
        if self._includes_texts:
            body = record.getMessage()
        else:
            body = record.msg if is_ours and isinstance(record.msg, str) else ""
        if record.exc_info and record.exc_info[0] is not None:
            kind, error, trace = record.exc_info
            attributes["exception.type"] = kind.__qualname__
            attributes["exception.stacktrace"] = "".join(
                traceback.format_exception(kind, error, trace) if self._includes_texts else traceback.format_tb(trace)
            )
        step = current()
        place = step.place._replace(span_id=step.id) if isinstance(step, Span) else None
        level = next(number for least, number in _SEVERITIES if record.levelno >= least)
        return Line(int(record.created * 1e9), level, record.levelname, body, attributes, place)


@contextmanager
def logging_to(take: Callable[[Line], None], *, includes_texts: bool) -> Generator[None]:
    """Hand on what the whole process logs, from the level on that its log has."""
    handler = _Handler(take, includes_texts=includes_texts)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
