"""Collections, documents and chats for the oracle of rights: who may see, search and change them, whatever changes."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from hubbub.core.documents import Document, Passage
from hubbub.core.people import CLAIM, EVERYBODY, GROUP, PERSON, RIGHTS, SIGNED_IN, Right
from tests.web.rights_people import CLAIMS, NAMES, WORD, People


@dataclass
class Thing:
    """A collection, as the oracle knows it."""

    id: str
    owner: str
    word: str
    document_id: str
    face: str
    """The word of its name and description."""
    given: dict[str, Right] = field(default_factory=dict[str, Right])
    readers: dict[str, Right] | None = None
    """To whom its document is restricted; None: it is not."""
    called: str = ""
    """The id of another one that it is named after."""


DOORS = ("questions", "completions", "completions+search", "responses", "file_search", "sample", "library", "mcp")


class Rights(People):
    """What anybody may do with collections, and see of them."""

    def __init__(self) -> None:
        super().__init__()
        self.things: list[Thing] = []
        self.names: set[tuple[str, str]] = set()
        """Whose collections are named after which ids: nobody has two of a name."""

    def begin_with_things(self) -> None:
        self.make_collection("ann", is_confusing=False)

    def given(self) -> Iterable[dict[str, Right]]:
        return (one for thing in self.things for one in (thing.given, thing.readers or {}))

    def words_of(self, name: str) -> set[str]:
        faces = {thing.face for thing in self.things if self.right(name, thing)}
        return faces | {thing.word for thing in self.things if self.sees(name, thing)}

    def sees(self, name: str, thing: Thing, least: Right = Right.USE) -> bool:
        """Return what the oracle says of the collection's document: its list takes, and gives nothing."""
        right = self.right(name, thing)
        is_listed = thing.readers is None or not thing.readers.keys().isdisjoint(self.subjects_of(name))
        return right >= least and (is_listed or right is Right.MANAGE)

    def right(self, name: str, thing: Thing) -> Right:
        """Return what the oracle says."""
        if name in ("operator", thing.owner):
            return Right.MANAGE
        subjects = self.subjects_of(name)
        return max((right for subject, right in thing.given.items() if subject in subjects), default=Right.NONE)

    @rule(name=st.sampled_from(NAMES[:5]), is_confusing=st.booleans())
    def make_collection(self, name: str, is_confusing: bool) -> None:
        """Make one; named after the id of another one, it must not stand in for that."""
        if len(self.things) >= 6:
            return
        number = next(self.served.numbers)
        face = f"uu{next(self.served.numbers)}x"
        called = self.things[0].id if is_confusing and self.things else ""
        if (name, called) in self.names:
            called = ""
        elif called:
            self.names.add((name, called))
        body = {"name": called or f"The {face}", "description": face}
        status, text = self.call(name, "POST", "/api/collections", body)
        assert status == 201, text
        thing = Thing(msgspec.json.decode(text)["id"], name, f"uu{number}x", f"d{number}", face, called=called)
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

    @rule(data=st.data(), by=st.sampled_from([*NAMES, *("owner",) * 6]), is_open=st.booleans())
    def restrict(self, data: st.DataObject, by: str, is_open: bool) -> None:
        if not self.things:
            return
        thing = data.draw(st.sampled_from(self.things))
        by = thing.owner if by == "owner" else by
        if is_open:  # else hardly anybody else may see the collection, and a list takes nothing
            self.do(self.served.app.library.change(thing.id, is_shared=True))
            thing.given[EVERYBODY] = max(thing.given.get(EVERYBODY, Right.NONE), Right.USE)
        subjects = [SIGNED_IN, *(PERSON + self.id_of(name) for name in NAMES[:4]), f"{CLAIM}{self.run}-{CLAIMS[0]}"]
        subjects += [GROUP + group for group in self.groups]
        wanted = data.draw(st.none() | st.lists(st.sampled_from(subjects), max_size=2, unique=True))
        status, _ = self.call(by, "PATCH", f"/api/documents/{thing.document_id}", {"shared_with": wanted})
        if self.right(by, thing) < Right.MANAGE:
            assert status == (403 if self.sees(by, thing, Right.SEE) else 404), status
        elif status == 200:
            thing.readers = None if wanted is None else dict.fromkeys(wanted, Right.SEE)
        else:
            assert status == 404, status  # a group that is not theirs
        self.look(data.draw(st.sampled_from(NAMES)))
        names = data.draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=3, unique=True))
        for name, (status, text) in zip(names, self.do(self._together(names, thing)), strict=True):
            self.seen_in(name, text)
            assert (thing.word in text) is self.sees(name, thing), (name, status, text)

    @rule(name=st.sampled_from(NAMES))
    def look(self, name: str) -> None:
        status, text = self.call(name, "GET", "/api/collections")
        assert status == 200
        shown = msgspec.json.decode(text)["collections"]
        listed = {one["id"]: one["right"] for one in shown}
        counts = {one["id"]: one["documents"] for one in shown}
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
            is_there = self.sees(name, thing, Right.SEE)
            assert status == (404 if not is_there else 200 if right >= Right.USE else 403)
            assert counts.get(thing.id, is_there) == is_there
            self.seen_in(name, text)

    @rule(name=st.sampled_from(NAMES))
    def look_by_tools(self, name: str) -> None:
        status, said = self.use_tool(name, "list_collections")
        assert status == 200
        usable = {thing.id for thing in self.things if self.right(name, thing) >= Right.USE}
        if name == "guest":  # whose own things are not listed, as above
            own = {thing.id for thing in self.things if thing.owner == "guest"}
            usable -= own - {thing.id for thing in self.things if thing.given.get(EVERYBODY, Right.NONE) >= Right.USE}
        assert {one["id"] for one in said["collections"]} == usable
        for thing in self.things:
            status, said = self.use_tool(name, "open_passage", document_id=thing.document_id)
            assert status == (200 if self.sees(name, thing) else 404), (name, said)
            assert status == 404 or thing.word in said["passages"][0]["text"]

    @rule(data=st.data(), name=st.sampled_from(NAMES), door=st.sampled_from(DOORS))
    def ask(self, data: st.DataObject, name: str, door: str) -> None:
        chosen = data.draw(st.lists(st.sampled_from(self.things), max_size=3, unique_by=id)) if self.things else []
        status, text = self.do(self._ask(name, door, chosen))
        self.seen_in(name, text)
        if all(self.right(name, thing) >= Right.USE for thing in chosen):
            assert status < 300, (door, status, text)
            if door not in ("sample", "completions+search"):  # which choose themselves what they search
                seen = {thing.word for thing in chosen if self.sees(name, thing)}
                assert seen <= set(WORD.findall(text)), (door, text)
        elif door in ("completions", "responses", "file_search", "mcp") and all(
            self._usable_as(name, thing) for thing in chosen
        ):
            assert status in ((200, 404) if door == "mcp" else (200, 400)), (
                door,
                status,
            )  # they take names, too; several may bear the same
        elif door in ("questions", "completions", "responses", "file_search", "library", "mcp"):
            assert status in (400, 403, 404), (door, status)

    def _usable_as(self, name: str, thing: Thing) -> bool:
        """Tell whether a person may use a collection, or another one that is named after its id."""
        return any(self.right(name, one) >= Right.USE for one in self.things if thing.id in (one.id, one.called))

    @rule(data=st.data(), names=st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
    def ask_the_same_at_once(self, data: st.DataObject, names: list[str]) -> None:
        if not self.things:
            return
        thing = data.draw(st.sampled_from(self.things))
        for name, (status, text) in zip(names, self.do(self._together(names, thing)), strict=True):
            self.seen_in(name, text)
            assert (status < 300) is (self.right(name, thing) >= Right.USE), (name, status)
            if status < 300:
                assert (thing.word in text) is self.sees(name, thing), (name, text)

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
        if door == "mcp":
            return await self.served.use_tool(person, "search", query="quokka", collections=ids, limit=20)
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
            for given in (thing.given, thing.readers or {}):
                given.pop(PERSON + self.id_of(name), None)
