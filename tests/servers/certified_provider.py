"""Run the certified provider of npm (`oidc-provider`) on loopback; without Node or npm its tests are skipped."""

import asyncio
import fcntl
import hashlib
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Literal, TypeAlias

import aiohttp
import pytest
from yarl import URL

HERE = Path(__file__).parent / "npm"
FILES = ("package.json", "package-lock.json", "provider.mjs")
INSTALL_SECONDS = 120
SECRET = "s3cret-of-at-least-thirty-two-characters"

Mode: TypeAlias = Literal["normal", "nonce", "audience", "issuer", "expired", "stranger", "unsigned", "secret"]
_INPUT = re.compile(r"<input[^>]*>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


class CertifiedProvider:
    """A provider that runs: everybody signs in there by saying who they are."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def set(self, base: str, mode: Mode = "normal", key: str = "first") -> None:
        """Tell it where Hubbub is, how it behaves, and which key it signs with."""
        said = {"base": base, "mode": mode, "key": key}
        async with aiohttp.request("PUT", f"{self.url}/test/settings", json=said) as response:
            assert response.status == 204


@asynccontextmanager
async def certified_provider() -> AsyncGenerator[CertifiedProvider]:
    """Start it; its packages are installed into an environment of their own the first time."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip("needs Node and npm, for the certified provider")
    folder = await asyncio.to_thread(_installed)
    process = await asyncio.create_subprocess_exec(
        *(node, str(folder / "provider.mjs")), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode().strip()
        assert line.startswith("http://127.0.0.1:"), "it did not start"
        yield CertifiedProvider(line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def pass_forms(http: aiohttp.ClientSession, url: str, login: str) -> aiohttp.ClientResponse:
    """Open an address, and fill in what the provider asks for until it asks no more: who one is, whether one agrees."""
    response = await http.get(url)
    for _ in range(6):
        text = await response.text()
        found = re.search(r'<form[^>]*action="([^"]*)"', text)
        if found is None or not any(part in found[1] for part in ("/interaction/", "/session/")):
            return response
        fields = {one.get("name", ""): unescape(one.get("value", "")) for one in map(_attributes, _INPUT.findall(text))}
        fields = {name: value for name, value in fields.items() if name}
        if "login" in fields:
            fields |= {"login": login, "password": "any"}
        if "/session/" in found[1]:
            fields["logout"] = "yes"
        response = await http.post(response.url.join(URL(unescape(found[1]))), data=fields)
    raise AssertionError("the provider asks and asks")


def _attributes(tag: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(tag))


def _installed() -> Path:
    """Return the folder with the provider and its packages; whoever comes first installs them, others wait."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:12]
    folder = Path(sys.prefix) / f"certified-provider-{digest}"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            for name in FILES:
                shutil.copy(HERE / name, folder)
            command = ("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
            try:
                made = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=INSTALL_SECONDS)
            except subprocess.TimeoutExpired:
                pytest.skip("npm did not fetch the certified provider in time")
            if made.returncode != 0:
                pytest.skip(f"npm can't fetch the certified provider: {made.stderr.decode()[-300:]}")
            (folder / "done").touch()
    return folder
