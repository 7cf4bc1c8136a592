"""Pools of the settings, with the models that they are made of."""

from pathlib import Path

import pytest

from hubbub.compose import open_catalog
from hubbub.compose.pools import attempt_seconds
from hubbub.connections.http import Http
from hubbub.core.errors import SettingsError
from hubbub.core.messages import Turn
from hubbub.settings import Settings
from hubbub.testing.models import Heard
from tests.servers.model_server import ModelServer, Script


def settings(folder: Path, url: str, *members: dict[str, object]) -> Settings:
    return Settings.model_validate(
        {
            "server": {"data_folder": folder, "cache_folder": folder},
            "embedded": {"is_enabled": False},
            "discovery": {"is_enabled": False},
            "models": {
                "last": {"provider": "scripted", "text": "I am the last resort"},
                "alone": {"provider": "scripted"},
                "house": {"provider": "pool", "members": members},
                "far": {"provider": "compatible", "base_url": url, "model": "scripted"},
            },
        }
    )


async def test_a_pool_takes_the_place_of_its_members(tmp_path: Path) -> None:
    async with ModelServer(Script(status=500, body=b"")) as server, Http() as http:
        chosen = settings(tmp_path, server.base_url, {"model": "far"}, {"model": "last", "priority": 1})
        async with open_catalog(chosen, http) as catalog:
            assert catalog.names == ("alone", "house")
            heard = Heard()
            await catalog.get("house").complete([Turn("user", "Hello")], heard)
            assert "".join(map(str, heard)) == "I am the last resort"
            assert len(server.seen) == 1


async def test_members_that_are_not_there_or_there_twice_stop_the_start(tmp_path: Path) -> None:
    chosen = settings(tmp_path, "http://127.0.0.1:9/v1", {"model": "nowhere"}, {"model": "far"}, {"model": "far"})
    with pytest.raises(SettingsError) as caught:
        async with Http() as http, open_catalog(chosen, http):
            pass
    assert caught.value.faults == (
        "models.house.members: there is no model 'nowhere'; there is: alone, far, last",
        "models.house.members: each model can be there once; give it more weight instead",
    )


def test_where_another_one_can_be_asked_the_first_token_is_not_waited_for_as_long(tmp_path: Path) -> None:
    chosen = settings(tmp_path, "http://127.0.0.1:9/v1", {"model": "far"}, {"model": "last"})
    assert attempt_seconds(chosen, "far") == 15.0
    assert attempt_seconds(chosen, "alone") == 60.0
    assert attempt_seconds(settings(tmp_path, "http://127.0.0.1:9/v1", {"model": "far"}), "far") == 60.0
