"""What every keeper of records must do, beside the history that the records' chats are in."""

import pytest

from hubbub.core.errors import NotFound
from hubbub.core.messages import AskedWith, Attachment, Chat, Message
from hubbub.history.base import History, Record, Records, RecordsOfPersons

CHAT = Chat("c1", "ann", "Normandy", 1.0, 1.0)


def record(
    record_id: str, *, kind: str = "picture", owner_id: str = "ann", chat_id: str | None = None, at: float = 1.0
) -> Record:
    """Return a record, of a picture as a rule."""
    return Record(kind, record_id, owner_id, chat_id, at, '{"name": "a"}')


class RecordsContract:
    """Subclasses give a fixture `kept`: a history, and the records in its database."""

    async def test_a_record_comes_back_with_its_data(self, kept: tuple[History, Records]) -> None:
        _, records = kept
        await records.put(record("r1"), b"\0bytes")
        assert await records.get("picture", "r1") == record("r1")
        assert await records.data("picture", "r1") == b"\0bytes"
        assert await records.get("prompt", "r1") is None
        assert await records.data("picture", "r2") is None
        assert await records.count("picture", "ann") == 1
        await records.delete("picture", "r1")
        assert await records.get("picture", "r1") is None

    async def test_a_record_is_replaced_by_its_owner_alone(self, kept: tuple[History, Records]) -> None:
        _, records = kept
        await records.put(record("r1"), b"first")
        await records.put(record("r1", owner_id="bob"), b"bob's")
        assert await records.data("picture", "r1") == b"first"
        await records.put(record("r1", at=2.0), b"second")
        assert await records.data("picture", "r1") == b"second"

    async def test_a_record_is_exchanged_if_it_is_as_it_was(self, kept: tuple[History, Records]) -> None:
        _, records = kept
        before, after = record("r1"), Record("picture", "r1", "ann", None, 2.0, '{"name": "b"}')
        assert not await records.exchange(before, after)
        assert await records.get("picture", "r1") is None, "what is gone does not come back"
        await records.put(before, b"bytes")
        assert await records.exchange(before, after)
        assert not await records.exchange(before, before)
        assert await records.get("picture", "r1") == after
        assert await records.data("picture", "r1") == b"bytes"

    async def test_records_are_listed_a_page_at_a_time(self, kept: tuple[History, Records]) -> None:
        _, records = kept
        for number in range(5):
            await records.put(record(f"r{number}", at=float(number // 2)))
        await records.put(record("other", owner_id="bob", at=9.0))
        first = await records.listed("picture", owner_id="ann", limit=3)
        assert [one.id for one in first] == ["r4", "r3", "r2"]
        rest = await records.listed("picture", owner_id="ann", limit=3, after=(first[-1].updated_at, first[-1].id))
        assert [one.id for one in rest] == ["r1", "r0"]
        assert [one.id for one in await records.listed("picture", limit=1)] == ["other"]
        after_it = await records.listed("picture", limit=1, after=(9.0, "other"))
        assert [one.id for one in after_it] == ["r4"]

    async def test_records_of_a_chat_go_with_it(self, kept: tuple[History, Records]) -> None:
        history, records = kept
        with pytest.raises(NotFound):
            await records.put(record("r0", chat_id="c1"))
        await history.create(CHAT)
        await records.put(record("r1", chat_id="c1"))
        await records.put(record("r2"))
        assert await records.of_chat("picture", "c1") == [record("r1", chat_id="c1")]
        await history.delete("c1")
        assert [one.id for one in await records.listed("picture", limit=9)] == ["r2"]

    async def test_pictures_of_a_question_belong_to_its_chat(self, kept: tuple[History, Records]) -> None:
        history, records = kept
        await records.put(record("r1"), b"picture")
        await records.put(record("r2"))
        asked_with = AskedWith((Attachment("picture", "r1", "a.png", "image/png", 7),))
        await history.adding([Message("m1", "c1", None, "user", "This?", 2.0, asked_with=asked_with)], chat=CHAT)()
        assert await records.of_chat("picture", "c1") == [record("r1", chat_id="c1")]
        await records.sweep("picture", 5.0)
        assert [one.id for one in await records.listed("picture", limit=9)] == ["r1"]
        assert await records.data("picture", "r1") == b"picture"

    async def test_what_is_held_is_not_swept(self, kept: tuple[History, Records]) -> None:
        _, records = kept
        await records.put(record("r1"))
        await records.put(record("r2", owner_id="bob"))
        await records.sweep("picture", 5.0, held=["bob", "carl"])
        assert [one.id for one in await records.listed("picture", limit=9)] == ["r2"]

    async def test_all_that_is_somebodys_is_found_and_forgotten_whatever_it_is(
        self, kept: tuple[History, Records]
    ) -> None:
        _, records = kept
        if not isinstance(records, RecordsOfPersons):
            return
        every = [record("r1"), record("r2"), record("r1", kind="prompt"), record("r3", owner_id="bob")]
        for one in every:
            await records.put(one)
        assert await records.owned("ann", limit=2) == every[:2]
        assert await records.owned("ann", after=("picture", "r2"), limit=2) == every[2:3]
        assert await records.forget_owned("ann") == 3
        assert await records.owned("ann", limit=9) == []
        assert await records.owned("bob", limit=9) == every[3:]
