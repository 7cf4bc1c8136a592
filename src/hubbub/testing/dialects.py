"""What every wire format of one's own promises."""

import msgspec
import pytest

from hubbub.answers.base import Record
from hubbub.core.errors import HubbubError, StoreError
from hubbub.core.events import Done, Event, Failed, Started, Text, encode
from hubbub.web.dialects.base import WireFormat

ANSWERED = (Started("house", "chat"), Text("thirty "), Text("days"), Done())
FAILED = (Started("house", "chat"), Text("thir"), Failed("broke_off", "The model broke off."))


class DialectContract:
    """Subclasses give two fixtures: `wire_format`, and the `body` of a question, as bytes of JSON."""

    def test_it_has_a_path(self, wire_format: WireFormat) -> None:
        assert wire_format.path.startswith("/")

    def test_it_reads_a_question(self, wire_format: WireFormat, body: bytes) -> None:
        assert wire_format.read(body).text

    @pytest.mark.parametrize("strange", [b"null", b"[]", b"{}", b'"a"', b"1"])
    def test_a_body_that_asks_nothing_is_refused(self, wire_format: WireFormat, strange: bytes) -> None:
        with pytest.raises((HubbubError, ValueError, msgspec.MsgspecError)):
            wire_format.read(strange)

    @pytest.mark.parametrize("events", [ANSWERED, FAILED], ids=["answered", "failed"])
    def test_the_same_records_give_the_same_bytes_however_they_are_cut(
        self, wire_format: WireFormat, body: bytes, events: tuple[Event, ...]
    ) -> None:
        question = wire_format.read(body)
        records = [Record("a", number, encode(event)) for number, event in enumerate(events, 1)]
        whole = wire_format.reply(question, "a").frames(records)
        assert whole
        one_by_one = wire_format.reply(question, "a")
        assert b"".join(one_by_one.frames([record]) for record in records) == whole

    def test_an_answer_is_told(self, wire_format: WireFormat, body: bytes) -> None:
        records = [Record("a", number, encode(event)) for number, event in enumerate(ANSWERED, 1)]
        dialect = wire_format.reply(wire_format.read(body), "a")
        told = dialect.opening() + dialect.frames(records)
        assert dialect.media_type
        assert b"thirty" in told
        assert b"days" in told

    def test_a_stream_that_breaks_off_says_so(self, wire_format: WireFormat, body: bytes) -> None:
        dialect = wire_format.reply(wire_format.read(body), "a")
        assert dialect.trouble(StoreError("It can't be stored now."))
