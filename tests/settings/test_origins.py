"""Origins as people and the samples write them, and as browsers do."""

from pathlib import Path

import pytest

from hubbub.core.errors import SettingsError
from hubbub.settings import load_settings
from hubbub.settings.origins import origin_of, origins_in


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://localhost:5173", "http://localhost:5173"),
        ("HTTPS://WWW.Example.org/", "https://www.example.org"),
        (" http://127.0.0.1:80 ", "http://127.0.0.1"),
        ("https://example.org:443", "https://example.org"),
        ("https://example.org:80", "https://example.org:80"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("*", "*"),
    ],
)
def test_an_origin_is_read_as_browsers_write_it(text: str, origin: str) -> None:
    assert origin_of(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "example.org",
            "https://",
            "https://example.org/page",
            "ftp://example.org",
            "https://*.example.org",
            "null",
        ),
        *("https://a b", "https://user@example.org", "https://example.org:", "https://example.org:123456", "**"),
    ],
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(ValueError, match="must be an origin"):
        origin_of(text)


def test_the_samples_variables() -> None:
    environ = {
        "ALLOWED_ORIGINS": "http://localhost:5173; https://a.example/,https://b.example",
        "ALLOWED_ORIGIN": "https://b.example;nowhere;;",
    }
    origins, faults = origins_in(environ)
    assert origins == ["http://localhost:5173", "https://a.example", "https://b.example"]
    assert [fault.split(",")[0] for fault in faults] == ["ALLOWED_ORIGIN names 'nowhere'"]
    assert origins_in({}) == ([], [])


def test_a_page_is_a_folder_with_an_index(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"server": {"frontend": tmp_path}})
    [fault] = caught.value.faults
    assert fault == (
        "flag for server.frontend: there is no index.html in this folder; "
        "build the page first, and name the folder it is in"
    )
    (tmp_path / "index.html").write_text("<!doctype html>")
    assert load_settings({"server": {"frontend": tmp_path}}).server.frontend == tmp_path


def test_origins_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBBUB_SERVER__ALLOWED_ORIGINS", '["HTTP://localhost:80/"]')
    assert load_settings().server.allowed_origins == ("http://localhost",)
    monkeypatch.setenv("HUBBUB_SERVER__ALLOWED_ORIGINS", '["localhost:5173"]')
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert caught.value.faults[0].startswith("HUBBUB_SERVER__ALLOWED_ORIGINS")
    assert "must be an origin such as" in caught.value.faults[0]
