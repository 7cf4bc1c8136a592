"""Measure the page in Chromium, and print a table of the figures with their bounds.

    python -m bench.page [--chats 10000] [--messages 1000] [--opened 100]

Exits with 1 where a figure falls. The figures of time mean something on a machine that does nothing else.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from bench.page import measures
from bench.page.measures import Figure
from bench.page.seed import seed
from tests.e2e.conftest import ARGUMENTS, chromium
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.model_server import ModelServer


async def measured(folder: Path, chats: int, messages: int, opened: int) -> list[Figure]:
    """Return all figures."""
    async with ModelServer() as model, async_playwright() as playwright:
        variables = through(model.base_url)
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        async with hubbub_serving(folder, variables) as server:
            page = await context.new_page()
            await page.goto(server.url)
            me = await page.evaluate("fetch('/api/me').then(one => one.json())")
            await page.close()
            await server.terminate()
        long, few = await seed(folder, me["person"]["id"], chats=chats, opened=opened, messages=messages)
        figures: list[Figure] = []

        def note(*new: Figure) -> None:
            figures.extend(new)
            for one in new:
                print(one, flush=True)

        async with hubbub_serving(folder, variables) as server:
            url = server.url
            note(await measures.first_load(browser, url))
            note(await measures.interactive(context, url))
            note(await measures.streaming(context, url, model, "prose"))
            note(await measures.streaming(context, url, model, "code"))
            note(*await measures.long_chat(context, url, long))
            note(await measures.heap(context, url, few))
            note(await measures.sidebar(context, url, chats))
        await browser.close()
        return figures


def main() -> int:
    """Return 1 where a figure falls."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--chats", type=int, default=10_000, help="how many chats the sidebar lists")
    parser.add_argument("--messages", type=int, default=1_000, help="how many messages the long chat has")
    parser.add_argument("--opened", type=int, default=100, help="how many chats are opened for the heap")
    wanted = parser.parse_args()
    print("| figure | measured | at most | |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="hubbub-page-") as folder:
        figures = asyncio.run(measured(Path(folder), wanted.chats, wanted.messages, wanted.opened))
    return 0 if all(one.holds for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
