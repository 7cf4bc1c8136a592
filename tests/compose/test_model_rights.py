"""Who may use which model, as the settings say it."""

import pytest
from pydantic import ValidationError

from hubbub.compose.model_rights import faults_of_sharing, shared_with
from hubbub.models.catalog import Catalog
from hubbub.models.scripted import ScriptedModel
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


def test_a_claimed_group_is_of_a_provider() -> None:
    def faults(who: str) -> list[str]:
        shared = {"models": {"big": {"provider": "scripted", "shared_with": [who]}}}
        return faults_of_sharing(Settings.model_validate(shared | {"identity": {"oidc": OIDC}}))

    assert faults("claim:work/staff") == []
    [fault] = faults("claim:staff")
    assert fault.startswith("models.big.shared_with: 'claim:staff' does not say at which provider")
    assert "claim:work/NAME" in fault
