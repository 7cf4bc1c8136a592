"""Somebody else's page, served from its folder in place of ours."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hubbub.core.errors import SettingsError
from hubbub.identity.open import COOKIE
from hubbub.web import site
from tests.web.application import Hubbub, hubbub_running
from tests.web.wire import exchange, request

FILES = {
    "index.html": "<!doctype html><title>Theirs</title>",
    "favicon.ico": "icon",
    "about.html": "<!doctype html><title>About</title>",
    "help/index.html": "<!doctype html><title>Help</title>",
    "assets/index-B1a2c3D4.js": "console.log(1)",
    "assets/main.8d3f2a1b.css": "body {}",
    "assets/logo.svg": "<svg/>",
    "assets/some-longname.txt": "not hashed",
    "api/health": "not to be reached",
    "config": "not to be reached",
    ".env": "secret",
    ".git/config": "secret",
}


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    def write() -> Path:
        folder = tmp_path / "page"
        for name, text in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        (tmp_path / "secret.txt").write_text("secret")
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets/a.txt").write_text("secret")
        (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
        (folder / "links").symlink_to(tmp_path / "secrets")
        (folder / "loop").symlink_to(folder)
        (folder / "broken.txt").symlink_to(tmp_path / "nowhere")
        (folder / "alias.html").symlink_to(folder / "about.html")
        return folder

    return await asyncio.get_running_loop().run_in_executor(None, write)


@pytest.fixture
async def theirs(tmp_path: Path, folder: Path) -> AsyncIterator[Hubbub]:
    async with hubbub_running(tmp_path, foreign_page=folder) as hubbub:
        yield hubbub


async def test_their_page_is_in_place_of_ours(theirs: Hubbub) -> None:
    ann = await theirs.guest()
    async with ann.get("/") as response:
        assert (response.status, await response.text()) == (200, FILES["index.html"])
        assert response.headers["cache-control"] == "no-cache"
        policy = response.headers["content-security-policy"]
    assert [cookie.key for cookie in ann.cookie_jar] == [COOKIE]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert rules["style-src"] == "'self' 'unsafe-inline'"
    assert rules["frame-src"] == "'self' blob:"
    assert rules["frame-ancestors"] == "'none'"
    assert "https:" not in rules["img-src"]
    for path, name in {
        "/index.html": "index.html",
        "/about": "about.html",
        "/about.html": "about.html",
        "/alias.html": "about.html",
        "/help/": "help/index.html",
        "/help": "help/index.html",
        "/favicon.ico": "favicon.ico",
    }.items():
        async with ann.get(path) as response:
            assert (response.status, await response.text()) == (200, FILES[name]), path


async def test_only_names_that_change_with_their_content_are_kept_for_ever(theirs: Hubbub) -> None:
    ann = await theirs.guest()
    for name, is_kept in {
        "assets/index-B1a2c3D4.js": True,
        "assets/main.8d3f2a1b.css": True,
        "assets/logo.svg": False,
        "assets/some-longname.txt": False,
        "favicon.ico": False,
    }.items():
        async with ann.get(f"/{name}") as response:
            assert (response.status, "immutable" in response.headers["cache-control"]) == (200, is_kept), name
            etag = response.headers["etag"]
        async with ann.get(f"/{name}", headers={"If-None-Match": etag}) as response:
            assert response.status == 304
        assert not ann.cookie_jar


async def test_what_signs_people_in_finds_an_empty_page(theirs: Hubbub) -> None:
    ann = await theirs.guest()
    async with ann.get("/redirect") as response:
        assert (response.status, response.content_type, await response.read()) == (200, "text/html", b"")


async def test_the_api_is_where_it_was(theirs: Hubbub) -> None:
    ann = await theirs.person()
    for path in ("/api/health", "/config"):
        async with ann.get(path) as response:
            assert (response.status, response.content_type) == (200, "application/json")
    for path in ("/api/x", "/c/x", "/anything", "/.auth/me", "/chat_history", "/login", "/assets/", "/hubbub/"):
        async with ann.get(path, headers={"Accept": "text/html"}) as response:
            assert response.status in (404, 405), path
            assert response.content_type in ("application/json", "application/problem+json"), path
    async with ann.post("/about") as response:
        assert response.status == 405
    async with ann.post("/anything", json={}) as response:
        assert response.status == 404
    async with ann.head("/") as response:
        assert response.status == 200


HOSTILE = [
    *("/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/assets/%2e%2e%2f%2e%2e%2fsecret.txt"),
    *("/..%5csecret.txt", "/%2e%2e%5c%2e%2e%5csecret.txt", "//secret.txt", "/%2fetc%2fpasswd", "/link.txt"),
    *("/links/a.txt", "/loop/secret.txt", "/loop/loop/link.txt", "/broken.txt", "/.env", "/.git/config"),
    *("/secret.txt%00.js", "/%00", "/index.html%00", "/about.html/", "/page/../secret.txt", "/./.env", "/%2eenv"),
]


async def test_there_is_no_way_out_of_the_folder(theirs: Hubbub) -> None:
    for path in HOSTILE:
        status, headers, body = await exchange(theirs.port, request("GET", path))
        assert b"secret" not in body, path
        assert status == 404, path
        assert "json" in headers["content-type"], path


async def test_a_page_is_closed_where_a_key_is_needed(tmp_path: Path, folder: Path) -> None:
    async with hubbub_running(tmp_path, foreign_page=folder, needs_key=True) as hubbub:
        http: aiohttp.ClientSession = await hubbub.guest()
        async with http.get("/") as response:
            assert response.status == 401
            assert "closed to you" in await response.text()
        async with http.get("/assets/logo.svg") as response:
            assert response.status == 200


async def test_a_folder_that_was_not_meant_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = asyncio.get_running_loop().run_in_executor
    monkeypatch.setattr(site, "MOST_FILES", 3)
    with pytest.raises(SettingsError) as caught:
        await read(None, site.read_foreign, folder)
    assert caught.value.faults[0].startswith("server.frontend: there are more than")
    monkeypatch.undo()
    monkeypatch.setattr(site, "MOST_BYTES", 10)
    with pytest.raises(SettingsError):
        await read(None, site.read_foreign, folder)
    monkeypatch.undo()
    with pytest.raises(SettingsError) as caught:
        await read(None, site.read_foreign, folder / "nowhere")
    assert "can't be read" in caught.value.faults[0]


async def test_a_page_that_is_trusted_may_hold_scripts(tmp_path: Path, folder: Path) -> None:
    async with hubbub_running(tmp_path, foreign_page=folder, trusts_page=True) as hubbub:
        ann = await hubbub.guest()
        async with ann.get("/") as response:
            policy = response.headers["content-security-policy"]
    assert "script-src 'self' 'unsafe-inline' https:" in policy
    assert "object-src 'none'" in policy and "frame-ancestors 'none'" in policy
