"""People, groups, collections, prompts, models and rights that change in any order: nothing leaks by any door.

The whole application on SQLite is asked as its clients ask it. Each document holds a word of its collection's own:
where such a word comes out to somebody who may not use that collection, something has leaked. More steps than the few
hundred of the suite: `RIGHTS_STEPS=10000 .venv/bin/python -m pytest tests/web/test_rights_stateful.py -q -s`.
"""

import asyncio
import os
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from hubbub.core.documents import Document, Passage
from hubbub.core.people import CLAIM, EVERYBODY, GROUP, PERSON, RIGHTS, SIGNED_IN, Right
from tests.web.rights_people import CLAIMS, NAMES, People, Served
from tests.web.rights_shared import SharedRights

STEPS = int(os.environ.get("RIGHTS_STEPS", "300"))
STEPS_OF_ONE = 50
_WORD = re.compile(r"uu\d+x")  # which no id holds: these are written without the letter u


@dataclass
class Thing:
    """A collection, as the oracle knows it."""

    id: str
    owner: str
    word: str
    document_id: str
    given: dict[str, Right] = field(default_factory=dict[str, Right])


DOORS = ("questions", "completions", "completions+search", "responses", "file_search", "sample", "library")


class Rights(People):
    """What anybody may do with collections, and see of them."""

    def __init__(self) -> None:
        super().__init__()
        self.things: list[Thing] = []
        self.chats: list[tuple[str, str]] = []

    def begin_with_things(self) -> None:
        self.make_collection("ann")

    def given(self) -> Iterable[dict[str, Right]]:
        return (thing.given for thing in self.things)

    def words_of(self, name: str) -> set[str]:
        return {thing.word for thing in self.things if self.right(name, thing) >= Right.USE}

    def right(self, name: str, thing: Thing) -> Right:
        """Return what the oracle says."""
        if name in ("operator", thing.owner):
            return Right.MANAGE
        subjects = self.subjects_of(name)
        return max((right for subject, right in thing.given.items() if subject in subjects), default=Right.NONE)

    @rule(name=st.sampled_from(NAMES[:5]))
    def make_collection(self, name: str) -> None:
        if len(self.things) >= 6:
            return
        number = next(self.served.numbers)
        status, text = self.call(name, "POST", "/api/collections", {"name": f"C{number}"})
        assert status == 201
        thing = Thing(msgspec.json.decode(text)["id"], name, f"uu{number}x", f"d{number}")
        self.do(self._fill(thing))
        self.things.append(thing)

    async def _fill(self, thing: Thing) -> None:
        known = Document(thing.document_id, thing.id, "q.txt", "0" * 64, 1, "text/plain", added_at=time.time())
        document = await self.served.app.library.add(known)
        await self.served.app.library.mark(document, "ready")
        passage = Passage(f"p{thing.document_id}", document.id, 0, f"The quokka says {thing.word}.")
        await self.served.app.search.put(document, [passage])

    @rule(data=st.data(), right=st.sampled_from(["", *RIGHTS]))
    def share(self, data: st.DataObject, right: str) -> None:
        if not self.things:
            return
        thing = data.draw(st.sampled_from(self.things))
        by = data.draw(st.sampled_from([thing.owner, "operator", *NAMES]))
        subjects = [EVERYBODY, SIGNED_IN, *(PERSON + self.id_of(name) for name in NAMES[:4])]
        subjects += [f"{CLAIM}{self.run}-{claim}" for claim in CLAIMS] + [GROUP + group for group in self.groups]
        subjects += [CLAIM + group for group in self.groups]
        subject = data.draw(st.sampled_from(subjects))
        names = {value: name for name, value in RIGHTS.items()}
        wanted = {one: names[value] for one, value in thing.given.items() if one != subject}
        wanted |= {subject: right} if right else {}
        body = {"grants": [{"subject": one, "right": what} for one, what in wanted.items()]}
        status, _ = self.call(by, "PUT", f"/api/collections/{thing.id}/grants", body)
        if self.right(by, thing) < Right.MANAGE:
            assert status == (403 if self.right(by, thing) else 404), status
        elif status == 200:
            thing.given = {one: RIGHTS[what] for one, what in wanted.items()}
        else:
            assert status in (403, 404, 422)

    @rule(data=st.data(), by=st.sampled_from(NAMES))
    def delete_collection(self, data: st.DataObject, by: str) -> None:
        if len(self.things) < 2:
            return
        thing = data.draw(st.sampled_from(self.things))
        status, _ = self.call(by, "DELETE", f"/api/collections/{thing.id}")
        right = self.right(by, thing)
        assert status == (204 if right is Right.MANAGE else 403 if right else 404)
        if right is Right.MANAGE:
            self.things.remove(thing)

    @rule(name=st.sampled_from(NAMES))
    def look(self, name: str) -> None:
        status, text = self.call(name, "GET", "/api/collections")
        assert status == 200
        listed = {one["id"]: one["right"] for one in msgspec.json.decode(text)["collections"]}
        names = {value: word for word, value in RIGHTS.items()}
        expected = {thing.id: names[right] for thing in self.things if (right := self.right(name, thing))}
        if name == "guest":  # whose own things are not listed, since everybody without a credential is this person
            own = {thing.id for thing in self.things if thing.owner == "guest"}
            shared = {thing.id for thing in self.things if thing.given.get(EVERYBODY, Right.NONE) >= Right.USE}
            expected = {one: right for one, right in expected.items() if one not in own or one in shared}
        assert listed == expected
        for thing in self.things:
            status, text = self.call(name, "GET", f"/api/documents/{thing.document_id}")
            right = self.right(name, thing)
            assert status == (200 if right >= Right.USE else 403 if right else 404)
            self.seen_in(name, text)

    @rule(data=st.data(), name=st.sampled_from(NAMES), door=st.sampled_from(DOORS))
    def ask(self, data: st.DataObject, name: str, door: str) -> None:
        chosen = data.draw(st.lists(st.sampled_from(self.things), max_size=3, unique_by=id)) if self.things else []
        status, text = self.do(self._ask(name, door, chosen))
        self.seen_in(name, text)
        if all(self.right(name, thing) >= Right.USE for thing in chosen):
            assert status < 300, (door, status, text)
            if door in ("questions", "library", "file_search"):  # these tell what was found
                assert {thing.word for thing in chosen} <= set(_WORD.findall(text)), (door, text)
        elif door in ("questions", "completions", "responses", "file_search", "library"):
            assert status in (400, 403, 404), (door, status)

    @rule(data=st.data(), names=st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
    def ask_the_same_at_once(self, data: st.DataObject, names: list[str]) -> None:
        if not self.things:
            return
        thing = data.draw(st.sampled_from(self.things))
        for name, (status, text) in zip(names, self.do(self._together(names, thing)), strict=True):
            self.seen_in(name, text)
            assert (status < 300) is (self.right(name, thing) >= Right.USE), (name, status)
            if status < 300:
                assert thing.word in text, (name, text)

    async def _together(self, names: list[str], thing: Thing) -> list[tuple[int, str]]:
        return list(await asyncio.gather(*(self._ask(name, "questions", [thing]) for name in names)))

    async def _ask(self, name: str, door: str, chosen: list[Thing]) -> tuple[int, str]:
        person, ids = self.person(name), [thing.id for thing in chosen]
        said = [{"role": "user", "content": "What does the quokka say?"}]
        over = f"quick+{ids[0]}" if ids else "quick"
        if len(ids) > 1 and door in ("completions", "responses"):
            del chosen[1:]
        if door == "library":
            found = ""
            try:
                if chosen:
                    hits = await self.served.app.documents.find(person, "quokka", ids)
                    found = " ".join(hit.text for hit in hits)
            except Exception as error:  # noqa: BLE001 (whatever it is refused with)
                return 404, str(error)
            return 200, found
        if door == "questions":
            asked = {"text": "What does the quokka say?", "collections": ids}
            status, text = await self.served.ask(person, "POST", "/api/questions", asked)
            if status == 202:
                told = msgspec.json.decode(text)
                self.chats.append((name, told["chat"]["id"]))
                events = await self.served.ask(person, "GET", f"/api/answers/{told['answer']['id']}/events")
                text = events[1]
            return status, text
        if door == "completions+search":
            body: dict[str, object] = {"model": "quick+search", "messages": said}
            status, text = await self.served.ask(person, "POST", "/v1/chat/completions", body)
            return (200, text) if status == 404 else (status, text)  # nothing to search is no fault here
        if door == "completions":
            return await self.served.ask(person, "POST", "/v1/chat/completions", {"model": over, "messages": said})
        if door == "responses":
            return await self.served.ask(person, "POST", "/v1/responses", {"model": over, "input": "quokka?"})
        if door == "file_search":
            tools = [{"type": "file_search", "vector_store_ids": ids}] if ids else []
            body = {"model": "quick", "input": "What does the quokka say?", "tools": tools}
            body["include"] = ["file_search_call.results"]
            return await self.served.ask(person, "POST", "/v1/responses", body)
        status, text = await self.served.ask(person, "POST", "/chat", {"messages": said, "context": {}})
        return (200, text) if status == 404 else (status, text)

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def look_at_chats(self, data: st.DataObject, name: str) -> None:
        own = {chat for owner, chat in self.chats if owner == name}
        status, text = self.call(name, "GET", "/api/chats")
        listed = {chat["id"] for chat in msgspec.json.decode(text)["chats"]}
        assert listed <= own
        if self.chats:
            owner, chat = data.draw(st.sampled_from(self.chats))
            status, _ = self.call(name, "GET", f"/api/chats/{chat}")
            assert (status == 200) is (owner == name or name == "operator")

    @rule(name=st.sampled_from(NAMES[:4]))
    def forget_person(self, name: str) -> None:
        self.do(self.served.app.groups.forget_person(self.id_of(name)))
        for members in self.groups.values():
            members.discard(name)
        for thing in self.things:
            thing.given.pop(PERSON + self.id_of(name), None)


@pytest.mark.parametrize("machine", [Rights, SharedRights], ids=["collections", "prompts and models"])
def test_nothing_leaks_whatever_changes(machine: type[People]) -> None:
    machine.served = Served()
    began = time.monotonic()
    try:
        wanted = settings(
            max_examples=max(1, STEPS // STEPS_OF_ONE + 2),
            stateful_step_count=STEPS_OF_ONE,
            derandomize=STEPS <= 300,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        while machine.steps < STEPS:
            run_state_machine_as_test(machine, settings=wanted)
    finally:
        machine.served.close()
    seconds = time.monotonic() - began
    print(f"{machine.steps} steps in {seconds:.0f} s; {machine.checks} texts looked through")  # noqa: T201
