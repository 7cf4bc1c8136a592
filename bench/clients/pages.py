"""Open somebody else's chat page in Chromium, served by Hubbub from its folder, and ask it two questions.

    PYTHONPATH=src python -m bench.clients.pages FOLDER [--at "/?endpoint=/chat"] [--packages DIR] [--picture FILE]

What the page loads from a CDN comes from there, or, where the machine has no way to it, from `--packages`: a folder of
unpacked npm packages, each named as `npm pack` names its archive. Exit code 1: something was blocked, or not answered.
"""

import argparse
import asyncio
import mimetypes
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Page, Request, Route, async_playwright, expect

from bench.clients.model import Actor
from tests.servers.hubbub_server import hubbub_serving

SECONDS = 20.0
QUESTIONS = ("Hi", "And?")
_CDN = re.compile(r"https://(?:cdn\.jsdelivr\.net/npm|unpkg\.com)/(?P<name>@?[^@]+)@(?P<version>[^/]+)/(?P<path>.+)")


async def _from_packages(route: Route, packages: Path) -> None:
    """Answer a request to a CDN from a folder."""
    file = _file(route.request.url.partition("?")[0], packages)
    if file is None:
        is_of_package = _CDN.fullmatch(route.request.url.partition("?")[0]) is not None
        await (route.abort() if is_of_package else route.fulfill(status=204))  # a font, as a rule
        return
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    await route.fulfill(
        body=file.read_bytes(), headers={"Access-Control-Allow-Origin": "*", "Content-Type": media_type}
    )


def _file(address: str, packages: Path) -> Path | None:
    """Return the file of a package; where the package is not there in that version, of the one that is."""
    asked = _CDN.fullmatch(address)
    if asked is None:
        return None
    name = asked["name"].removeprefix("@").replace("/", "-")
    exact = packages / f"{name}-{asked['version']}"
    folders = [exact] if exact.is_dir() else sorted(packages.glob(f"{name}-[0-9]*"))
    files = [folder / asked["path"] for folder in folders[-1:]]
    return files[0] if files and files[0].is_file() else None


def _note(faults: list[str], request: Request) -> None:
    """Note a request that failed; one that the page ended itself, as it may once it has read enough, did not."""
    if request.failure != "net::ERR_ABORTED":
        faults.append(f"{request.url}: {request.failure}")


async def _asked(page: Page) -> None:
    """Ask by the page's own field, and wait for both answers."""
    field = page.locator("input[type=text], textarea").first
    for number, question in enumerate(QUESTIONS, start=1):
        await field.fill(question)
        await field.press("Enter")
        await expect(page.get_by_text("Question ")).to_have_count(number, timeout=SECONDS * 1000)
        await expect(field).to_have_value("", timeout=SECONDS * 1000)


async def _run(asked: argparse.Namespace) -> bool:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    faults: list[str] = []
    async with Actor() as actor:
        variables = {
            "HUBBUB_MODELS__ACTOR__PROVIDER": "compatible",
            "HUBBUB_MODELS__ACTOR__BASE_URL": actor.base_url,
            "HUBBUB_MODELS__ACTOR__MODEL": "actor",
            "HUBBUB_SERVER__FRONTEND": str(asked.folder.resolve()),
            "HUBBUB_SERVER__FRONTEND_IS_TRUSTED": "true",
        }
        with tempfile.TemporaryDirectory(prefix="hubbub-pages-") as name:
            async with hubbub_serving(Path(name), variables) as server, async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                page = await browser.new_page(viewport={"width": 1000, "height": 700})
                page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
                page.on("pageerror", lambda error: faults.append(str(error)))
                page.on("requestfailed", lambda request: _note(faults, request))
                if asked.packages:
                    packages: Path = asked.packages.resolve()
                    await page.route(re.compile("^https://"), lambda route: _from_packages(route, packages))
                await page.goto(server.url.rstrip("/") + asked.at)
                try:
                    await _asked(page)
                except AssertionError as error:
                    faults.append(str(error).partition("\n")[0])
                if asked.picture:
                    await page.screenshot(path=asked.picture)
                await browser.close()
    for fault in faults:
        print(fault, file=sys.stderr)
    print("NO" if faults else f"yes: {len(QUESTIONS)} questions were answered")
    return bool(faults)


def main() -> None:
    """Run what the command line asks for; exit with 1 where the page fell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at", default="/", help="the address of the page on the server")
    parser.add_argument("--packages", type=Path)
    parser.add_argument("--picture", type=Path, help="where a picture of the page at the end is written")
    sys.exit(asyncio.run(_run(parser.parse_args())))


if __name__ == "__main__":
    main()
