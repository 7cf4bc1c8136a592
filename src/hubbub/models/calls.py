"""Put the calls of tools together that a server sends in pieces, whichever way it tells them apart."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

from hubbub.core.events import ToolCall
from hubbub.core.identifiers import new_id
from hubbub.core.messages import JsonObject

Fields: TypeAlias = Mapping[str, object]

_KNOWN = frozenset({"index", "id", "type", "function", "name", "arguments"})


class _Call:
    """A call as far as it has come. It is told once its name and id are known, or must be enough."""

    __slots__ = ("arguments", "extra", "has_placeholder", "id", "is_told", "name", "place", "sent_id", "waiting")

    def __init__(self, place: int) -> None:
        self.place = place
        self.id = ""
        self.sent_id = ""
        """As the server said it last: some send a new one with each piece."""
        self.name = ""
        self.arguments: list[str] = []
        self.waiting: list[str] = []
        """Arguments that are not told yet."""
        self.extra: JsonObject = {}
        self.has_placeholder = False
        """Whether its arguments are `{}` so far, which some servers send before those that count."""
        self.is_told = False

    @property
    def is_known(self) -> bool:
        """Whether enough is known to tell of it."""
        return bool(self.name and (self.id or self.arguments)) and not self.has_placeholder

    @property
    def is_whole(self) -> bool:
        """Whether its arguments are complete JSON."""
        return self.has_placeholder or is_whole("".join(self.arguments))


class Calls:
    """The calls of one answer, in the order in which they began."""

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_key: dict[object, _Call] = {}
        """By index or id, as the server gives them."""
        self._ids: set[str] = set()
        self._told = 0
        """How many of them are told."""

    def __bool__(self) -> bool:
        return bool(self._calls)

    def take(self, pieces: Sequence[object]) -> list[ToolCall]:
        """Return what is told of these pieces, which are as they came; what is no piece of a call is left out."""
        told: list[ToolCall] = []
        read = [cast(Fields, piece) for piece in pieces if isinstance(piece, dict)]
        for number, piece in enumerate(read):
            function = piece.get("function")
            fields: Fields = cast(Fields, function) if isinstance(function, dict) else piece
            call_id, name = _text(piece.get("id")), _text(fields.get("name"))
            call = self._call_of(piece, call_id, name, number if len(read) > 1 else None)
            arguments = _arguments_of(fields.get("arguments"))
            if arguments.startswith("{") and call.arguments:  # as a rule they have begun with that already
                arguments = _continuing("".join(call.arguments), arguments)
                if arguments is None:  # others, once these are whole: servers exist that number all calls alike
                    arguments, name = _arguments_of(fields.get("arguments")), name or call.name
                    call = self._another(call)
            self._take(call, call_id, name, arguments, _extra(piece, fields), told)
        return told

    def finish(self, *, is_complete: bool = True) -> list[ToolCall]:
        """Return what was held, now that nothing more is to be expected.

        A call without arguments has none, `{}`; in an answer that was cut off they may only not have come.
        """
        told: list[ToolCall] = []
        for call in self._calls:
            if call.has_placeholder or (is_complete and call.name and not call.arguments):
                call.has_placeholder = False
                call.arguments.append("{}")
                if call.is_told:
                    told.append(ToolCall(call.place, "{}"))
                else:
                    call.waiting.append("{}")
            if not call.is_told:
                self._tell(call, told)
        return told

    def _call_of(self, piece: Fields, call_id: str, name: str, number: int | None) -> _Call:
        index = _index(piece.get("index"))
        if index is not None:
            call = self._by_key.get(index)
            if call is None or (call_id and self._is_another(call, call_id, name)):
                call = self._by_key[index] = self._new()
            return call
        if call_id:
            call = self._by_key.get(call_id)
            if call is None:
                last = self._calls[-1] if self._calls else None
                goes_on = last is not None and not last.sent_id and not (last.name and name)
                call = last if last is not None and goes_on else self._new()
                self._by_key[call_id] = call
            return call
        if number is not None:  # several at once: their places tell them apart
            key = ("place", number)
            call = self._by_key.get(key)
            if call is None or (name and call.name and call.is_whole):
                call = self._by_key[key] = self._new()
            return call
        if not self._calls:
            return self._new()
        last = self._calls[-1]
        is_new = bool(name and last.name) and (last.is_whole or (name != last.name and bool(last.arguments)))
        return self._new() if is_new else last

    def _is_another(self, call: _Call, call_id: str, name: str) -> bool:
        """Tell whether another id at the same index means another call: some servers number none, or change ids."""
        if not call.sent_id or call_id == call.sent_id or not name:
            return False
        return call.is_whole or name != call.name

    def _another(self, call: _Call) -> _Call:
        """Return a call of the same kind, which takes the place of the one before."""
        another = self._new()
        self._by_key = {key: another if one is call else one for key, one in self._by_key.items()}
        return another

    def _new(self) -> _Call:
        call = _Call(len(self._calls))
        self._calls.append(call)
        return call

    def _take(self, call: _Call, call_id: str, name: str, more: str, extra: JsonObject, told: list[ToolCall]) -> None:
        if call_id:
            call.sent_id = call_id
            if not call.id and not call.is_told:
                call.id = call_id if call_id not in self._ids else ""
                self._ids.add(call_id)
        more_name = _continuation(call.name, name, is_over=bool(call.arguments))
        call.name += more_name
        if more == "{}" and not call.arguments:
            call.has_placeholder, more = True, ""
        elif more and call.has_placeholder:
            call.has_placeholder = False
            more = more if more.lstrip().startswith("{") else "{}" + more
        if more:
            call.arguments.append(more)
        more_extra = {key: value for key, value in extra.items() if call.extra.get(key) != value}
        call.extra |= more_extra
        if call.is_told:
            if more or more_name or more_extra:
                told.append(ToolCall(call.place, more, name=more_name, extra=more_extra))
            return
        if more:
            call.waiting.append(more)
        while self._told < len(self._calls) and self._calls[self._told].is_known:  # they are told in their order
            self._tell(self._calls[self._told], told)

    def _tell(self, call: _Call, told: list[ToolCall]) -> None:
        call.is_told = True
        self._told += 1
        call.id = call.id or f"call_{new_id()}"
        told.append(ToolCall(call.place, "".join(call.waiting), call.id, call.name, dict(call.extra)))
        call.waiting.clear()


def _continuation(known: str, name: str, *, is_over: bool) -> str:
    """Return what of a name is new: servers send it once, again with each piece, or in pieces."""
    if not name or name == known or (is_over and known):
        return ""
    return name[len(known) :] if name.startswith(known) else name


def _continuing(known: str, piece: str) -> str | None:
    """Return what of a piece that begins an object is new; None where it belongs to another call.

    Servers send arguments once more when they are complete, or with each piece all that has come so far.
    """
    if is_whole(known):
        return "" if piece.strip() == known.strip() or _same(known, piece) else None
    if piece.startswith(known) and (_ends_in_string(known) or not known.rstrip().endswith((":", "[", ","))):
        return piece[len(known) :]
    return piece


def _same(one: str, other: str) -> bool:
    return is_whole(other) and bool(msgspec.json.decode(one) == msgspec.json.decode(other))


def _ends_in_string(text: str) -> bool:
    """Tell whether a piece of JSON breaks off within a string."""
    return len(_QUOTES.findall(text)) % 2 == 1


_QUOTES = re.compile(r'(?<!\\)(?:\\\\)*"')


def is_whole(text: str) -> bool:
    """Tell whether a text is complete JSON."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return False
    return True


def _extra(piece: Fields, function: Fields) -> JsonObject:
    """Return what a server sends with a call that is no part of it, such as a signature."""
    extra: JsonObject = {name: value for name, value in piece.items() if name not in _KNOWN and value is not None}
    if function is not piece:
        within = {name: value for name, value in function.items() if name not in _KNOWN and value is not None}
        if within:
            extra["function"] = within
    return extra


def _index(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _arguments_of(value: object) -> str:
    """Return arguments as JSON; some servers send what it says in place of a string."""
    return value or "" if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
