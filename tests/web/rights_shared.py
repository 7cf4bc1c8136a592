"""Shared prompts and models for the oracle of rights: who may see, use, change and share them, whatever changes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from hubbub.core.people import CLAIM, EVERYBODY, GROUP, PERSON, RIGHTS, SIGNED_IN, Right
from tests.web.rights_people import CREW, MODELLERS, MODELS, NAMES, WORDS, People

MODEL_DOORS = ("questions", "completions", "responses")
RIGHT_NAMES = {right: name for name, right in RIGHTS.items()}


@dataclass
class Shared:
    """A prompt, as the oracle knows it."""

    id: str
    owner: str
    word: str
    given: dict[str, Right] = field(default_factory=dict[str, Right])


class SharedRights(People):
    """What anybody may do with prompts and models, and see of them."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[Shared] = []
        self.crew = ""

    def begin_with_things(self) -> None:
        self.make_prompt("ann")

    def given(self) -> Iterable[dict[str, Right]]:
        return (prompt.given for prompt in self.prompts)

    def words_of(self, name: str) -> set[str]:
        return self.shared_words(name)

    def shared_right(self, name: str, prompt: Shared) -> Right:
        """Return what somebody may do with a prompt."""
        if name in ("operator", prompt.owner):
            return Right.MANAGE
        return self.given_right(name, prompt)

    def given_right(self, name: str, prompt: Shared) -> Right:
        subjects = self.subjects_of(name)
        return max((right for subject, right in prompt.given.items() if subject in subjects), default=Right.NONE)

    def may_use_model(self, name: str, model: str) -> bool:
        if name == "operator" or EVERYBODY in MODELS[model]:
            return True
        subjects = self.subjects_of(name)
        subjects |= {GROUP + CREW} if name in self.groups.get(self.crew, ()) else set[str]()
        return not subjects.isdisjoint(MODELS[model])

    def shared_words(self, name: str) -> set[str]:
        """Return the words of prompts and models that somebody may use."""
        found = {one.word for one in self.prompts if self.shared_right(name, one) >= Right.USE}
        return found | {word for model, word in WORDS.items() if self.may_use_model(name, model)}

    @rule()
    def make_the_crew(self) -> None:
        if self.crew not in self.groups:
            self.crew = self.do(self.served.app.library.groups.create(CREW)).id
            self.groups[self.crew] = set()

    @rule(name=st.sampled_from(NAMES[:3]))
    def claim_models(self, name: str) -> None:
        self.claims[name] ^= {MODELLERS}

    @rule(name=st.sampled_from(NAMES), model=st.sampled_from([*MODELS, "none"]), door=st.sampled_from(MODEL_DOORS))
    def ask_a_model(self, name: str, model: str, door: str) -> None:
        said = [{"role": "user", "content": "What do you say?"}]
        body: dict[str, object] = {
            "questions": {"text": "What do you say?", "model": model},
            "completions": {"model": model, "messages": said},
            "responses": {"model": model, "input": "What do you say?"},
        }[door]  # type: ignore[assignment]
        at = {"questions": "/api/questions", "completions": "/v1/chat/completions", "responses": "/v1/responses"}
        status, text = self.call(name, "POST", at[door], body)
        may = model in MODELS and self.may_use_model(name, model)
        assert (status < 300) is may, (name, model, door, status, text)
        assert may or status == 404, (name, model, door, status)
        if may and door == "questions":
            answer = msgspec.json.decode(text)["answer"]["id"]
            _, text = self.call(name, "GET", f"/api/answers/{answer}/events")
        self.seen_in(name, text)
        if may and model in WORDS:
            assert WORDS[model] in text, (name, model, door)

    @rule(name=st.sampled_from(NAMES))
    def look_at_models(self, name: str) -> None:
        expected = {model for model in MODELS if self.may_use_model(name, model)}
        _, text = self.call(name, "GET", "/api/models")
        assert {one["name"] for one in msgspec.json.decode(text)["models"]} == expected
        _, text = self.call(name, "GET", "/v1/models")
        assert {one["id"].partition("+")[0] for one in msgspec.json.decode(text)["data"]} == expected
        for model in MODELS:
            assert (self.call(name, "GET", f"/v1/models/{model}")[0] == 200) is (model in expected), (name, model)

    @rule(name=st.sampled_from(NAMES[:5]))
    def make_prompt(self, name: str) -> None:
        if len(self.prompts) < 5:
            word = f"uu{next(self.served.numbers)}x"
            status, text = self.call(name, "POST", "/api/prompts", {"name": "A prompt", "text": f"Say {word}."})
            assert status == 201, text
            self.prompts.append(Shared(msgspec.json.decode(text)["id"], name, word))

    @rule(data=st.data(), right=st.sampled_from(["", *RIGHTS]))
    def share_prompt(self, data: st.DataObject, right: str) -> None:
        if not self.prompts:
            return
        prompt = data.draw(st.sampled_from(self.prompts))
        by = data.draw(st.sampled_from([prompt.owner, "operator", *NAMES]))
        subjects = [EVERYBODY, SIGNED_IN, *(PERSON + self.id_of(name) for name in NAMES[:4]), CLAIM + MODELLERS]
        subjects += [GROUP + group for group in self.groups] + [CLAIM + group for group in self.groups]
        self._share(prompt, by, data.draw(st.sampled_from(subjects)), right)

    @rule(data=st.data(), name=st.sampled_from(NAMES[:4]), right=st.sampled_from([*RIGHTS]))
    def give_prompt(self, data: st.DataObject, name: str, right: str) -> None:
        """Let an owner give a person a right, which nobody refuses: most of what is drawn at random is refused."""
        if self.prompts:
            prompt = data.draw(st.sampled_from(self.prompts))
            self._share(prompt, prompt.owner, PERSON + self.id_of(name), right)
            self.change_prompt_as(name, prompt, data.draw(st.sampled_from(["write", "look", "delete"])))

    def _share(self, prompt: Shared, by: str, subject: str, right: str) -> None:
        wanted = {one: RIGHT_NAMES[value] for one, value in prompt.given.items() if one != subject}
        wanted |= {subject: right} if right else {}
        body = {"grants": [{"subject": one, "right": what} for one, what in wanted.items()]}
        has = self.shared_right(by, prompt)
        status, _ = self.call(by, "PUT", f"/api/prompts/{prompt.id}/grants", body)
        if has < Right.MANAGE:
            assert status == (403 if has else 404), (by, status)
        else:
            refused = self.refusals(by, prompt.given, {one: RIGHTS[what] for one, what in wanted.items()})
            assert status in (refused or {200}), (by, wanted, status)
            if status == 200:
                prompt.given = {one: RIGHTS[what] for one, what in wanted.items()}
        for name in NAMES:
            self.look_at_prompts(name)

    def refusals(self, by: str, before: dict[str, Right], after: dict[str, Right]) -> set[int]:
        """Return with what it may be refused that somebody who manages a thing gives these rights; none: it is not."""
        of_all = {one: right for one, right in after.items() if one in (EVERYBODY, SIGNED_IN)}
        foreign = {one.removeprefix(GROUP) for one in set(after) - set(before) if one.startswith(GROUP)}
        is_member = by == "operator" or all(by in self.groups.get(group, ()) for group in foreign)
        is_new = any(before.get(one) != right for one, right in of_all.items())
        found = {422} if Right.MANAGE in of_all.values() else set[int]()
        found |= {403} if is_new and by in ("browser", "guest") else set[int]()
        return found | (set[int]() if is_member else {404})

    @rule(name=st.sampled_from(NAMES))
    def look_at_prompts(self, name: str) -> None:
        status, text = self.call(name, "GET", "/api/prompts")
        assert status == 200
        self.seen_in(name, text)
        found = {one["id"]: one for one in msgspec.json.decode(text)["prompts"]}
        expected = {one.id: Right.MANAGE for one in self.prompts if one.owner == name and name != "guest"}
        expected |= {
            one.id: right for one in self.prompts if one.owner != name and (right := self.given_right(name, one))
        }
        assert {key: one["right"] for key, one in found.items()} == {
            key: RIGHT_NAMES[right] for key, right in expected.items()
        }
        for one in self.prompts:
            if one.id in found:
                assert bool(found[one.id]["text"]) is (expected[one.id] >= Right.USE)

    @rule(data=st.data(), name=st.sampled_from(NAMES), how=st.sampled_from(["write", "delete", "look"]))
    def change_prompt(self, data: st.DataObject, name: str, how: str) -> None:
        if not self.prompts:
            return
        self.change_prompt_as(name, data.draw(st.sampled_from(self.prompts)), how)

    def change_prompt_as(self, name: str, prompt: Shared, how: str) -> None:
        """Change, delete or look into a prompt, as somebody who may do that or not."""
        has, at = self.shared_right(name, prompt), f"/api/prompts/{prompt.id}"
        if how == "write":
            body = {"name": "A prompt", "text": f"Say {prompt.word} again."}
            status, text = self.call(name, "PUT", at, body)
            needed, good = Right.WRITE, 200
            self.seen_in(name, text)
        elif how == "look":
            status, _ = self.call(name, "GET", f"{at}/grants")
            needed, good = Right.MANAGE, 200
        else:
            status, _ = self.call(name, "DELETE", at)
            needed, good = Right.MANAGE, 204
        assert status == (good if has >= needed else 403 if has else 404), (name, how, has, status)
        if status == 204:
            self.prompts.remove(prompt)

    def forget_shared(self) -> None:
        """Leave nothing that later runs would see."""
        for one in self.prompts:
            assert self.call("operator", "DELETE", f"/api/prompts/{one.id}")[0] == 204

    def teardown(self) -> None:
        self.forget_shared()
        super().teardown()
