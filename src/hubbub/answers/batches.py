"""Make of events what is stored: texts that wait together as one, numbers, and errors as endings."""

from collections.abc import Iterable

from hubbub.answers.base import Record
from hubbub.answers.entry import Entry
from hubbub.core.errors import HubbubError, ModelError, RefusedForNow
from hubbub.core.events import Event, Failed, Reasoning, Text, encode
from hubbub.core.references import told

MERGED_CHARACTERS = 16 * 1024


def failure_of(error: HubbubError) -> Failed:
    """Return the ending of an answer that failed with an error."""
    wait = error.retry_after_seconds if isinstance(error, (RefusedForNow, ModelError)) else None
    return Failed(error.code, told(error).message, error.retryable, wait)


def merged(events: list[Event]) -> list[Event]:
    """Return the events, texts that follow each other as one, up to a length; thoughts as well."""
    if len(events) == 1:
        return events
    result: list[Event] = []
    run: list[str] = []
    kind: type[Text] | type[Reasoning] = Text
    length = 0
    for event in events:
        is_text = isinstance(event, (Text, Reasoning))
        if is_text and type(event) is kind and length + len(event.text) <= MERGED_CHARACTERS:
            run.append(event.text)
            length += len(event.text)
            continue
        if run:
            result.append(kind("".join(run)))
        if is_text:
            run, kind, length = [event.text], type(event), len(event.text)
        else:
            run, length = [], 0
            result.append(event)
    if run:
        result.append(kind("".join(run)))
    return result


def records_of(entry: Entry, events: Iterable[Event]) -> list[Record]:
    """Return the records of the next events of an answer."""
    first = entry.number + 1
    return [Record(entry.id, number, encode(event)) for number, event in enumerate(events, first)]


def traced(trace: str) -> dict[str, str]:
    """Return what a store is told of a trace: nothing where there is none, since stores of others may not know it."""
    return {"trace": trace} if trace else {}
