"""The catalog finds models by name and knows the first that can write."""

import pytest

from hubbub.core.errors import NotFound
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel


def test_the_first_is_the_default_and_the_first_that_can_ground_writes() -> None:
    small = ScriptedModel(name="small", can_ground=False)
    large = ScriptedModel(name="large")
    catalog = Catalog([small, large])
    assert catalog.default is small
    assert catalog.writer() is large
    assert catalog.get("large") is large
    assert catalog.names == ("small", "large")
    assert list(catalog) == [small, large]


def test_nobody_writes_where_none_can() -> None:
    assert Catalog([ScriptedModel(can_ground=False)]).writer() is None


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"'gpt-9'.*small, large"):
        Catalog([ScriptedModel(name="small"), ScriptedModel(name="large")]).get("gpt-9")


@pytest.mark.parametrize("names", [[], ["a", "a"]])
def test_a_catalog_has_models_with_names_of_their_own(names: list[str]) -> None:
    with pytest.raises(ValueError, match="model"):
        Catalog([ScriptedModel(name=name) for name in names])
