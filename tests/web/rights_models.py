"""Models for the oracle of rights: who may ask them, and who may see that they are there, whatever changes."""

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import rule

from hubbub.core.people import EVERYBODY, GROUP
from tests.web.rights_people import CREW, MODELLERS, MODELS, NAMES, WORDS, People

MODEL_DOORS = ("questions", "completions", "responses")


class ModelRights(People):
    """What anybody may do with models, and see of them."""

    def __init__(self) -> None:
        super().__init__()
        self.crew = ""

    def words_of(self, name: str) -> set[str]:
        return self.model_words(name)

    def may_use_model(self, name: str, model: str) -> bool:
        if name == "operator" or EVERYBODY in MODELS[model]:
            return True
        subjects = self.subjects_of(name)
        subjects |= {GROUP + CREW} if name in self.groups.get(self.crew, ()) else set[str]()
        return not subjects.isdisjoint(MODELS[model])

    def model_words(self, name: str) -> set[str]:
        """Return the words of models that somebody may use."""
        return {word for model, word in WORDS.items() if self.may_use_model(name, model)}

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
            begun = msgspec.json.decode(text)
            self.chats.append((name, begun["chat"]["id"]))
            _, text = self.call(name, "GET", f"/api/answers/{begun['answer']['id']}/events")
        self.seen_in(name, text)
        if may and model in WORDS:
            assert WORDS[model] in text, (name, model, door)

    @rule(name=st.sampled_from(NAMES))
    def look_at_models(self, name: str) -> None:
        expected = {model for model in MODELS if self.may_use_model(name, model)}
        _, text = self.call(name, "GET", "/api/models")
        assert {one["name"] for one in msgspec.json.decode(text)["models"]} == expected
        _, text = self.call(name, "GET", "/v1/models")
        names = {one["id"].partition("+")[0] for one in msgspec.json.decode(text)["data"]}
        assert {one for one in names if not one.startswith("assistant:")} == expected
        for model in MODELS:
            assert (self.call(name, "GET", f"/v1/models/{model}")[0] == 200) is (model in expected), (name, model)
