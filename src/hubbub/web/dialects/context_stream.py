"""Stream an answer with what stands beside it: context → text … → context with what was used → and with follow-ups.

Both formats of the AI Chat Protocol are streams of this order; they differ in the form of a line.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError
from hubbub.core.events import ENDINGS, Event, Reclassified
from hubbub.web.dialects.lines import JSON_LINES, TAKEN_BACK, error_line, line, lines_of
from hubbub.web.dialects.sample_errors import fault_of
from hubbub.web.dialects.thoughts import Context, Plan, Telling


class ContextStream:
    """Such a stream. The first line is a context, unless the answer fails before; silence is silence."""

    media_type = JSON_LINES

    def __init__(self, plan: Plan, *, before: bytes, after: bytes, beside: Callable[[Context], object]) -> None:
        """Take what stands before and after the JSON string of a text, and what makes the line of a context."""
        self._telling = Telling(plan)
        self._before = before
        self._after = after + b"\n"
        self._beside = beside
        self._has_begun = False

    def opening(self) -> bytes:
        return b""

    def frames(self, records: Sequence[Record]) -> bytes:
        return lines_of(records, self._said, self._happened)

    def trouble(self, error: HubbubError) -> bytes:
        return error_line(error)

    def _said(self, text: bytes) -> bytes:
        named = self._telling.citing.json(text)
        return b"" if named == b'""' else self._line(named)  # what is kept back comes later

    def _line(self, text: bytes) -> bytes:
        said = self._before + text + self._after
        return said if self._has_begun else self._begin() + said

    def _happened(self, event: Event) -> Iterable[bytes]:
        telling = self._telling
        if isinstance(event, Reclassified):
            yield self._line(msgspec.json.encode(telling.citing.rest() + TAKEN_BACK))
        telling.add(event)
        if isinstance(event, ENDINGS) and (rest := telling.citing.rest()):
            yield self._line(msgspec.json.encode(rest))
        if fault := fault_of(event):
            yield line(fault)
        elif isinstance(event, ENDINGS):
            if not self._has_begun:
                yield self._begin()
            if telling.usage is not None:
                yield self._context()
            if telling.follow_ups:
                yield self._context(has_follow_ups=True)

    def _begin(self) -> bytes:
        # Not before: a model that fails until then is replaced by quotes, which may cite other passages.
        self._has_begun = True
        return self._context()

    def _context(self, *, has_follow_ups: bool = False) -> bytes:
        return line(self._beside(self._telling.context(has_follow_ups=has_follow_ups)))
