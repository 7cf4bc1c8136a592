"""Assistants for the oracle of rights: over collections and models that whoever asks them may use, or may not."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from hubbub.app.archive import Archive
from hubbub.app.exporting import Exporting
from hubbub.core.people import PERSON, RIGHTS, Right
from tests.web.rights_collections import Rights, Thing
from tests.web.rights_models import ModelRights
from tests.web.rights_people import MODELS, NAMES, RIGHT_NAMES, WORD, WORDS, Shared, call_of

ASSISTANT_DOORS = ("questions", "completions", "responses", "sample", "mcp")
CHANGES = ("instructions", "model", "collections", "all collections")
QUERY = "What does the quokka say?"


@dataclass(kw_only=True)
class Made(Shared):
    """An assistant, as the oracle knows it; its word stands in its instructions."""

    face: str
    """The word of its description, and of its name if that is its own."""
    after: str
    """The id of another one that it is named after; empty: of none."""
    model: str
    things: list[str]
    """The ids of its collections, some of which may be gone."""


@dataclass
class Asked:
    """A question to an assistant in a chat, as the oracle knows it."""

    owner: str
    chat_id: str
    question_id: str
    answer_id: str
    made: Made
    model: str
    asked: list[str]
    """The collections that it went to."""
    word: str
    """What the assistant told the model then."""
    told: set[str] = field(default_factory=set[str])
    """The words that its owner might get to know when something was asked in the chat."""


class AssistantRights(Rights, ModelRights):
    """What anybody may do with assistants, and get to know by them."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Made] = []
        self.asked: list[Asked] = []
        self.kept: dict[str, set[str]] = {name: set() for name in NAMES}
        """The words that somebody's own chats may hold."""

    def begin_with_things(self) -> None:
        super().begin_with_things()
        self.make_collection("bob", is_confusing=False)
        self.make("ann", self.things[:1], "")
        self.make("bob", (), "signed", self.made[0].id)

    def given(self) -> Iterable[dict[str, Right]]:
        return [*super().given(), *(one.given for one in self.made)]

    def words_of(self, name: str) -> set[str]:
        seen = [(one, self.shared_right(name, one)) for one in self.made]
        found = {one.face for one, right in seen if right} | {one.word for one, right in seen if right >= Right.USE}
        return super().words_of(name) | self.model_words(name) | found

    def usable(self, name: str, ids: Sequence[str]) -> list[Thing]:
        """Return those of these collections that somebody may ask."""
        return [one for one in self.things if one.id in ids and self.right(name, one) >= Right.USE]

    def seen_things(self, name: str, things: Iterable[Thing]) -> set[str]:
        return {one.word for one in things if self.sees(name, one)}

    def refused_by(self, name: str, made: Made, *, at_name: bool = False) -> set[int]:
        """Return with what somebody is refused who asks an assistant; none: they are not."""
        has = self.named_right(name, made) if at_name else self.shared_right(name, made)
        if has < Right.USE:
            return {404} if at_name or not has else {403}
        found = set[int]() if not made.model or self.may_use_model(name, made.model) else {404}
        return found | ({403} if made.things and not self.usable(name, made.things) else set[int]())

    def has_named_after(self, name: str, made: Made) -> bool:
        """Tell whether somebody for whom an assistant is not there has another one whose name is its id."""
        return any(one.after == made.id and self.named_right(name, one) >= Right.USE for one in self.made)

    def named_right(self, name: str, made: Made) -> Right:
        """Return what somebody may do with an assistant that they name, as operators see no list of all."""
        if name == made.owner:
            return Right.MANAGE if name != "guest" else Right.NONE
        return self.given_right(name, made)

    def call(self, name: str, method: str, path: str, body: object = None) -> tuple[int, str]:
        if method == "POST":
            self.kept[name] |= self.words_of(name)
        return super().call(name, method, path, body)

    async def _ask(self, name: str, door: str, chosen: list[Thing]) -> tuple[int, str]:
        self.kept[name] |= self.words_of(name)
        return await super()._ask(name, door, chosen)

    @rule(data=st.data(), name=st.sampled_from(NAMES[:5]), model=st.sampled_from(["", "", "quick", *MODELS]))
    def make_assistant(self, data: st.DataObject, name: str, model: str) -> None:
        if len(self.made) < 6:
            things = data.draw(st.lists(st.sampled_from(self.things), max_size=2, unique_by=id)) if self.things else []
            after = data.draw(st.sampled_from(["", *(one.id for one in self.made)]))
            self.make(name, things, model, after)

    def make(self, name: str, things: Sequence[Thing], model: str, after: str = "") -> None:
        """Make an assistant; named after the id of another one, it must not stand in for that."""
        face, word = (f"uu{next(self.served.numbers)}x" for _ in range(2))
        ids = [one.id for one in things]
        body = {"name": after or f"The {face}", "description": face, "instructions": word, "starters": [word]}
        status, text = self.call(name, "POST", "/api/assistants", {**body, "model": model, "collections": ids})
        may = len(self.usable(name, ids)) == len(ids) and (not model or self.may_use_model(name, model))
        assert status in ({201} if may else {403, 404}), (name, status, text)
        if may:
            made = msgspec.json.decode(text)
            self.made.append(Made(made["id"], name, word, face=face, after=after, model=model, things=ids))

    @rule(data=st.data(), name=st.sampled_from(NAMES), what=st.sampled_from(CHANGES))
    def change_assistant(self, data: st.DataObject, name: str, what: str) -> None:
        if not self.made:
            return
        made = data.draw(st.sampled_from(self.made))
        self.change(data, data.draw(st.sampled_from([made.owner, name])), made, what)

    def change(self, data: st.DataObject, name: str, made: Made, what: str) -> None:
        has, is_there, after = self.shared_right(name, made), True, dict[str, Any]()
        if what == "instructions":
            after = {"word": f"uu{next(self.served.numbers)}x"}
            body: dict[str, object] = {"instructions": after["word"], "starters": [after["word"]]}
        elif what == "model":
            after = {"model": data.draw(st.sampled_from(["", *[made.model] * 4, *MODELS]))}
            body, is_there = dict(after), not after["model"] or self.may_use_model(name, after["model"])
        else:
            chosen = data.draw(st.lists(st.sampled_from([one.id for one in self.things]), max_size=2, unique=True))
            seen = {one.id for one in self.usable(name, made.things)}
            hidden = [one.id for one in self.things if one.id in made.things and one.id not in seen]
            body = {"collections": chosen, "drops_left_out": what == "all collections"}
            is_there = len(self.usable(name, chosen)) == len(chosen)
            after = {"things": list(dict.fromkeys([*chosen, *(hidden if what == "collections" else [])]))}
        if has >= Right.WRITE and is_there:
            for field_name, value in after.items():
                setattr(made, field_name, value)
        status, text = self.call(name, "PATCH", f"/api/assistants/{made.id}", body)
        may = {403 if has else 404} if has < Right.WRITE else {200} if is_there else {403, 404}
        assert status in may, (name, what, has, status, text)
        self.seen_in(name, text)
        self.look_at_assistants(name)

    @rule(data=st.data(), right=st.sampled_from(["", *RIGHTS]))
    def share_assistant(self, data: st.DataObject, right: str) -> None:
        if self.made:
            made = data.draw(st.sampled_from(self.made))
            by = data.draw(st.sampled_from([made.owner, "operator", *NAMES]))
            subject = data.draw(st.sampled_from(self.subjects()))
            self.share_thing(f"/api/assistants/{made.id}", made, by, subject, right)
            self.look_at_assistants(data.draw(st.sampled_from(NAMES)))

    @rule(data=st.data(), name=st.sampled_from(NAMES[:4]), right=st.sampled_from([*RIGHTS]))
    def give_assistant(self, data: st.DataObject, name: str, right: str) -> None:
        """Let an owner give a right, which nobody refuses, and have it used: most of what is drawn is refused."""
        if self.made:
            made = data.draw(st.sampled_from(self.made))
            self.share_thing(f"/api/assistants/{made.id}", made, made.owner, PERSON + self.id_of(name), right)
            self.change(data, name, made, data.draw(st.sampled_from(CHANGES)))
            self.ask_an_assistant(name, made, data.draw(st.sampled_from(ASSISTANT_DOORS)))

    @rule(data=st.data(), name=st.sampled_from(NAMES), deletes=st.booleans())
    def manage_assistant(self, data: st.DataObject, name: str, deletes: bool) -> None:
        if not self.made:
            return
        made = data.draw(st.sampled_from(self.made))
        has, at = self.shared_right(name, made), f"/api/assistants/{made.id}"
        status, _ = self.call(name, "DELETE", at) if deletes else self.call(name, "GET", f"{at}/grants")
        good = 204 if deletes else 200
        assert status == (good if has >= Right.MANAGE else 403 if has else 404), (name, has, status)
        if status == 204:
            self.made.remove(made)

    @rule(name=st.sampled_from(NAMES))
    def look_at_assistants(self, name: str) -> None:
        _, text = self.call(name, "GET", "/api/assistants")
        self.seen_in(name, text)
        found = {one["id"]: one for one in msgspec.json.decode(text)["assistants"]}
        assert set(found) == {one.id for one in self.made if self.named_right(name, one)}
        askable: set[str] = set()
        for made in self.made:
            has, usable = self.shared_right(name, made), self.usable(name, made.things)
            status, text = self.call(name, "GET", f"/api/assistants/{made.id}")
            assert status == (200 if has else 404), (name, has, status)
            self.seen_in(name, text)
            if made.id in found:
                shown = found[made.id]
                assert name == "operator" or shown == msgspec.json.decode(text)
                right = self.named_right(name, made)
                askable |= {made.id} if right >= Right.USE and not self.refused_by(name, made) else set[str]()
                assert shown["right"] == RIGHT_NAMES[right]
                assert shown["is_askable"] is (made.id in askable)
                assert shown["instructions"] == (made.word if right >= Right.USE else "")
                assert {one["id"] for one in shown["collections"]} == {one.id for one in usable}
                left = sum(one.id in made.things for one in self.things) - len(usable)
                assert shown["collections_left_out"] == left
                assert shown["lacks_model"] is (bool(made.model) and not self.may_use_model(name, made.model))
                assert shown["model"] == ("" if shown["lacks_model"] else made.model)
        _, said = self.use_tool(name, "list_assistants")
        assert {one["id"] for one in said["assistants"]} == askable
        _, text = self.call(name, "GET", "/v1/models")
        self.seen_in(name, text)
        names = [one["id"] for one in msgspec.json.decode(text)["data"]]
        assert sum(one.startswith("assistant:") for one in names) == len(askable), (name, names)

    @rule(data=st.data(), name=st.sampled_from(NAMES), door=st.sampled_from(ASSISTANT_DOORS))
    def ask_assistant(self, data: st.DataObject, name: str, door: str) -> None:
        if self.made:
            self.ask_an_assistant(name, data.draw(st.sampled_from(self.made)), door)

    def ask_an_assistant(self, name: str, made: Made, door: str) -> None:
        named, said = f"assistant:{made.id}", [{"role": "user", "content": QUERY}]
        at, body = {
            "questions": ("/api/questions", {"text": QUERY, "assistant": made.id}),
            "completions": ("/v1/chat/completions", {"model": named, "messages": said}),
            "responses": ("/v1/responses", {"model": named, "input": QUERY}),
            "sample": ("/chat", {"model": named, "messages": said}),
            "mcp": ("/mcp", call_of("ask_assistant", assistant=made.id, question=QUERY)),
        }[door]
        refused = self.refused_by(name, made, at_name=door != "questions")
        status, text = self.call(name, "POST", at, body)
        self.seen_in(name, text)
        if door == "mcp":
            failed = msgspec.json.decode(text)["result"]["isError"]
            status, refused = (404 if failed else status), {404} if refused else refused
        is_another = refused == {404} and door != "questions" and self.has_named_after(name, made)
        assert status in (refused or {200, 202}) or is_another, (name, door, refused, status, text)
        if refused:
            return
        usable = self.usable(name, made.things)
        seen = self.seen_things(name, usable)
        if door == "questions":
            begun = msgspec.json.decode(text)
            chat, question, answer = (str(begun[one]["id"]) for one in ("chat", "question", "answer"))
            self.chats.append((name, chat))
            ids = [one.id for one in usable]
            asked = Asked(name, chat, question, answer, made, made.model, ids, made.word, self.words_of(name))
            self.asked.append(asked)
            _, text = self.call(name, "GET", f"/api/answers/{asked.answer_id}/events")
            self.seen_in(name, text)
            assert seen <= set(WORD.findall(text)), (name, text)
        if seen or not made.things:  # else nothing is found, and no model asked
            said = {made.word, *seen} if made.model in ("", "quick") else {WORDS[made.model]}
            assert said <= set(WORD.findall(text)), (name, door, text)

    @rule(data=st.data(), names=st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True))
    def ask_an_assistant_at_once(self, data: st.DataObject, names: list[str]) -> None:
        if self.made:
            made = data.draw(st.sampled_from(self.made))
            for name in names:  # answers to the same question are shared while they are new
                self.ask_an_assistant(name, made, "questions")

    @rule(data=st.data(), goes_on=st.booleans())
    def ask_more(self, data: st.DataObject, goes_on: bool) -> None:
        """Go on in a chat with an assistant, or have its question answered again, when rights may be others by now."""
        if not self.asked:
            return
        one = data.draw(st.sampled_from(self.asked))
        name, made = one.owner, one.made
        if goes_on:
            refused = self.refused_by(name, made) if made in self.made else {404}
            may = self.words_of(name)
            body = {"text": QUERY, "chat_id": one.chat_id, "parent_id": one.answer_id}
            status, text = self.call(name, "POST", "/api/questions", body)
        else:
            has = self.shared_right(name, made) if made in self.made else Right.NONE
            refused = set[int]() if has >= Right.USE else {403 if has else 404}
            refused |= {403} if one.asked and not self.usable(name, one.asked) else set[int]()
            refused |= {404} if one.model and not self.may_use_model(name, one.model) else set[int]()
            may = self.words_of(name) | {one.word}
            status, text = self.call(name, "POST", f"/api/questions/{one.question_id}/answers", {})
        assert status in (refused or {202}), (name, goes_on, refused, status, text)
        if status == 202:
            one.told |= may
            _, text = self.call(name, "GET", f"/api/answers/{msgspec.json.decode(text)['answer']['id']}/events")
            new = text if not goes_on else _hits(text)  # the model is told what was said before, too
            assert set(WORD.findall(new)) <= may, (name, text)
            assert set(WORD.findall(text)) <= one.told, (name, text)

    @rule(data=st.data(), name=st.sampled_from(NAMES))
    def look_at_what_was_asked(self, data: st.DataObject, name: str) -> None:
        """Read a chat with an assistant, and what others see of it by a link."""
        if not self.asked:
            return
        one = data.draw(st.sampled_from(self.asked))
        status, text = self.call(name, "GET", f"/api/chats/{one.chat_id}")
        assert (status == 200) is (name in (one.owner, "operator"))
        assert set(WORD.findall(text)) <= (one.told if status == 200 else set[str]()), (name, text)
        status, text = self.call(one.owner, "POST", f"/api/chats/{one.chat_id}/links", {"audience": "signed-in"})
        if status == 201:
            secret = msgspec.json.decode(text)["secret"]
            status, text = self.call(name, "POST", "/api/shared", {"link": secret})
            assert status in (200, 404), text
            messages = msgspec.json.decode(text).get("messages", [])
            assert set(WORD.findall(text)) <= one.told
            beside = str([{**one, "text": one["text"] if one["role"] == "user" else ""} for one in messages])
            assert not WORD.findall(beside), "of an assistant and of passages, others see what the answer says"
            _, text = self.call(one.owner, "GET", f"/api/chats/{one.chat_id}")
            own = [message["answer"]["text"] for message in msgspec.json.decode(text)["messages"] if message["answer"]]
            assert all(message["text"] in (QUERY, *own) for message in messages), "nothing stands beside what was said"

    @rule(name=st.sampled_from(NAMES[:4]))
    def export(self, name: str) -> None:
        written = io.BytesIO()
        exporting = Exporting(self.served.app, None, None)  # type: ignore[arg-type]  # these steps need neither

        async def steps() -> None:
            with zipfile.ZipFile(written, "w") as file:
                archive = Archive(file)
                for step in (exporting.chats, exporting.links, exporting.records, exporting.rights):
                    async for _ in step(self.id_of(name), archive):
                        pass

        self.do(steps())
        with zipfile.ZipFile(written) as archive:
            text = " ".join(archive.read(one).decode(errors="replace") for one in archive.namelist())
        own = {word for one in self.made if one.owner == name for word in (one.word, one.face)}
        assert set(WORD.findall(text)) <= self.kept[name] | own, name

    def teardown(self) -> None:
        for one in self.made:
            assert self.call("operator", "DELETE", f"/api/assistants/{one.id}")[0] == 204
        super().teardown()


def _hits(events: str) -> str:
    """Return what was found for an answer, of its events."""
    lines = [line.removeprefix("data: ") for line in events.splitlines() if '"type":"searched"' in line]
    return str([msgspec.json.decode(line)["hits"] for line in lines])
