"""What every history must do."""

import asyncio
from typing import Protocol

import pytest
from msgspec.structs import replace

from hubbub.core.answer import Answer
from hubbub.core.errors import Conflict, NotFound
from hubbub.core.messages import AskedWith, Attachment, Chat, Message
from hubbub.history.base import AgingHistory, AnnotatedHistory, ChatChanges, History, Kept, SearchableHistory

CHAT = Chat("c1", "ann", "Normandy", 1.0, 1.0)
QUESTION = Message("m1", "c1", None, "user", "Where is it?", 2.0, "m", ("x", "y"))
ANSWER = Message("m2", "c1", "m1", "assistant", created_at=2.0)


class HistoryContract:
    """Subclasses give a fixture `history`."""

    async def test_a_chat_comes_back(self, history: History) -> None:
        await history.create(CHAT)
        assert await history.chat("c1") == CHAT
        assert await history.chat("c2") is None
        with pytest.raises(Conflict):
            await history.create(CHAT)

    async def test_a_chat_is_created_as_it_is_kept(self, history: History) -> None:
        chat = replace(CHAT, is_pinned=True, is_archived=True, folder="Trips", instructions="Be brief.")
        await history.adding([QUESTION], chat=chat)()
        assert await history.chat("c1") == replace(chat, updated_at=2.0)

    async def test_a_person_sees_own_chats_last_used_first(self, history: History) -> None:
        await history.create(CHAT)
        await history.create(Chat("c2", "ann", "Later", 1.5, 1.5))
        await history.create(Chat("c3", "bob", "Of somebody else", 9.0, 9.0))
        assert [chat.id for chat in await history.chats("ann")] == ["c2", "c1"]
        await history.add([QUESTION])
        assert [chat.id for chat in await history.chats("ann")] == ["c1", "c2"]
        assert [chat.id for chat in await history.chats("ann", limit=1)] == ["c1"]

    async def test_messages_come_back_as_a_tree(self, history: History) -> None:
        await history.create(CHAT)
        await history.add([QUESTION, ANSWER])
        again = Message("m3", "c1", "m1", "assistant", created_at=3.0)
        await history.add([again])
        assert await history.messages("c1") == [QUESTION, ANSWER, again]
        assert await history.message("m2") == ANSWER
        assert await history.message("m9") is None

    async def test_messages_come_in_the_order_of_their_times(self, history: History) -> None:
        await history.create(CHAT)
        question = Message("m9", "c1", None, "user", created_at=2.0)  # its id was made by a clock that is ahead
        answer = Message("m8", "c1", "m9", "assistant", created_at=2.0)
        later = Message("m7", "c1", "m8", "user", created_at=3.0)
        await history.add([question, answer])
        await history.add([later])
        assert await history.messages("c1") == [question, answer, later]

    async def test_messages_are_added_all_or_none(self, history: History) -> None:
        await history.create(CHAT)
        await history.add([QUESTION])
        with pytest.raises(Conflict):
            await history.add([ANSWER, QUESTION])
        with pytest.raises(NotFound):
            await history.add([Message("m4", "c1", "nowhere", "user")])
        with pytest.raises(NotFound):
            await history.add([Message("m4", "c9", None, "user")])
        assert await history.messages("c1") == [QUESTION]

    async def test_a_parent_is_of_the_same_chat(self, history: History) -> None:
        await history.create(CHAT)
        await history.create(Chat("c2", "ann", "Other", 1.0, 1.0))
        await history.add([QUESTION])
        with pytest.raises(NotFound):
            await history.add([Message("m4", "c2", "m1", "assistant")])

    async def test_the_assistant_of_a_chat_is_kept(self, history: History) -> None:
        chat = replace(CHAT, assistant_id="a1")
        await history.adding([Message("m1", "c1", None, "user", "What?", 2.0)], chat=chat)()
        assert await history.chat("c1") == replace(chat, updated_at=2.0)
        assert [one.assistant_id for one in await history.chats("ann")] == ["a1"]

    async def test_how_a_question_was_asked_comes_back(self, history: History) -> None:
        picture = Attachment("picture", "p1", "a.png", "image/png", 5)
        asked_with = AskedWith((picture,), "Be brief.", "high")
        message = Message("m1", "c1", None, "user", "What is this?", 2.0, asked_with=asked_with)
        await history.adding([message], chat=CHAT)()
        assert await history.messages("c1") == [message]
        assert await history.message("m1") == message

    async def test_how_a_chat_is_kept_can_be_changed(self, history: History) -> None:
        for number in range(4):
            await history.create(Chat(f"c{number}", "ann", "A chat", 1.0, 1.0 + number))
        await history.change("c0", ChatChanges(is_pinned=True, folder="Work"))
        await history.change("c1", ChatChanges(is_archived=True, is_pinned=True))
        await history.change(
            "c2", ChatChanges(folder="Home", instructions="Be brief.", files_id="f2", assistant_id="a2")
        )
        await history.change("c2", ChatChanges())

        async def ids(kept: Kept, folder: str | None = None) -> list[str]:
            return [chat.id for chat in await history.chats("ann", kept=kept, folder=folder)]

        assert await ids("any") == ["c3", "c2", "c1", "c0"]
        assert await ids("usual") == ["c3", "c2", "c0"]
        assert await ids("pinned") == ["c0"]
        assert await ids("archived") == ["c1"]
        assert await ids("usual", "Work") == ["c0"]
        assert await ids("usual", "") == ["c3"]
        last = await history.chats("ann", kept="usual", limit=1)
        behind = await history.chats("ann", kept="usual", after=(last[0].updated_at, last[0].id))
        assert [chat.id for chat in behind] == ["c2", "c0"]
        changed = await history.chat("c2")
        kept = Chat("c2", "ann", "A chat", 1.0, 3.0, folder="Home", files_id="f2", instructions="Be brief.")
        assert changed == replace(kept, assistant_id="a2")
        await history.change("c2", ChatChanges(assistant_id=""))
        assert await history.chat("c2") == kept
        assert await history.chat_of_files("f2") == "c2"
        assert await history.chat_of_files("") is None
        assert await history.folders("ann") == [("Home", 1), ("Work", 1)]
        await history.rename_folder("bob", "Work", "Bob's")
        await history.rename_folder("ann", "Work", "Office")
        await history.rename_folder("ann", "Home", "")
        assert await history.folders("ann") == [("Office", 1)]

    async def test_a_temporary_chat_is_listed_and_found_nowhere(self, history: History) -> None:
        chat = Chat("c1", "ann", "A secret plan", 1.0, 1.0, is_temporary=True)
        question = Message("m1", "c1", None, "user", "A secret wish", 2.0)
        answer = Message("m2", "c1", "m1", "assistant", created_at=2.0)
        await history.adding([question, answer], chat=chat)()
        await history.add([Message("m3", "c1", "m2", "user", "A secret hope", 3.0)])
        if isinstance(history, SearchableHistory):
            await history.indexing([Answer(id="m2", text="A secret answer")])()
            assert await history.find("ann", ["secret"], limit=10) == []
        assert await history.chats("ann") == []
        assert await history.chat("c1") is not None
        assert await history.temporary(3.0) == []
        assert await history.temporary(3.5) == ["c1"]
        assert await history.temporary(3.5, held=["ann"]) == []
        assert await history.temporary(3.5, held=["bob"]) == ["c1"]
        if isinstance(history, AgingHistory):
            assert [one.id for one in await history.all_chats("ann", limit=9)] == ["c1"]
            assert await history.all_chats("ann", after="c1", limit=9) == []
            assert await history.all_chats("bob", limit=9) == []

    async def test_rename_and_delete(self, history: History) -> None:
        await history.create(CHAT)
        await history.add([QUESTION, ANSWER])
        await history.rename("c1", "New")
        chat = await history.chat("c1")
        assert chat is not None
        assert chat.title == "New"
        assert list(await history.delete("c1")) == ["m2"]
        assert await history.chat("c1") is None
        assert await history.message("m1") is None
        assert list(await history.delete("c1")) == []

    async def test_a_chat_and_its_messages_are_added_together(self, history: History) -> None:
        add = history.adding([QUESTION, ANSWER], chat=CHAT, fingerprint="same")
        assert await history.chat("c1") is None, "nothing happens before it is called"
        await add()
        assert await history.messages("c1") == [QUESTION, ANSWER]
        chat = await history.chat("c1")
        assert chat is not None and (chat.title, chat.updated_at) == ("Normandy", 2.0)

    @pytest.mark.parametrize(
        ("messages", "chat", "error"),
        [
            ([Message("m3", "c2", "nowhere", "user")], Chat("c2", "ann", "Lost", 1.0, 1.0), NotFound),
            ([Message("m3", "c9", None, "user")], Chat("c2", "ann", "Of another chat", 1.0, 1.0), NotFound),
            (
                [Message("m3", "c2", None, "user"), QUESTION],
                Chat("c2", "ann", "Its second is there", 1.0, 1.0),
                Conflict,
            ),
            ([Message("m3", "c2", "m1", "assistant")], Chat("c2", "ann", "Follows another chat's", 1.0, 1.0), NotFound),
            ([Message("m3", "c1", None, "user")], CHAT, Conflict),
        ],
    )
    async def test_a_chat_and_its_messages_are_added_both_or_neither(
        self, history: History, messages: list[Message], chat: Chat, error: type[Exception]
    ) -> None:
        await history.adding([QUESTION], chat=CHAT, fingerprint="first")()
        with pytest.raises(error):
            await history.adding(messages, chat=chat, fingerprint="second")()
        assert await history.chat("c2") is None
        assert await history.message("m3") is None and await history.fingerprint("m3") is None
        assert [chat.id for chat in await history.chats("ann")] == ["c1"]
        assert await history.messages("c1") == [QUESTION] and await history.fingerprint("m1") == "first"
        await history.adding([Message("m3", "c2", None, "user")], chat=Chat("c2", "ann", "Again", 3.0, 3.0))()
        assert [chat.id for chat in await history.chats("ann")] == ["c2", "c1"], "what failed left nothing behind"

    async def test_of_many_at_once_with_one_id_one_is_stored(self, history: History) -> None:
        outcomes = await asyncio.gather(
            *(
                history.adding(
                    [Message("m1", f"c{number}", None, "user", "Same")],
                    chat=Chat(f"c{number}", "ann", "Same", 1.0, 1.0),
                    fingerprint=f"of {number}",
                )()
                for number in range(20)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(one, Conflict) for one in outcomes) == 19
        [chat] = await history.chats("ann")
        assert [message.id for message in await history.messages(chat.id)] == ["m1"]
        assert await history.fingerprint("m1") == f"of {chat.id[1:]}"

    async def test_a_fingerprint_is_kept_with_the_question_alone(self, history: History) -> None:
        await history.adding([QUESTION, ANSWER], chat=CHAT, fingerprint="same")()
        await history.add([Message("m3", "c1", "m2", "user", created_at=3.0)])
        kept = [await history.fingerprint(one) for one in ("m1", "m2", "m3", "unknown")]
        assert kept == ["same", None, None, None]
        await history.delete("c1")
        assert await history.fingerprint("m1") is None


class Annotated(History, AnnotatedHistory, Protocol):
    """A history that keeps something beside a chat."""


class AnnotatedHistoryContract(HistoryContract):
    """Subclasses give a fixture `history` that is an `AnnotatedHistory`, too."""

    async def test_what_stands_beside_a_chat_goes_with_it(self, history: Annotated) -> None:
        await history.create(CHAT)
        assert await history.annotation("c1") is None
        for content in (b'{"topic":"demo"}', b"\x00\xff"):
            await history.annotate("c1", content)
            assert await history.annotation("c1") == content
        await history.annotate("nowhere", b"x")
        assert await history.annotation("nowhere") is None
        await history.delete("c1")
        await history.create(CHAT)
        assert await history.annotation("c1") is None
