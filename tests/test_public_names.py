"""What the package promises to those who build on it: these names, and nothing else."""

import ast
import inspect
from pathlib import Path

import pytest

import hubbub
from hubbub.core.events import Event
from hubbub.settings import Settings

NAMES = """
    Hub Settings load_settings
    GUEST OPERATOR Person Call Chat Message Turn Generation Instructions Question Answer
    Citation Collection Document Hit Passage Retrieval
    Asked Attached Cited Declined Done Ending Event Failed FollowUps LeftOut Prompted Queued Reasoning Reclassified
    Searched Started StillReading Stopped Text ToolCall Usage
    BadParam Conflict HubbubError Invalid Malformed ModelError ModelTooLong NotAllowed NotFound NotSignedIn Overloaded
    SearchError SettingsError StoreError StoreFull TooBusy TooLarge
    Embedder History Identity Library Model ModelCard Search Sessions SharedStore __version__
""".split()


def test_the_public_names_are_these() -> None:
    assert sorted(hubbub.__all__) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_there_and_explained(name: str) -> None:
    found = getattr(hubbub, name)
    if inspect.isclass(found):
        assert inspect.getdoc(found)


def test_type_checkers_see_the_same() -> None:
    tree = ast.parse(Path(hubbub.__file__).read_text("utf-8"))
    seen = {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hubbub.")
        for alias in node.names
    }
    assert seen | {"__version__"} == set(NAMES)


def test_every_event_is_public() -> None:
    assert {event.__name__ for event in Event.__args__} <= set(NAMES)


def test_no_parameter_of_the_hub_has_the_name_of_a_settings_table() -> None:
    assert not set(inspect.signature(hubbub.Hub).parameters) & set(Settings.model_fields)
