"""Tell a model's thoughts from its answer where both come in one text, such as `<think>…</think>Paris`.

An answer begins with its thoughts. A model that has marked them so may go on to think further down, between steps:
there the same mark opens a thought if it begins a line. Elsewhere who talks of `<think>` means the word. A thought
that was closed without having been opened began with the answer, because the model's template opened it.
"""

from typing import TypeAlias

from hubbub.core.events import Reasoning, Reclassified

Part: TypeAlias = str | Reasoning | Reclassified

_SPELLINGS = {
    "<think>": "</think>",  # DeepSeek, Qwen, GLM and most others
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<thoughts>": "</thoughts>",
    "<reasoning>": "</reasoning>",
    "<reason>": "</reason>",
    "<scratchpad>": "</scratchpad>",
    "<chain_of_thought>": "</chain_of_thought>",
    "<mm:think>": "</mm:think>",  # MiniMax
    "<longcat_think>": "</longcat_think>",
    "[think]": "[/think]",  # Mistral
    "[thinking]": "[/thinking]",
    "<seed:think>": "</seed:think>",  # ByteDance
    "◁think▷": "◁/think▷",  # Kimi
    "<|think|>": "<|/think|>",
    "<|inner_prefix|>": "<|inner_suffix|>",  # Apertus
    "<|channel>thought\n": "<channel|>",  # Gemma
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|end_thinking|>",  # Cohere
    "<|channel|>analysis<|message|>": "<|end|>",  # gpt-oss
}
"""What closes a thought, by what opens it; capitals or not."""
_MARKS = (
    "<|start|>assistant",
    "<|channel|>final<|message|>",
    "<|begin_of_solution|>",
    "<|start_response|>",
)
"""What some templates put before the answer itself."""
_BEGINNINGS = (*_SPELLINGS, *_MARKS)
_FIRST = frozenset(mark[0] for mark in _BEGINNINGS)
_UNOPENED = tuple(closer for closer in _SPELLINGS.values() if closer.startswith("</"))
"""What may close a thought that the template has opened."""
_WATCHED = (*_UNOPENED, "<think>", "<thinking>")
_QUOTES = "`\"'“‘«"
SEEN = 16
"""How much of what was said is remembered, to see what a mark stands in."""
AT_ONCE = 4096
"""So much is looked at together, so that what a mark costs does not grow with the length of a piece."""
SPACE = 1000
"""So much space at the beginning is no longer waited through."""
_LONGEST = max(map(len, (*_BEGINNINGS, *_SPELLINGS.values())))


class InlineThoughts:
    """Takes an answer's text in pieces, cut anywhere, and says what of it is thought."""

    __slots__ = (
        "_closer",
        "_has_said",
        "_held",
        "_is_at_start",
        "_is_code",
        "_may_be_unopened",
        "_opener",
        "_thought_has_begun",
        "is_plain",
        "last",
    )

    def __init__(self) -> None:
        self.is_plain = False
        """Whether a piece without `<` can be passed on as it is; then `last` and `count_marks` are told of it."""
        self._held = ""
        """The end of what came, where it may be the beginning of a mark."""
        self._is_at_start = True
        self._closer: str | None = None
        """What ends the thought that is open."""
        self._opener = ""
        """What opened the thoughts before; empty where nothing did, or where it is no tag."""
        self._thought_has_begun = False
        self._may_be_unopened = True
        self._has_said = False
        self._is_code = False
        """Whether an odd number of backticks has come."""
        self.last = ""
        """The end of the text so far."""

    def take(self, text: str) -> list[Part]:
        """Return what is certain now."""
        parts: list[Part] = []
        for start in range(0, len(text), AT_ONCE):
            self._take(text[start : start + AT_ONCE], parts)
        self.is_plain = not (self._is_at_start or self._held or self._closer)
        return parts

    def _take(self, text: str, parts: list[Part]) -> None:
        text = self._held + text
        self._held = ""
        while text:
            if self._closer is not None:
                text = self._think(text, self._closer, parts)
            elif self._is_at_start:
                text = self._begin(text)
            else:
                text = self._say(text, parts)

    def count_marks(self, text: str) -> None:
        """Take note of what of a text that was passed on makes it code."""
        if text.count("`") % 2 == 1:
            self._is_code = not self._is_code

    def finish(self) -> list[Part]:
        """Return what was held, as what it counts without more behind it."""
        held, self._held = self._held, ""
        self.is_plain = not (self._is_at_start or self._closer)
        if not held or (self._closer is not None and not self._thought_has_begun and held.isspace()):
            return []
        if self._closer is not None:
            return [Reasoning(held)]
        self._is_at_start, self.is_plain = False, True
        return [held]

    def _begin(self, text: str) -> str:
        """Decide what the answer begins with; returns what is left to be taken."""
        start = text.lstrip()
        if start and start[0] not in _FIRST:  # as nearly all do
            self._is_at_start = False
            return text if self._may_be_unopened else start
        lower = _lowered(start[:_LONGEST])
        for mark in _BEGINNINGS:
            if lower.startswith(mark):
                self._may_be_unopened = False
                if (closer := _SPELLINGS.get(mark)) is not None:
                    self._closer, self._thought_has_begun = closer, False
                    self._opener = mark if mark.startswith("<") and closer.startswith("</") else ""
                return start[len(mark) :]
        # Nothing but space is the beginning of any.
        if len(text) < SPACE and any(mark.startswith(lower) for mark in _BEGINNINGS):
            self._held = text
            return ""
        self._is_at_start = False
        # Behind a thought the space is the template's.
        return text if self._may_be_unopened else start

    def _think(self, text: str, closer: str, parts: list[Part]) -> str:
        if not self._thought_has_begun and not (text := text.lstrip()):
            return ""
        end = _find(text, closer)
        if end < 0:
            held = _beginning_at_end(text, (closer,))
            self._put_thought(text[: len(text) - held], parts)
            self._held = text[len(text) - held :]
            return ""
        self._put_thought(text[:end], parts)
        self._closer = None
        return text[end + len(closer) :]

    def _put_thought(self, text: str, parts: list[Part]) -> None:
        if text:
            self._thought_has_begun = True
            parts.append(Reasoning(text))

    def _say(self, text: str, parts: list[Part]) -> str:
        """Say what is no thought; returns what is left behind a mark."""
        if self._opener and "<" in text:
            if (at := self._reopened_at(text)) >= 0:
                self._put_text(text[:at], parts)
                self._closer, self._thought_has_begun = _SPELLINGS[self._opener], False
                return text[at + len(self._opener) :]
            if held := _beginning_at_end(text, (self._opener,)):
                self._held, text = text[-held:], text[:-held]
        if self._may_be_unopened and "<" in text:
            for closer in _UNOPENED:
                at = _find(text, closer)
                if at < 0:
                    continue
                before, after = text[:at], text[at + len(closer) :]
                if not after and (self.last + before).endswith(" "):  # what follows decides
                    self._held, text = text[at:], before
                elif self._is_talk(before, after):
                    self._may_be_unopened = False
                else:
                    self._close_unopened(before, parts)
                    return after
                break
            if not self._held and (held := _beginning_at_end(text, _WATCHED)):
                self._held, text = text[-held:], text[:-held]
            if _find(text, "<think") >= 0:
                self._may_be_unopened = False  # it talks of them
        self._put_text(text, parts)
        return ""

    def _put_text(self, text: str, parts: list[Part]) -> None:
        if text:
            self._has_said = self._has_said or not text.isspace()
            self.last = text if len(text) > SEEN else self.last[-SEEN:] + text
            self.count_marks(text)
            parts.append(text)

    def _reopened_at(self, text: str) -> int:
        """Return where the mark that opened the thoughts before begins a line again, outside of code; or -1."""
        is_code, seen = self._is_code, 0
        at = _find(text, self._opener)
        while at >= 0:
            if text.count("`", seen, at) % 2 == 1:
                is_code = not is_code
            line = (self.last + text[:at] if at < SEEN else text[at - SEEN : at]).rstrip(" \t")
            if not is_code and (line.endswith("\n") or (not line and at < SEEN)):
                return at
            seen, later = at, _find(text[at + 1 :], self._opener)
            at = at + 1 + later if later >= 0 else -1
        return -1

    def _close_unopened(self, before: str, parts: list[Part]) -> None:
        self._may_be_unopened, self._is_at_start = False, True
        if self._has_said or before.strip():
            parts.extend((before, Reclassified()) if before else (Reclassified(),))
        self._is_code = False

    def _is_talk(self, before: str, after: str) -> bool:
        """Decide whether a closing mark is meant as a word: it is quoted, is code or stands amid a sentence."""
        if self._is_code ^ (before.count("`") % 2 == 1) or _find(before, "<think") >= 0:
            return True
        before = self.last + before
        is_amid = before.endswith(" ") and before.rstrip()[-1:].isalnum() and after.startswith(" ")
        return is_amid or (before != "" and before[-1] in _QUOTES)


def _find(text: str, mark: str) -> int:
    """Return where an ASCII mark stands, capitals or not; -1 where it doesn't."""
    at = text.find(mark)
    return at if at >= 0 or text.islower() else _lowered(text).find(mark)


def _lowered(text: str) -> str:
    """Return a text of the same length with the letters of ASCII in lower case."""
    return text.translate(_LOWER)


_LOWER = {capital: capital + 32 for capital in range(ord("A"), ord("Z") + 1)}


def _beginning_at_end(text: str, marks: tuple[str, ...]) -> int:
    """Return how much of the end of a text may be the beginning of a mark."""
    tail = _lowered(text[-_LONGEST:])
    for length in range(min(len(tail), max(map(len, marks)) - 1), 0, -1):
        end = tail[-length:]
        if any(mark.startswith(end) for mark in marks):
            return length
    return 0
