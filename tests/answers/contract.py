"""What every store of answers must do."""

import pytest

from hubbub.answers.base import AnswerStore, Record
from hubbub.core.answer import fold
from hubbub.core.errors import Conflict
from hubbub.core.events import Done, Text, encode


class AnswerStoreContract:
    """Subclasses give a fixture `store`."""

    async def test_a_log_belongs_to_whom_it_was_opened_for(self, store: AnswerStore) -> None:
        await store.open("a", "ann")
        assert await store.owner("a") == "ann"
        assert await store.owner("b") is None

    async def test_an_id_is_opened_once(self, store: AnswerStore) -> None:
        await store.open("a", "ann")
        with pytest.raises(Conflict):
            await store.open("a", "bob")
        assert await store.owner("a") == "ann"

    async def test_records_come_back_in_order_from_a_number(self, store: AnswerStore) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        records = [Record("a", number, b"%d" % number) for number in range(1, 8)]
        await store.append([records[0], Record("b", 1, b"other"), *records[1:3]])
        await store.append(records[3:])
        assert await store.read("a") == records
        assert await store.read("a", 3, limit=2) == records[3:5]
        assert await store.read("a", 7) == []
        assert await store.read("unknown") == []

    async def test_what_has_ended_keeps_its_result(self, store: AnswerStore) -> None:
        await store.open("a", "ann")
        await store.open("b", "ann")
        assert await store.unended() == ["a", "b"]
        events = [Text("hello"), Done()]
        answer = fold("a", list(events))
        await store.append([Record("a", number, encode(event)) for number, event in enumerate(events, 1)], [answer])
        assert await store.unended() == ["b"]
        assert await store.answers(["a", "b", "c"]) == [answer]

    async def test_forgotten_is_gone(self, store: AnswerStore) -> None:
        await store.open("a", "ann")
        await store.append([Record("a", 1, b"x")])
        await store.forget(["a", "unknown"])
        assert await store.owner("a") is None
        assert await store.read("a") == []
        assert await store.unended() == []
