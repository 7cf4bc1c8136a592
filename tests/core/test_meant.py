"""What servers meant, and the events that it came to: the page folds them as the server does.

`python -m tests.core.test_meant` writes the examples anew, from the grammar of what servers send.
"""

import json
from typing import Any

import msgspec
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from hubbub.core.answer import fold
from hubbub.core.events import Event, decode, encode
from tests.core.test_golden import GOLDEN
from tests.models.grammar import Stream, cut_bytes, sent_as, streams
from tests.models.test_quirks import events_of
from tests.models.test_wire_property import read

FILE = GOLDEN / "meant" / "streams.json"
EXAMPLES = 60


def test_the_examples_come_to_what_was_meant() -> None:
    examples = json.loads(FILE.read_bytes())
    assert len(examples) == EXAMPLES
    for example in examples:
        events: list[Event] = [decode(json.dumps(event).encode()) for event in example["events"]]
        answer = fold("a", events)
        calls = [{"name": call.name, "arguments": json.loads(call.arguments)} for call in answer.calls]
        assert {"text": answer.text, "thoughts": answer.reasoning.strip(), "calls": calls} == example["meant"]


def write() -> None:
    """Write the examples anew."""
    examples: list[dict[str, Any]] = []

    @seed(1)
    @settings(max_examples=EXAMPLES, database=None, phases=[Phase.generate])
    @given(streams(), st.data())
    def draw(stream: Stream, data: st.DataObject) -> None:
        what = stream.meant
        _, pieces = read(cut_bytes(data.draw, sent_as(data.draw, stream.events)))
        meant = {
            "text": what.text,
            "thoughts": what.thoughts,
            "calls": [{"name": name, "arguments": arguments} for name, arguments in what.calls],
        }
        examples.append({"meant": meant, "events": [msgspec.json.decode(encode(one)) for one in events_of(pieces)]})

    draw()
    lines = ",\n".join(json.dumps(example, ensure_ascii=False) for example in examples[:EXAMPLES])
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    write()
