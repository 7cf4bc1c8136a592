"""The catalog finds models by name and knows the first that can write."""

import pytest

from hubbub.core.errors import NotFound, SettingsError
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


def test_names_are_unique() -> None:
    with pytest.raises(ValueError, match="same name"):
        Catalog([ScriptedModel(name="a"), ScriptedModel(name="a")])


def test_there_may_be_no_model_at_all() -> None:
    assert Catalog([]).default is None
    assert Catalog([]).writer() is None


def test_a_preferred_model_goes_first() -> None:
    models = [ScriptedModel(name="small"), ScriptedModel(name="large")]
    assert Catalog(models, preferred="large").names == ("large", "small")
    with pytest.raises(SettingsError, match=r"no model 'huge'.*small, large"):
        Catalog(models, preferred="huge")
