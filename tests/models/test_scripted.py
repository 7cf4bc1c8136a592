"""The scripted model keeps the contract and follows its script."""

import pytest

from hubbub.core.errors import ModelError
from hubbub.models.scripted import ScriptedModel
from hubbub.testing.models import QUESTION, FailingModelContract, ModelContract, ask


class TestScriptedModel(ModelContract, FailingModelContract):
    @pytest.fixture
    def model(self) -> ScriptedModel:
        return ScriptedModel()

    @pytest.fixture
    def failing_model(self) -> ScriptedModel:
        return ScriptedModel(["one ", "two"], error=ModelError("It fell over. Ask again."), error_after=1)


async def test_it_says_its_pieces_and_remembers_what_it_was_asked() -> None:
    model = ScriptedModel(["a", "b"], finish_reason="content_filter")
    heard, completion = await ask(model)
    assert heard == ["a", "b"]
    assert completion.finish_reason == "content_filter"
    assert list(model.heard) == [QUESTION]
    assert model.open_answers == 0


async def test_it_can_fail_after_all_pieces_with_the_error_of_the_script() -> None:
    model = ScriptedModel(["a"], error=ModelError("No.", code="silent", retryable=False), error_after=9)
    with pytest.raises(ModelError) as caught:
        await ask(model)
    assert (caught.value.code, caught.value.retryable) == ("silent", False)
