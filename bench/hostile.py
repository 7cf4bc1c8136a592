"""Show hostile texts on the page in Chromium, and count what runs and what is asked of elsewhere.

    PYTHONPATH=src python -m bench.hostile [--batch 12]

Each of some sixty payloads stands in each of nine surroundings of Markdown. All are streamed in small pieces, so that
every half of them is shown, too; once as the page is served, and once without its policy, so that the sanitizer stands
alone. Then the payloads are put into the page past the sanitizer, so that the policy stands alone (but for refreshes,
which lead away from any page), and at last with neither, to see that they are hostile. Titles of chats, and names of
documents, collections and prompts, carry the payloads as well. What runs opens a dialog; elsewhere is a server on this
machine that counts. Exit code 1: something ran, or was asked of elsewhere, where one of the two stands.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Dialog, Page, async_playwright

from tests.e2e.conftest import ARGUMENTS, chromium
from tests.e2e.settled import settled, watch
from tests.e2e.steps import ask
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

EVENTS = (
    "<img src=x onerror=RUN>",
    "<img src=OUT/a.png>",
    "<img srcset='OUT/b.png 1x'>",
    "<svg onload=RUN>",
    "<svg><script>RUN</script></svg>",
    "<svg><a xlink:href='javascript:RUN'><text y=9>x</text></a></svg>",
    "<svg><animate onbegin=RUN attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=RUN>#x'>",
    "<svg><foreignObject><iframe srcdoc='<script>RUN</script>'></foreignObject></svg>",
    "<svg><style>@import 'OUT/c.css';</style></svg>",
    "<script>RUN</script>",
    "<script src=OUT/d.js></script>",
    "<scr<script>ipt>RUN</scr</script>ipt>",
    "<body onload=RUN>",
    "<body background=OUT/e.png>",
    "<iframe src=javascript:RUN></iframe>",
    "<iframe srcdoc='<script>RUN</script>'></iframe>",
    "<iframe src=OUT/f></iframe>",
    "<object data=OUT/g></object>",
    "<embed src=OUT/h>",
    "<link rel=stylesheet href=OUT/i.css>",
    "<link rel=prefetch href=OUT/j>",
    "<link rel=preconnect href=OUT>",
    "<meta http-equiv=refresh content='0;url=OUT/k'>",
    "<base href=OUT/>",
    "<style>@import 'OUT/l.css'; * { background: url(OUT/m.png) }</style>",
    "<p style='background:url(OUT/n.png)'>x</p>",
    "<p style='animation-name:x' onanimationstart=RUN>x</p>",
    "<form action=OUT/o><button autofocus onfocus=RUN>x</button></form>",
    "<input autofocus onfocus=RUN>",
    "<textarea autofocus onfocus=RUN></textarea>",
    "<select autofocus onfocus=RUN></select>",
    "<button formaction=javascript:RUN>x</button>",
    "<video src=OUT/p.mp4 autoplay onerror=RUN></video>",
    "<video poster=OUT/q.png></video>",
    "<audio src=OUT/r.mp3 autoplay></audio>",
    "<source src=OUT/s onerror=RUN>",
    "<details open ontoggle=RUN>x</details>",
    "<marquee onstart=RUN>x</marquee>",
    "<a href=javascript:RUN autofocus onfocus=RUN>x</a>",
    "<a href='java\tscript:RUN'>x</a>",
    "<a href=data:text/html,<script>RUN</script>>x</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=RUN>",
    "<math href=javascript:RUN>x</math>",
    "<noscript><p title='</noscript><img src=x onerror=RUN>'>",
    "<template><img src=x onerror=RUN></template>",
    "<xmp><img src=x onerror=RUN></xmp>",
    "<table background=OUT/t.png><td background=OUT/u.png>x",
    "<table><tr><td><img src=x onerror=RUN></td></tr></table>",
    "<table><caption><svg onload=RUN></caption></table>",
    "<td colspan=2 onclick=RUN style=background:url(OUT/v.png)>",
    "<code onmouseover=RUN>x</code>",
    "<kbd onclick=RUN>x</kbd><sub onload=RUN>y</sub>",
    "<!--><img src=x onerror=RUN>-->",
    "<![CDATA[<img src=x onerror=RUN>]]>",
    "<img/src='x'/onerror=RUN>",
    "<IMG SRC=x OnErRoR=RUN>",
    "<dialog open onclose=RUN><form method=dialog><button autofocus>x</button></form></dialog>",
    "<portal src=OUT/w></portal>",
    "<img src='x` onerror=RUN'>",
    "\u202e<img src=x onerror=RUN>\u202c",
    "<\u0000img src=x onerror=RUN>",
)
SURROUNDINGS = (
    "{}",
    "words {} words\n\n> {}",
    "| a | b |\n|---|---|\n| {} | {} |",
    "<table><tr><td>{}</td><td>\n\n- {}\n\n</td></tr></table>",
    "<details open><summary>{}</summary>\n\n{}\n\n</details>",
    "[{}](https://example.org) ![{}](OUT/picture.png)\n\n[^{}]\n\n[^{}]: {}",
    "```{}\n{}\n```\n\n```html\n{}\n```",
    "$\\text{{{}}}$ \\(\\href{{javascript:RUN}}{{x}}\\) \\[\\htmlStyle{{background:url(OUT/x)}}{{{}}}\\]",
    '```mermaid\ngraph TD\n  A["{}"] --> B\n  click A "javascript:RUN"\n  click B call RUN\n```',
)


@dataclass
class Counted:
    """What came of a part."""

    texts: int = 0
    ran: list[str] = field(default_factory=list[str])
    asked: list[str] = field(default_factory=list[str])
    left: int = 0
    """How often a payload led the page away."""

    @property
    def holds(self) -> bool:
        """Whether nothing ran, and nothing was asked of elsewhere."""
        return not self.ran and not self.asked and not self.left


class Elsewhere:
    """A server of somebody else's, which counts what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(text="alert('elsewhere')", content_type="text/javascript")


@asynccontextmanager
async def elsewhere() -> AsyncGenerator[Elsewhere]:
    """Serve it on a free port of this machine."""
    there, app = Elsewhere(), web.Application()
    app.router.add_route("*", "/{rest:.*}", there.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    there.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield there
    await runner.cleanup()


def texts(out: str) -> list[str]:
    """Return every payload in every surrounding. Each says its number where it runs."""
    made: list[str] = []
    for surrounding in SURROUNDINGS:
        for payload in EVENTS:
            count = len(re.findall(r"(?<!\{)\{\}(?!\})|\{\{\{\}\}\}", surrounding)) or 1
            text = surrounding.format(*[payload] * (count + 4))
            made.append(text.replace("RUN", f"alert({len(made)})").replace("OUT", out))
    return made


@asynccontextmanager
async def watched(
    browser: Browser, there: Elsewhere, url: str, *, has_policy: bool
) -> AsyncGenerator[tuple[Page, Counted]]:
    """Open the page, and count what runs there."""
    context: BrowserContext = await browser.new_context(bypass_csp=not has_policy)
    watch(context)
    page, counted = await context.new_page(), Counted()

    async def note(dialog: Dialog) -> None:
        counted.ran.append(dialog.message)
        await dialog.dismiss()

    page.on("dialog", note)
    page.on("framenavigated", lambda frame: _left(counted, page, frame.url, url) if frame == page.main_frame else None)
    there.asked.clear()
    await page.goto(url)
    await settled(page)
    yield page, counted
    counted.asked = list(there.asked)
    await context.close()


def _left(counted: Counted, page: Page, where: str, url: str) -> None:
    counted.left += not where.startswith((url, "about:"))


async def streamed(page: Page, model: ModelServer, counted: Counted, texts: Sequence[str], batch: int) -> None:
    """Let a model say the texts, some in each answer, in pieces of a few characters."""
    for begin in range(0, len(texts), batch):
        some = texts[begin : begin + batch]
        whole = "\n\n***\n\n".join(some)
        pieces = [whole[place : place + 11] for place in range(0, len(whole), 11)]
        model.scripts.append(Script(tokens=pieces, seconds_between=0.001))
        await page.get_by_role("button", name="New chat").click()
        await ask(page, some[0])
        last = page.get_by_role("article", name="Answer").last
        await last.get_by_role("button", name="Regenerate").wait_for(timeout=60_000)
        await last.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
        await settled(page)
        counted.texts += len(some)


NAMED = """async texts => {
    const send = async (method, path, body) => {
        const headers = { "Content-Type": "application/json" };
        const sent = await fetch(path, { method, body: body === null ? null : JSON.stringify(body), headers });
        return sent.ok ? sent.json() : null;
    };
    const { chats } = await send("GET", "api/chats?limit=100", null);
    let done = 0;
    for (const [index, { id }] of chats.entries())
        if (await send("PATCH", `api/chats/${id}`, { title: texts[index % texts.length].slice(0, 190) })) done++;
    const made = await send("POST", "api/collections", { name: texts[0].slice(0, 90) });
    for (const text of texts) {
        const name = encodeURIComponent(`${text.replaceAll("/", "").slice(0, 100)}.txt`);
        if ((await fetch(`api/collections/${made.id}/documents/${name}`, { method: "PUT", body: text })).ok) done++;
        if (await send("POST", "api/prompts", { name: text.slice(0, 60), text })) done++;
    }
    return done;
}"""


async def named(page: Page, counted: Counted, texts: Sequence[str]) -> None:
    """Let titles of chats, names of documents, collections and prompts carry the texts, and look at them."""
    done = await page.evaluate(NAMED, list(texts))
    if not done:
        raise SystemExit("No name was taken.")
    counted.texts += done
    for name in ("Documents", "Search"):
        await page.reload()
        await settled(page)
        await page.get_by_role("button", name=name, exact=True).click()
        await settled(page)


async def past_the_sanitizer(page: Page, counted: Counted, payloads: Sequence[str]) -> None:
    """Put HTML into the page as it is, as if the sanitizer had let it through."""
    for payload in payloads:
        await page.evaluate("html => { document.body.insertAdjacentHTML('beforeend', html); }", payload)
        await page.wait_for_timeout(30)
        counted.texts += 1
        if counted.left:
            return


async def run(batch: int) -> bool:
    """Print what each part came to; return whether it holds."""
    counted: dict[str, Counted] = {}
    async with elsewhere() as there, ModelServer() as model, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        every = texts(there.url)
        payloads = [
            one.replace("RUN", f"alert({number})").replace("OUT", there.url) for number, one in enumerate(EVENTS)
        ]
        for part, has_policy in (("as it is served", True), ("the sanitizer alone", False)):
            with tempfile.TemporaryDirectory(prefix="hubbub-hostile-") as folder:
                async with (
                    hubbub_serving(Path(folder), through(model.base_url)) as server,
                    watched(browser, there, server.url, has_policy=has_policy) as (page, found),
                ):
                    await streamed(page, model, found, every, batch)
                    await named(page, found, payloads)
                counted[part] = _told(part, found)
        with tempfile.TemporaryDirectory(prefix="hubbub-hostile-") as folder:
            async with hubbub_serving(Path(folder), through(model.base_url)) as server:
                stay = [one for one in payloads if "http-equiv=refresh" not in one]
                for part, has_policy in (("the policy alone", True), ("neither, to see that they are hostile", False)):
                    async with watched(browser, there, server.url, has_policy=has_policy) as (page, found):
                        await past_the_sanitizer(page, found, stay)
                    counted[part] = _told(part, found)
        await browser.close()
    return all(counted[part].holds for part in ("as it is served", "the sanitizer alone", "the policy alone"))


def _told(part: str, found: Counted) -> Counted:
    print(
        f"{part:40} {found.texts:5} texts: {len(found.ran)} ran, {len(found.asked)} asked of elsewhere, "
        f"{found.left} left the page {json.dumps((found.ran + found.asked)[:5])}",
        flush=True,
    )
    return found


def main() -> int:
    """Run the command; the exit code says whether it holds."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.hostile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=12, help="texts in one answer")
    return 0 if asyncio.run(run(parser.parse_args().batch)) else 1


if __name__ == "__main__":
    sys.exit(main())
