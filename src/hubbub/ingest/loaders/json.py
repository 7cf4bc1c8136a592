"""Read JSON: one block a record, one line a value, led by its path."""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, TypeAlias, cast

from hubbub.core.documents import Omission
from hubbub.core.errors import Invalid
from hubbub.core.reasons import because
from hubbub.core.sentences import sentences
from hubbub.ingest.blocks import Block, Code, Loaded
from hubbub.ingest.loaders.encoding import read_text

RECORD_LENGTH = 900
"""What is no longer stays together, as a passage does."""
VALUE_LENGTH = 600
"""A longer value takes several lines, each led by its path."""
LIST_LENGTH = 80
"""Values of lists that are no longer share a line."""

MOST_LEADS = 3
"""So many of the records that a part belongs to are named in it."""

NAMES = frozenset(("name", "title", "label", "id", "key", "code", "year", "date"))
_LOOK_RECORDS = 20
_NAMED_DEPTH = 2
"""How far below a record its name may stand, as in `properties.name`."""
_COMMENTS = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_LAST_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_PAIR = re.compile(r"""(?:"[^"\n]+"|'[^'\n]+'|[{,]\s*\w+)\s*:\s*[-\d"'tfnTFN\[{]""")
_SPACE = re.compile(r"[\s\x1e]*")
"""White space, and what begins each record of a JSON text sequence (RFC 7464)."""
TOO_DEEP = because("nested_too_deeply")


class Members(list[tuple[str, Any]]):
    """The members of an object, those of the same name too."""


Value: TypeAlias = Any
"""Members, a list, None, or the text of anything else."""


def load(file: BinaryIO) -> Loaded:
    """Return the records of a JSON file, of several in one, or of JSON Lines. Comments are no fault.

    Where lines are broken the others are read, and those as they stand.

    Raises:
        Invalid: it is no JSON, or nested too deeply.
    """
    text = read_text(file)
    try:
        values, omitted = _values(text)
        return Loaded([block for value in values for block in blocks_of(value)], omitted=omitted)
    except RecursionError as error:
        raise Invalid(TOO_DEEP, code="corrupt") from error


def blocks_of(value: Value) -> list[Block]:
    """Return the records of a value, each with the path of what it holds."""
    texts = ("\n".join(lines) for lines in _records(value, ""))
    return [Code(text) for text in texts if any(map(str.isalnum, text))]


def parse(text: str) -> Value:
    """Return the value of one JSON text, numbers as they are written.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deeply.
    """
    return _DECODER.decode(text)


_DECODER = json.JSONDecoder(object_pairs_hook=Members, parse_float=str, parse_int=str, parse_constant=str, strict=False)


def _values(text: str) -> tuple[list[Value], tuple[Omission, ...]]:
    try:
        return [parse(text)], ()
    except ValueError as error:
        fault = error
    plain = _LAST_COMMA.sub(lambda found: found[1] or "", _COMMENTS.sub(lambda found: found[1] or " ", text))
    for read in (lambda: [parse(plain)], lambda: _one_after_the_other(text)):
        try:
            return read(), ()
        except ValueError:
            continue
    return _by_line(text, fault)


def _one_after_the_other(text: str) -> list[Value]:
    values: list[Value] = []
    place = _end_of_space(text, 0)
    while place < len(text):
        value, place = _DECODER.raw_decode(text, place)
        values.append(value)
        place = _end_of_space(text, place)
    return values


def _end_of_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _by_line(text: str, fault: ValueError) -> tuple[list[Value], tuple[Omission, ...]]:
    """Return a record for each line. Lines that are none come as they stand, neighbours together."""
    lines = [line for line in text.split("\n") if line.strip()]
    values: list[Value] = []
    broken: list[str] = []
    count = 0
    for line in lines:
        try:
            value = parse(line)
            is_record = isinstance(value, list)
        except ValueError:
            value, is_record = None, False
        if is_record:
            values += ["\n".join(broken), value] if broken else [value]
            broken = []
        else:
            broken.append(line.strip())
            count += 1
    values += ["\n".join(broken)] if broken else []
    if count == len(lines) and not _PAIR.search(text):
        raise Invalid(f"The file can't be read as JSON ({fault}). Mend it and add it again.", code="corrupt") from fault
    if count > len(lines) // 2:
        words = "the file is not valid JSON and was read as it stands"
        return ["\n".join(line.strip() for line in lines)], (Omission("json", words),)
    words = f"{count} of {len(lines)} lines {'is' if count == 1 else 'are'} not valid JSON and read as they stand"
    return values, (Omission("lines", words, count, len(lines)),)


def _records(value: Value, path: str, above: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Yield the lines of each record: of what fits into one, else of its parts, each led by what names the record.

    `above` names the records that it is a part of.
    """
    if (lines := _fitting(value, path)) is not None:
        yield [*above, *lines]
        return
    gathered: list[str] = []
    length = 0
    is_list = isinstance(value, list) and not isinstance(value, Members)
    names = _names(cast(list[Value], value)) if is_list else ()
    for name, part in _parts(value, path):
        fitting = _fitting(part, name) if not _has_records(part) else None
        if fitting is None:
            if any(line not in above for line in gathered):
                yield _led(above, gathered)
            gathered, length = [], 0
            lead = _lead(part, name, names) if is_list else ""
            yield from _records(part, name, (*above[-MOST_LEADS:], lead) if lead else above)
            continue
        size = sum(map(len, fitting))
        is_record = is_list and isinstance(part, list) and (isinstance(part, Members) or not above)
        if gathered and (is_record or length + size > RECORD_LENGTH):
            yield _led(above, gathered)
            gathered, length = [], 0
        gathered += fitting
        length += size
    if any(line not in above for line in gathered):
        yield _led(above, gathered)


def _led(above: tuple[str, ...], lines: list[str]) -> list[str]:
    """Return the lines of a part below what names the records that it is a part of, each line once."""
    return [*(line for line in above if line not in lines), *lines]


def _names(values: list[Value]) -> tuple[str, ...]:
    """Return the path of what tells the records of a list apart: a name, or the first short value, other in each."""
    records = [dict(_short_values(part, ())) for part in values[:_LOOK_RECORDS] if isinstance(part, Members)]
    for path in sorted(records[0] if records else (), key=lambda path: path[-1].lower() not in NAMES):
        found = [record.get(path) for record in records]
        if len(set(found)) == len(found):
            return path
    return ()


def _lead(part: Value, name: str, path: tuple[str, ...]) -> str:
    """Return the line that names a record, "" where nothing does."""
    values = dict(_short_values(part, ())) if isinstance(part, Members) else {}
    return ".".join([*filter(None, [name]), *path]) + f": {values[path]}" if path in values else ""


def _short_values(record: Members, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, part in record:
        if isinstance(part, Members) and len(path) < _NAMED_DEPTH:
            yield from _short_values(part, (*path, name))
        elif part is not None and not isinstance(part, (list, bool)) and 0 < len(part) <= LIST_LENGTH:
            yield (*path, name), str(part)


def _parts(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    if isinstance(value, Members):
        yield from ((f"{path}.{name}" if path else name, part) for name, part in value)
    elif isinstance(value, list):
        yield from ((path, part) for part in _joined(cast(list[Value], value)))
    else:
        yield from ((path, _Cut(text)) for text in _cut(str(value)))


def _joined(values: list[Value]) -> Iterator[Value]:
    """Yield the values of a list, short ones that are neighbours as one line."""
    run: list[str] = []
    length = 0
    for value in values:
        is_short = not isinstance(value, list) and len(text := _text(value)) <= LIST_LENGTH and "\n" not in text
        if run and (not is_short or length > VALUE_LENGTH - LIST_LENGTH):
            yield _Cut(", ".join(run))
            run, length = [], 0
        if is_short:
            run.append(_text(value))
            length += len(run[-1]) + 2
        else:
            yield value
    if run:
        yield _Cut(", ".join(run))


class _Cut(str):
    """A part of a long value."""


def _has_records(value: Value) -> bool:
    is_list = isinstance(value, list) and not isinstance(value, Members)
    return is_list and sum(isinstance(part, list) for part in cast(list[Value], value)[:10]) > 1


def _fitting(value: Value, path: str) -> list[str] | None:
    """Return the lines of a value if they fit into one record. Several records in a list don't."""
    if _has_records(value):
        return None
    lines: list[str] = []
    length = 0
    left: list[tuple[str, Value]] = [(path, value)]
    while left:
        name, one = left.pop()
        if isinstance(one, list) and one and (line := _on_one_line(cast(list[Value], one))) is None:
            if _has_records(one):
                return None
            left += reversed(list(_parts(one, name)))
            continue
        text = line if isinstance(one, list) and one and (line := _on_one_line(cast(list[Value], one))) else _text(one)
        lines.append(f"{name}: {text}" if name else text)
        length += len(lines[-1])
        if length > RECORD_LENGTH and not isinstance(value, _Cut):
            return None
    return lines


def _on_one_line(values: list[Value]) -> str | None:
    """Return short values that stand in a list as one line, None for all others."""
    if isinstance(values, Members):
        return None
    if any(isinstance(one, list) or len(str(one)) > LIST_LENGTH or "\n" in str(one) for one in values):
        return None
    line = ", ".join(map(_text, values))
    return line if len(line) <= VALUE_LENGTH else None


def _text(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Members):
        return "{}"
    return str(value) if not isinstance(value, list) else "[]"


def _cut(text: str) -> Iterator[str]:
    """Yield a long value in parts, cut at sentences or else at white space."""
    start = end = 0
    for _, stop in sentences(text):
        if stop - start > VALUE_LENGTH and end > start:
            yield text[start:end].strip()
            start = end
        end = stop
        while end - start > 2 * VALUE_LENGTH:
            space = text.rfind(" ", start, start + VALUE_LENGTH)
            cut = space if space > start else start + VALUE_LENGTH
            yield text[start:cut].strip()
            start = cut
    if rest := text[start:].strip():
        yield rest
