"""Shared prompts and models for the oracle of rights: who may see, use, change and share them, whatever changes."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from hubbub.core.people import CLAIM, EVERYBODY, GROUP, PERSON, RIGHTS, SIGNED_IN, Right

T = TypeVar("T")

NAMES = ("ann", "bob", "cat", "browser", "guest", "operator")
CREW, MODELLERS = "crew", "modellers"
MODELS = {"quick": [EVERYBODY], "signed": [SIGNED_IN], "claimed": [CLAIM + MODELLERS], "crewed": [GROUP + CREW]}
"""The models that there are, and who may use them. A group is named as operators call it."""
WORDS = {name: f"uu{1_000_000 + place}x" for place, name in enumerate(MODELS) if name != "quick"}
"""What only these models say."""
MODEL_DOORS = ("questions", "completions", "responses")
RIGHT_NAMES = {right: name for name, right in RIGHTS.items()}


def settings_of_models() -> dict[str, Any]:
    """Return the settings of these models."""
    return {
        name: {"provider": "scripted", "shared_with": subjects} | ({"text": WORDS[name]} if name in WORDS else {})
        for name, subjects in MODELS.items()
    }


@dataclass
class Shared:
    """A prompt, as the oracle knows it."""

    id: str
    owner: str
    word: str
    given: dict[str, Right] = field(default_factory=dict[str, Right])


class SharedThings:
    """Rules about prompts and models. What is asked, and of whom, is the machine's that this is mixed into."""

    served: Any
    run: str
    claims: dict[str, set[str]]
    groups: dict[str, set[str]]
    prompts: list[Shared]
    crew: str

    def do(self, work: Awaitable[T]) -> T:
        raise NotImplementedError

    def call(self, name: str, method: str, path: str, body: object = None) -> tuple[int, str]:
        raise NotImplementedError

    def id_of(self, name: str) -> str:
        raise NotImplementedError

    def seen_in(self, name: str, text: str) -> None:
        raise NotImplementedError

    def subjects_of(self, name: str) -> set[str]:
        """Return who somebody is to rights."""
        found = {EVERYBODY, PERSON + self.id_of(name)}
        found |= {SIGNED_IN} if name not in ("browser", "guest") else set[str]()
        found |= {CLAIM + claim for claim in self.claims[name]}
        return found | {GROUP + group for group, members in self.groups.items() if name in members}

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
            status, text = self.call(name, "POST", "/api/prompts", {"name": word, "text": f"Say {word}."})
            assert status == 201, text
            self.prompts.append(Shared(msgspec.json.decode(text)["id"], name, word))

    @rule(data=st.data(), right=st.sampled_from(["", *RIGHTS]))
    def share_prompt(self, data: st.DataObject, right: str) -> None:
        if not self.prompts:
            return
        prompt = data.draw(st.sampled_from(self.prompts))
        by = data.draw(st.sampled_from([*[prompt.owner] * 4, "operator", *NAMES]))
        subjects = [EVERYBODY, SIGNED_IN, *(PERSON + self.id_of(name) for name in NAMES[:4]), CLAIM + MODELLERS]
        subjects += [GROUP + group for group in self.groups] + [CLAIM + group for group in self.groups]
        subject = data.draw(st.sampled_from(subjects))
        wanted = {one: RIGHT_NAMES[value] for one, value in prompt.given.items() if one != subject}
        wanted |= {subject: right} if right else {}
        body = {"grants": [{"subject": one, "right": what} for one, what in wanted.items()]}
        has = self.shared_right(by, prompt)
        status, _ = self.call(by, "PUT", f"/api/prompts/{prompt.id}/grants", body)
        if has < Right.MANAGE:
            assert status == (403 if has else 404), (by, status)
        elif status == 200:
            prompt.given = {one: RIGHTS[what] for one, what in wanted.items()}
        else:
            assert status in (403, 404, 422)
            assert by != "operator", "an operator may give a prompt to anybody"
        for name in NAMES:
            self.look_at_prompts(name)

    @rule(name=st.sampled_from(NAMES))
    def look_at_prompts(self, name: str) -> None:
        status, text = self.call(name, "GET", "/api/prompts")
        assert status == 200
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
        prompt = data.draw(st.sampled_from(self.prompts))
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
