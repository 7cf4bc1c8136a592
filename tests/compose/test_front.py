"""Which origins are let in: those of the settings, else those of the samples' variables."""

import pytest

from hubbub.compose.front import origins_for
from hubbub.core.errors import SettingsError
from hubbub.settings import Settings
from hubbub.settings.tree import Discovery, Identity, Server

VARIABLES = {"ALLOWED_ORIGIN": "https://a.example;https://b.example"}


def settings(*origins: str, needs_key: bool = False, discovers: bool = True) -> Settings:
    return Settings(
        server=Server(allowed_origins=origins),
        identity=Identity(needs_key=needs_key),
        discovery=Discovery(is_enabled=discovers),
    )


def test_settings_come_before_variables() -> None:
    assert origins_for(settings(), {}) == ()
    assert origins_for(settings(), VARIABLES) == ("https://a.example", "https://b.example")
    assert origins_for(settings("https://c.example"), VARIABLES) == ("https://c.example",)
    assert origins_for(settings(discovers=False), VARIABLES) == ()


def test_any_origin_needs_a_key(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SettingsError) as caught:
        origins_for(settings("*"), {})
    assert caught.value.faults[0].startswith('server.allowed_origins: "*" lets any page')
    assert "identity.needs_key = true" in caught.value.faults[0]
    assert origins_for(settings("*", needs_key=True), {}) == ("*",)
    assert origins_for(settings(needs_key=True), {"ALLOWED_ORIGINS": "*"}) == ("*",)
    assert origins_for(settings(), {"ALLOWED_ORIGINS": "*,https://a.example"}) == ("https://a.example",)
    assert "It is left out." in caplog.text


def test_what_cant_be_used_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert origins_for(settings(), {"ALLOWED_ORIGIN": "nowhere"}) == ()
    assert "ALLOWED_ORIGIN names 'nowhere', which must be an origin such as" in caplog.text
