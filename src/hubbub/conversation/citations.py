"""Check a model's citations while its text streams, so that only what was found can be cited."""

from collections.abc import Sequence

from hubbub.conversation.prose import Marker, Prose, Suggested
from hubbub.core.documents import Citation, Hit
from hubbub.core.events import Cited, Event, FollowUps, Text

MAX_FOLLOW_UPS = 3


def cite(hits: Sequence[Hit], marker: int, quote: str = "") -> Citation:
    """Return the citation of the hit that `[marker]` names; markers count from 1."""
    hit = hits[marker - 1]
    return Citation(marker, hit.passage_id, hit.document_id, hit.name, hit.title, hit.page, hit.heading, quote)


class CitedStream:
    """Turns a model's pieces into events, whatever the pieces' borders.

    `[2]` or `[1, 2]` stays in the text as `[2]` and `[1][2]`, and each hit is cited before its first
    marker. A marker that names no hit is text like any other: it stays as it is. `<<question?>>`
    leaves the text and becomes a follow-up question. Both count in prose only: see `Prose`.
    """

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = hits
        self._prose = Prose()
        self._spaces: list[str] = []
        """White space that is said only if something follows."""
        self._cited: set[int] = set()
        self._follow_ups: dict[str, None] = {}
        self._is_paused = False

    def feed(self, piece: str) -> list[Event]:
        """Return what can be said after one more piece."""
        self._is_paused = False
        found = self._prose.feed(piece)
        if len(found) == 1 and isinstance(said := found[0], str):  # as most pieces are
            text = self._shown(said)
            return [Text(text)] if text else []
        return self._events(found)

    def begin_again(self) -> list[Event]:
        """Return what is left of the text so far, which was no answer, and take one from its beginning."""
        events = self._events(self._prose.finish())
        self._prose = Prose()
        self._spaces.clear()
        self._cited.clear()
        self._follow_ups.clear()
        return events

    def pause(self) -> list[Event]:
        """Return what is held of the text, since something comes that is no text: a call of a tool."""
        if self._is_paused:
            return []
        events = self._events(self._prose.finish())
        self._prose = Prose()
        self._is_paused = True
        return events

    def finish(self) -> list[Event]:
        """Return what is left when the model has ended."""
        events = self._events(self._prose.finish())
        if self._follow_ups:
            events.append(FollowUps(tuple(self._follow_ups)[:MAX_FOLLOW_UPS]))
        return events

    def _events(self, found: Sequence[str | Marker | Suggested]) -> list[Event]:
        events: list[Event] = []
        said = "".join([part if isinstance(part, str) else self._replaced(part, events) for part in found])
        if shown := self._shown(said):
            events.append(Text(shown))
        return events

    def _shown(self, said: str) -> str:
        """Return what is shown of a text now: white space waits for something to follow it."""
        shown = said.rstrip()
        spaces = self._spaces
        if len(shown) == len(said):
            if spaces and shown:
                shown = "".join([*spaces, shown])
                spaces.clear()
            return shown
        behind = said[len(shown) :]
        if not shown:
            spaces.append(behind)
            return ""
        if spaces:
            shown = "".join([*spaces, shown])
        self._spaces = [behind]
        return shown

    def _replaced(self, found: Marker | Suggested, events: list[Event]) -> str:
        """Return what stands in the text in place of what was found there."""
        if isinstance(found, Suggested):
            if not found.question:
                return found.source
            if len(self._follow_ups) < MAX_FOLLOW_UPS:
                self._follow_ups[found.question] = None
            return ""
        there = [number for number in found.numbers if number <= len(self._hits)]
        if not there:
            return found.source
        for number in there:
            if number not in self._cited:
                self._cited.add(number)
                events.append(Cited(cite(self._hits, number)))
        return "".join([f"[{number}]" for number in found.numbers])
