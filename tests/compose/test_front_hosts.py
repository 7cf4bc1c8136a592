"""Off loopback, too, only plain addresses and the machine's own names are answered; a warning says who is let in."""

import logging
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from hubbub.compose.front import everybody_warning, front_of, machine_names
from hubbub.compose.identity import identity_faults
from hubbub.compose.web import web_application
from hubbub.core.errors import SettingsError
from hubbub.settings import Settings


def settings_in(folder: Path, *, identity: dict[str, Any] | None = None, **server: Any) -> Settings:
    return Settings(
        server={"data_folder": folder, **server},  # type: ignore[arg-type]
        identity=identity or {"open_to_everybody": True},  # type: ignore[arg-type]
        embedded={"is_enabled": False},  # type: ignore[arg-type]
        embeddings={"provider": "none"},  # type: ignore[arg-type]
        discovery={"is_enabled": False},  # type: ignore[arg-type]
    )


NAME = machine_names()[0]


@pytest.mark.parametrize(
    ("server", "answered", "refused"),
    [
        (
            {"host": "0.0.0.0"},
            ["10.0.0.7", "192.168.1.4:8000", "[fe80::1]:80", NAME, NAME.upper() + ":80", "localhost"],
            ["rebound.attacker.example", "10.0.0.7.attacker.example", "localhost.attacker.example:8000", ""],
        ),
        ({"host": "10.0.0.7"}, ["10.0.0.7"], ["rebound.attacker.example"]),
        ({"host": "127.0.0.1"}, ["127.0.0.1", "localhost:8000", "[::1]"], ["rebound.attacker.example", "10.0.0.7"]),
        ({"host": "0.0.0.0", "allowed_hosts": ["chat.example"]}, ["chat.example"], ["10.0.0.7", NAME]),
        ({"host": "0.0.0.0", "allowed_hosts": ["*"]}, ["any.example", "10.0.0.7"], []),
    ],
)
def test_which_names_are_answered(
    tmp_path: Path, server: dict[str, Any], answered: list[str], refused: list[str]
) -> None:
    client = TestClient(web_application(settings_in(tmp_path, **server)))
    for host in answered:
        assert client.get("/api/openapi.json", headers={"Host": host}).status_code == 200, host
    for host in refused:
        response = client.get("/api/openapi.json", headers={"Host": host})
        assert response.status_code == 403, host
        assert "server.allowed_hosts" in response.json()["detail"]


def test_a_warning_says_that_everybody_is_let_in(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        front_of(settings_in(tmp_path, host="0.0.0.0"))
    [warning] = [record.getMessage() for record in caplog.records]
    assert "identity.needs_key = true" in warning
    assert everybody_warning(settings_in(tmp_path, host="127.0.0.1")) is None


CLOSED = {"open_to_everybody": False}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "chat.example"])
def test_off_loopback_nobody_is_let_in_unasked(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match=r"identity\.open_to_everybody = true"):
        web_application(settings_in(tmp_path, identity=CLOSED, host=host))
    assert len(identity_faults(settings_in(tmp_path, identity=CLOSED, host=host))) == 1


@pytest.mark.parametrize(
    ("host", "identity"),
    [
        ("127.0.0.1", CLOSED),
        ("127.0.0.2", CLOSED),
        ("::1", CLOSED),
        ("localhost", CLOSED),
        ("0.0.0.0", {"needs_key": True}),
        ("0.0.0.0", {"backend": "my_package:Identity"}),
        ("0.0.0.0", {"accounts": {"is_enabled": True}}),
        ("0.0.0.0", {"open_to_everybody": True}),
    ],
)
def test_a_server_starts_where_it_is_said_who_is_let_in(tmp_path: Path, host: str, identity: dict[str, Any]) -> None:
    assert identity_faults(settings_in(tmp_path, identity=identity, host=host)) == []


@pytest.mark.parametrize(
    ("identity", "named"),
    [
        ({"accounts": {"is_enabled": True}, "needs_key": True}, "identity.needs_key"),
        ({"accounts": {"is_enabled": True}, "backend": "my_package:Identity"}, "identity.accounts"),
        ({"accounts": {"is_enabled": True, "smtp": {"host": "localhost"}}}, "identity.accounts.url"),
    ],
)
def test_what_contradicts_itself_is_named(tmp_path: Path, identity: dict[str, Any], named: str) -> None:
    [fault] = identity_faults(settings_in(tmp_path, identity=identity))
    assert fault.startswith(named)
