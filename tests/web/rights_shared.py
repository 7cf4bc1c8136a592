"""Shared prompts for the oracle of rights: who may see, use, change and share them, whatever changes."""

from collections.abc import Iterable

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from hubbub.core.people import PERSON, RIGHTS, Right
from tests.web.rights_models import ModelRights
from tests.web.rights_people import NAMES, RIGHT_NAMES, Shared


class SharedRights(ModelRights):
    """What anybody may do with prompts and models, and see of them."""

    def __init__(self) -> None:
        super().__init__()
        self.prompts: list[Shared] = []

    def begin_with_things(self) -> None:
        self.make_prompt("ann")

    def given(self) -> Iterable[dict[str, Right]]:
        return (prompt.given for prompt in self.prompts)

    def words_of(self, name: str) -> set[str]:
        found = {one.word for one in self.prompts if self.shared_right(name, one) >= Right.USE}
        return found | self.model_words(name)

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
        self._share(prompt, by, data.draw(st.sampled_from(self.subjects())), right)

    @rule(data=st.data(), name=st.sampled_from(NAMES[:4]), right=st.sampled_from([*RIGHTS]))
    def give_prompt(self, data: st.DataObject, name: str, right: str) -> None:
        """Let an owner give a person a right, which nobody refuses: most of what is drawn at random is refused."""
        if self.prompts:
            prompt = data.draw(st.sampled_from(self.prompts))
            self._share(prompt, prompt.owner, PERSON + self.id_of(name), right)
            self.change_prompt_as(name, prompt, data.draw(st.sampled_from(["write", "look", "delete"])))

    def _share(self, prompt: Shared, by: str, subject: str, right: str) -> None:
        self.share_thing(f"/api/prompts/{prompt.id}", prompt, by, subject, right)
        for name in NAMES:
            self.look_at_prompts(name)

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
