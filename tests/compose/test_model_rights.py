"""Who may use which model, as the settings say it."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from hubbub.compose.model_rights import faults_of_sharing, shared_with, tell_unknown_groups
from hubbub.compose.providers import faults_of_names
from hubbub.connections.sqlite import Sqlite
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
from hubbub.search.library_sqlite import SqliteLibrary
from hubbub.search.sqlite import SqliteSearch
from hubbub.settings import Settings

OIDC = {"work": {"issuer": "https://id.example.com", "client_id": "hubbub"}}


def test_each_model_goes_by_its_own_setting() -> None:
    settings = Settings.model_validate(
        {
            "models": {
                "big": {"provider": "scripted", "shared_with": ["group:Staff", "person:p1"]},
                "all": {"provider": "pool", "members": [{"model": "big"}], "shared_with": ["signed-in"]},
                "usual": {"provider": "scripted"},
            },
            "embedded": {"name": "small", "shared_with": []},
            "discovery": {"shared_with": ["claim:team"]},
        }
    )
    names = ("big", "all", "usual", "small", "found")
    assert shared_with(settings, Catalog([ScriptedModel(name=name) for name in names])) == {
        "big": ("group:Staff", "person:p1"),
        "all": ("signed-in",),
        "usual": ("everybody",),
        "small": (),
        "found": ("claim:team",),
    }


@pytest.mark.parametrize("who", ["Staff", "group:", "person: ", "person:guest", "", "everyone"])
def test_nobody_is_named_by_something_else(who: str) -> None:
    with pytest.raises(ValidationError, match="is nobody"):
        Settings.model_validate({"models": {"big": {"provider": "scripted", "shared_with": [who]}}})


def test_a_quota_names_a_group_of_a_provider_or_one_that_was_made_here() -> None:
    def faults(group: str) -> list[str]:
        tables = {"quotas": {"groups": {group: []}}, "identity": {"oidc": OIDC}}
        return faults_of_names(Settings.model_validate(tables))

    assert faults("work/staff") == faults("claim:work/staff") == faults("group:Staff") == []
    [fault] = faults("Staff")
    assert fault.startswith("quotas.groups.Staff: say of which provider")
    assert "'group:Staff'" in fault


def test_a_claimed_group_is_of_a_provider() -> None:
    def faults(who: str) -> list[str]:
        shared = {"models": {"big": {"provider": "scripted", "shared_with": [who]}}}
        return faults_of_sharing(Settings.model_validate(shared | {"identity": {"oidc": OIDC}}))

    assert faults("claim:work/staff") == []
    [fault] = faults("claim:staff")
    assert fault.startswith("models.big.shared_with: 'claim:staff' does not say at which provider")
    assert "claim:work/NAME" in fault


async def test_a_group_that_a_quota_may_not_mean_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with (
        Sqlite(tmp_path / "library.db") as database,
        SqliteSearch(database, None),
        SqliteLibrary(database) as library,
    ):
        await library.groups.create("Staff")
        bounds: dict[str, list[str]] = {"staff": [], "group:STAFF": [], "group:Nobody": [], "students": []}
        await tell_unknown_groups(Settings.model_validate({"quotas": {"groups": bounds}}), library.groups)
    assert [record.getMessage() for record in caplog.records] == [
        "quotas.groups: there is no group 'Nobody'; make it with `hubbub groups add`.",
        "quotas.groups: 'staff' is a group that a sign-in names; the one that was made here is 'group:staff'.",
    ]
