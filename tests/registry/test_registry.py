import sys
from pathlib import Path

import pytest

from hubbub.core.errors import SettingsError
from hubbub.registry import BACKENDS, Kind, load


def fault(kind: Kind, name: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(kind, name)
    (line,) = caught.value.faults
    return line


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in BACKENDS.items() for name in names])
def test_every_back_end_can_be_loaded(kind: Kind, name: str) -> None:
    _, _, attribute = BACKENDS[kind][name].partition(":")
    assert load(kind, name).__name__ == attribute


def test_a_class_of_ones_own_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_search.py").write_text("class Mine:\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert load("search", "my_search:Mine").__name__ == "Mine"
    sys.modules.pop("my_search")


def test_an_unknown_name_lists_the_known_ones() -> None:
    assert fault("search", "sqlit") == (
        "search: there is no back end 'sqlit'; did you mean 'sqlite'? "
        "There are sqlite, postgres, azure, or package.module:Class"
    )
    assert fault("history", "oracle").endswith("there are sqlite, postgres, memory, or package.module:Class")


def test_a_class_that_is_not_there_is_named() -> None:
    assert fault("search", "hubbub.core.people:Nobody") == (
        "search: hubbub.core.people has no 'Nobody'; check its spelling"
    )
    assert fault("search", "no_such_module:Class").endswith("check its spelling")


def test_what_a_back_end_needs_and_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needy_search.py").write_text("import no_such_library\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert fault("search", "needy_search:Mine").endswith("install no_such_library")
