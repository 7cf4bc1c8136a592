"""Check a model's citations while its text streams, so that only what was found can be cited."""

import re
from collections.abc import Sequence

from hubbub.core.documents import Citation, Hit
from hubbub.core.events import Cited, Event, FollowUps, Text

MAX_FOLLOW_UPS = 3

_MARKER = re.compile(r"\[\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*\]")
_BEGUN_MARKER = re.compile(r"\[[\d,\s]{0,40}\Z")
_FOLLOW_UP = re.compile(r"<<([^<>]{1,300})>>")
_BEGUN_FOLLOW_UP = re.compile(r"<(<[^<>]{0,300}>?)?\Z")
_BACKTICKS = re.compile(r"`+")
_SPECIAL = re.compile(r"[`\[<]")


def cite(hits: Sequence[Hit], marker: int, quote: str = "") -> Citation:
    """Return the citation of the hit that `[marker]` names; markers count from 1."""
    hit = hits[marker - 1]
    return Citation(marker, hit.passage_id, hit.document_id, hit.name, hit.title, hit.page, hit.heading, quote)


class CitedStream:
    """Turns a model's pieces into events, whatever the pieces' borders.

    `[2]` or `[1, 2]` stays in the text where there are such hits, as `[2]` and `[1][2]`, and the
    hit is cited before its first marker; a marker of anything else is dropped. `<<question?>>`
    leaves the text and becomes a follow-up question. Code is left alone.
    """

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = hits
        self._held = ""
        self._spaces = ""
        self._fence = ""  # the backticks that opened the code we are in
        self._cited: set[int] = set()
        self._follow_ups: list[str] = []

    def feed(self, piece: str) -> list[Event]:
        """Return what can be said after one more piece."""
        self._held += piece
        return self._take(is_last=False)

    def finish(self) -> list[Event]:
        """Return what is left when the model has ended."""
        events = self._take(is_last=True)
        if self._follow_ups:
            events.append(FollowUps(tuple(self._follow_ups[:MAX_FOLLOW_UPS])))
        return events

    def _take(self, *, is_last: bool) -> list[Event]:
        events: list[Event] = []
        text: list[str] = []
        rest = self._held
        while rest:
            special = (_BACKTICKS if self._fence else _SPECIAL).search(rest)
            if special is None:
                text.append(rest)
                rest = ""
                break
            text.append(rest[: special.start()])
            rest = rest[special.start() :]
            if not is_last and self._may_go_on(rest):
                break
            rest = self._take_special(rest, text, events)
        self._held = rest
        said = self._spaces + "".join(text)
        shown = said.rstrip()
        self._spaces = "" if is_last else said[len(shown) :]
        if shown:
            events.append(Text(shown))
        return events

    def _may_go_on(self, rest: str) -> bool:
        if rest[0] == "`":
            return set(rest) == {"`"}
        begun = _BEGUN_MARKER if rest[0] == "[" else _BEGUN_FOLLOW_UP
        return begun.match(rest) is not None

    def _take_special(self, rest: str, text: list[str], events: list[Event]) -> str:
        """Handle what stands at the beginning of `rest`, and return what comes after it."""
        if backticks := _BACKTICKS.match(rest):
            run = backticks.group()
            if not self._fence:
                self._fence = run
            elif run == self._fence:
                self._fence = ""
            text.append(run)
            return rest[len(run) :]
        if marker := _MARKER.match(rest):
            for number in map(int, re.findall(r"\d+", marker.group())):
                if 1 <= number <= len(self._hits):
                    if number not in self._cited:
                        self._cited.add(number)
                        events.append(Cited(cite(self._hits, number)))
                    text.append(f"[{number}]")
            return rest[marker.end() :]
        if follow_up := _FOLLOW_UP.match(rest):
            question = " ".join(follow_up.group(1).split())
            if question and question not in self._follow_ups:
                self._follow_ups.append(question)
            return rest[follow_up.end() :]
        text.append(rest[0])
        return rest[1:]
