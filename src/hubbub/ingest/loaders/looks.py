"""Say in the text what a reader sees of it beside its letters: that it is hidden, struck out, or stands higher."""

from typing import NamedTuple

import msgspec

HIDDEN = "Hidden"
STRUCK = "Struck out"


class Look(NamedTuple):
    """How a piece of text looks, as far as that changes what it says."""

    mark: str = ""
    """`HIDDEN`, `STRUCK`, or "" for text that is simply there."""
    is_raised: bool = False
    is_lowered: bool = False


PLAIN = Look()


class RunLook(msgspec.Struct, frozen=True):
    """What properties of runs say of how text looks, None where they say nothing."""

    is_hidden: bool | None = None
    is_struck: bool | None = None
    is_raised: bool | None = None
    is_lowered: bool | None = None
    style: str = ""
    """The style that they name."""
    font: str | None = None
    """The symbol font that they name, "" for any other font."""

    def over(self, outer: "RunLook") -> "RunLook":
        """Return what holds where these properties stand within others."""
        if self is SAYS_NOTHING or (self is OTHER_FONT and not outer.font) or self == SAYS_NOTHING:
            return outer
        return RunLook(
            outer.is_hidden if self.is_hidden is None else self.is_hidden,
            outer.is_struck if self.is_struck is None else self.is_struck,
            outer.is_raised if self.is_raised is None else self.is_raised,
            outer.is_lowered if self.is_lowered is None else self.is_lowered,
            font=outer.font if self.font is None else self.font,
        )

    def shown(self) -> Look:
        """Return how text looks of which no more is said."""
        if self is SAYS_NOTHING or self == SAYS_NOTHING:
            return PLAIN
        mark = HIDDEN if self.is_hidden else STRUCK if self.is_struck else ""
        return Look(mark, bool(self.is_raised), bool(self.is_lowered))


SAYS_NOTHING = RunLook()
OTHER_FONT = RunLook(font="")
"""What most runs say, if anything: that their font shows letters as they are."""


def marked(text: str, mark: str) -> str:
    """Return a whole text in its mark."""
    return f"[{mark}: {' '.join(text.split())}]" if mark and text.strip() else text


def raised(before: str, text: str) -> str:
    """Return text that stands higher than what it follows: 10⁶ is 10^6, which would read 106 without."""
    return f"^{text}" if before[-1:].isdigit() and text.strip()[:1] in tuple("0123456789+-−") else text


def lowered(pieces: list[str], text: str) -> str:
    """Return text that stands lower than the pieces before it: 101₂ is 101_2, which would read 1012 without."""
    before = next((number for number in range(len(pieces) - 1, -1, -1) if pieces[number]), -1)
    if before > 0 and pieces[before] == "/" and pieces[before - 1][:1] == "^":  # a fraction behind a whole number
        pieces[before - 1] = f" {pieces[before - 1][1:]}"
    return f"_{text}" if before >= 0 and pieces[before][-1:].isdigit() and text.strip()[:1].isdigit() else text


def levelled(before: str, text: str) -> str:
    """Return text behind what stands higher or lower: log₁₀100 is log10 100, and ¹2024 at a note is 1 2024."""
    return f" {text}" if before[-1:].isdigit() and text[:1].isdigit() else text


def begin_denominator(pieces: list[str], text: str) -> None:
    """Part a numerator that stands higher from the whole number before it, where a fraction's bar follows."""
    if text[:1] == "\N{FRACTION SLASH}" and pieces and pieces[-1][:1] == "^":
        pieces[-1] = f" {pieces[-1][1:]}"


class Text(msgspec.Struct):
    """Text as it comes, piece by piece, each with its look."""

    pieces: list[str] = msgspec.field(default_factory=list[str])
    look: Look = PLAIN
    """How its last letters look."""

    def add(self, text: str, look: Look = PLAIN) -> None:
        """Add a piece. White space alone changes no look."""
        if look != self.look and text.strip():
            if look[1:] != self.look[1:]:
                text = self._moved(text, look)
            begin_denominator(self.pieces, text)
            self._turn(look)
        self.pieces.append(text)

    def _moved(self, text: str, look: Look) -> str:
        if look.is_lowered:
            return lowered(self.pieces, text)
        before = next((piece for piece in reversed(self.pieces) if piece), "")
        return raised(before, text) if look.is_raised else levelled(before, text)

    def _turn(self, look: Look) -> None:
        if look.mark != self.look.mark:
            if self.look.mark:
                last = self.pieces.pop()
                inside = last.rstrip()
                self.pieces += [inside, "]", last[len(inside) :]]
            if look.mark:
                self.pieces.append(f"[{look.mark}: ")
        self.look = look

    def trim(self) -> None:
        """Drop the white space at its end."""
        while self.pieces and not self.pieces[-1].strip():
            self.pieces.pop()
        if self.pieces:
            self.pieces[-1] = self.pieces[-1].rstrip()

    def take(self) -> str:
        """Return all of it, and begin anew."""
        self._turn(PLAIN)
        text = "".join(self.pieces)
        self.pieces = []
        return text
