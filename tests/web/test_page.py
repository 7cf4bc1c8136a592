"""The web app's files as they are served."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hubbub.web.site import read_own
from tests.web.application import Hubbub, hubbub_running

INDEX = "<!doctype html><title>Hubbub</title><script src=/assets/app-1a2b.js></script>"
SCRIPT = "console.log('ü');\n" * 100


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[Hubbub]:
    folder = tmp_path / "static"
    for name, text in {"index.html": INDEX, "assets/app-1a2b.js": SCRIPT, "docs/index.html": "<p>docs"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "favicon.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret.txt").write_text("secret")
    async with hubbub_running(tmp_path, page_folder=folder) as hubbub:
        yield hubbub


async def test_the_page_is_there_at_every_address_of_it(built: Hubbub) -> None:
    ann = await built.guest()
    for path in ("/", "/c/01jc7v9q8pz4m2n6x0k3t5r7wb", "/index.html", "/anything/else?x=1", "/apix"):
        async with ann.get(path) as response:
            assert (response.status, response.content_type) == (200, "text/html"), path
            assert await response.text() == INDEX
            assert response.headers["cache-control"] == "no-cache"
            policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert [cookie.key for cookie in ann.cookie_jar] == ["hubbub_browser"]
    async with ann.head("/c/x") as response:
        assert response.status == 200
        assert int(response.headers["content-length"]) > 0


async def test_assets_are_kept_for_ever_and_travel_compressed(built: Hubbub) -> None:
    async with aiohttp.ClientSession(built.url, auto_decompress=False) as http:
        async with http.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "gzip, br"}) as response:
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert (response.headers["content-encoding"], response.headers["vary"]) == ("gzip", "accept-encoding")
            assert "javascript" in response.headers["content-type"]
            assert gzip.decompress(await response.read()).decode() == SCRIPT
            assert not response.cookies
        async with http.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"}) as response:
            assert "content-encoding" not in response.headers
            assert response.headers["vary"] == "accept-encoding"
            assert (await response.read()).decode() == SCRIPT
        for refusal in ("gzip;q=0", "identity, gzip; q=0.0"):
            async with http.get("/assets/app-1a2b.js", headers={"Accept-Encoding": refusal}) as response:
                assert "content-encoding" not in response.headers
        async with http.get("/favicon.png") as response:
            assert (response.content_type, await response.read()) == ("image/png", b"\x89PNG")


async def test_what_a_browser_has_is_not_sent_again(built: Hubbub) -> None:
    ann = await built.person()
    for path in ("/", "/assets/app-1a2b.js", "/favicon.png"):
        async with ann.get(path) as response:
            etag = response.headers["etag"]
        for condition in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
            async with ann.get(path, headers={"If-None-Match": condition}) as response:
                assert (response.status, await response.read()) == (304, b""), condition
                assert response.headers["etag"] == etag
                assert "cache-control" in response.headers
        async with ann.get(path, headers={"If-None-Match": '"other"'}) as response:
            assert response.status == 200


async def test_nothing_else_is_served(built: Hubbub) -> None:
    ann = await built.person()
    for path in (
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
    ):
        async with ann.get(path) as response:
            assert "secret" not in await response.text(), path
    for path in ("/assets/", "/assets/app.js", "/docs/x", "/api/x"):
        async with ann.get(path) as response:
            assert response.status == 404, path
    async with ann.get("/api/docs") as response:
        assert (response.status, await response.text()) == (200, "<p>docs")
        assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_a_page_that_was_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with hubbub_running(tmp_path, page_folder=tmp_path / "nothing") as hubbub:
        ann = await hubbub.guest()
        for path in ("/", "/c/x"):
            async with ann.get(path) as response:
                assert response.status == 503
                assert "python tools/build_web.py" in await response.text()
                assert response.headers["cache-control"] == "no-store"
                assert "content-security-policy" in response.headers
        async with ann.get("/api/health") as response:
            assert response.status == 200
    assert (Path(__file__).parents[2] / "tools" / "build_web.py").exists()


def test_what_the_build_has_compressed_is_sent_as_it_is(tmp_path: Path) -> None:
    text = b"let a = 1;\n" * 100
    (tmp_path / "big.js").write_bytes(text)
    (tmp_path / "big.js.gz").write_bytes(gzip.compress(text, 9))
    (tmp_path / "lone.gz").write_bytes(b"\x1f\x8b")
    files = read_own(tmp_path)
    assert set(files) == {"big.js", "lone.gz"}
    assert files["big.js"].compressed == (tmp_path / "big.js.gz").read_bytes()
