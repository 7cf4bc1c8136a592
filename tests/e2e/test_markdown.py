"""Hard Markdown in a real browser, under the page's own policy: an error on the console fails each of these tests."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import opened, violations
from tests.e2e.steps import answer, ask, finished, is_too_wide
from tests.servers.hubbub_server import hubbub_serving, through
from tests.servers.model_server import ModelServer, Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

HARD = (Path(__file__).parent / "pages/hard.md").read_text(encoding="utf-8")
DIAGRAMS = (Path(__file__).parent / "pages/diagrams.md").read_text(encoding="utf-8")
HOSTILE = [
    "$\\href{javascript:alert(1)}{x}$ $\\includegraphics{https://attacker.example/x.png}$",
    "$\\htmlStyle{background:url(https://attacker.example/y)}{x}$ $\\def\\x{\\x\\x}\\x$",
    '```mermaid\ngraph TD\n  A["<img src=https://attacker.example/z onerror=alert(1)>"] --> B\n'
    '  click A "javascript:alert(1)"\n  click B call alert(1)\n```',
    "```mermaid\n%%{init: {'themeCSS': '* { background: url(https://attacker.example/css) }', "
    "'securityLevel': 'loose'}}%%\ngraph TD\n  A --> B\n```",
    '- x\n\n  ```mermaid\n  graph TD\n    A["<img src=https://attacker.example/n onerror=alert(1)>"] --> B\n  ```',
    "<details open><summary><script>alert(1)</script></summary></details>",
    "<details ontoggle=alert(1) open>\nx\n</details>",
    "[^a]\n\n[^a]: <img src=https://attacker.example/f onerror=alert(1)>",
    "> [!NOTE]\n> <sup onclick=alert(1)>x</sup><svg onload=alert(1)>",
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def model() -> AsyncIterator[ModelServer]:
    async with ModelServer() as model:
        yield model


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def url(model: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with hubbub_serving(tmp_path_factory.mktemp("markdown"), through(model.base_url)) as server:
        yield server.url


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, model: ModelServer, url: str) -> AsyncIterator[Page]:
    model.scripts.clear()
    async with opened(browser, url) as page:
        yield page


def pieces(text: str, size: int = 150) -> Script:
    return Script(tokens=[text[at : at + size] for at in range(0, len(text), size)])


async def test_a_hard_page_is_shown_as_it_is_meant(page: Page, model: ModelServer) -> None:
    model.scripts.append(pieces(HARD))
    await ask(page, "Show me")
    await finished(page)
    shown = answer(page)
    await expect(shown.locator(".formula.is-set")).to_have_count(9)
    await expect(shown.locator(".katex-error")).to_have_count(0)
    await expect(shown.get_by_role("img", name=re.compile("^Diagram"))).to_have_count(2)
    width = "one => one.decode().then(() => one.naturalWidth)"
    assert await shown.locator(".diagram img").first.evaluate(width) > 100
    plan = shown.locator(".diagram img").last
    assert await plan.evaluate(width) == 900  # and not that of the page that draws it, which is hidden
    for text, direction in (("שלום", "rtl"), ("مرحبا", "rtl"), ("פריט ראשון", "rtl"), ("First", "ltr")):
        place = shown.locator("p, li").filter(has_text=text).last
        assert await place.evaluate("one => getComputedStyle(one).direction") == direction, text
    caution = shown.locator(".alert p").filter(has_text="עברית בתוך")
    assert await caution.last.evaluate("one => getComputedStyle(one).unicodeBidi") == "plaintext"
    await expect(shown.get_by_role("cell").filter(has_text="open it").get_by_role("listitem")).to_have_count(2)
    await expect(shown.locator("td table").get_by_role("cell", name="within", exact=True)).to_be_visible()
    counted = await shown.locator(".markdown").first.evaluate("one => getComputedStyle(one).counterReset")
    assert counted == "katexEqnNo 0"  # without it both lines of the equation are number 1
    await shown.locator("summary", has_text="More about it").click()
    await expect(shown.locator("details li").first).to_be_visible()
    await shown.get_by_role("button", name="Footnote 1", exact=True).click()
    await expect(shown.get_by_role("button", name="Back to where footnote 1 is")).to_be_focused()
    assert await violations(page) == []
    await page.reload()
    await expect(answer(page).locator(".formula.is-set")).to_have_count(9)


@pytest.mark.parametrize("width", [360, 768])
async def test_words_in_tables_stay_whole_and_the_page_keeps_its_width(
    page: Page, model: ModelServer, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    model.scripts.append(pieces(HARD))
    await ask(page, "Show me")
    await finished(page)
    assert not await is_too_wide(page)
    header = answer(page).get_by_role("columnheader", name="Consistency")
    lines = """one => {
        const range = document.createRange();
        range.selectNodeContents(one);
        return range.getClientRects().length;
    }"""
    assert await header.evaluate(lines) == 1
    table = answer(page).get_by_role("group", name="Table").first
    is_wide = "one => one.scrollWidth > one.clientWidth"
    assert await table.evaluate(is_wide)  # it scrolls sideways
    plan = answer(page).get_by_role("group", name="Diagram").last
    await expect(plan.get_by_role("img")).to_be_visible()
    assert await plan.evaluate(is_wide) == (width == 360)  # where it would be too small to be read
    formula = answer(page).get_by_role("group", name="Formula")
    await expect(formula).to_have_count(1 if width == 360 else 0)
    assert await violations(page) == []


async def test_diagrams_within_lists_and_digits_in_tables_from_right_to_left(page: Page, model: ModelServer) -> None:
    drawn = "```mermaid\ngraph LR\n  X --> Y\n```"
    within = [
        "- In a list:\n\n" + "\n".join("  " + line for line in drawn.splitlines()),
        "\n".join("> " + line for line in drawn.splitlines()),
        f"<details open>\n<summary>More</summary>\n\n{drawn}\n\n</details>",
    ]
    model.scripts.append(pieces("\n\n".join([*within, "| الاسم | القيمة |\n|---|---|\n| أ | 17 |"]), size=20))
    await ask(page, "Show me")
    await finished(page)
    diagrams = answer(page).get_by_role("img", name=re.compile("^Diagram.*X --> Y", re.DOTALL))
    await expect(diagrams).to_have_count(3)
    digits = answer(page).get_by_role("cell", name="17")
    assert await digits.evaluate("one => getComputedStyle(one).textAlign") == "right"
    assert await violations(page) == []


async def test_every_kind_of_diagram_is_a_picture(page: Page, model: ModelServer) -> None:
    model.scripts.append(pieces(DIAGRAMS))
    await ask(page, "Show me")
    await finished(page)
    drawn = answer(page).locator(".diagram img")
    await expect(drawn).to_have_count(DIAGRAMS.count("```mermaid"))
    for one in await drawn.all():
        size = "one => one.decode().then(() => Math.min(one.naturalWidth, one.naturalHeight))"
        assert await one.evaluate(size) >= 20, await one.get_attribute("alt")


async def test_hostile_mathematics_diagrams_and_tags_do_nothing(browser: Browser, model: ModelServer, url: str) -> None:
    model.scripts.clear()
    outside: list[str] = []
    blocked: list[str] = []
    # What a diagram would run is blocked in the frame that draws it: that alone may stand on the console.
    async with opened(browser, url, bears="Executing inline event handler violates") as page:
        page.on("console", lambda one: blocked.append(one.location["url"]) if one.type == "error" else None)
        page.context.on("request", lambda one: None if one.url.startswith((url, "blob:")) else outside.append(one.url))
        page.on("dialog", lambda dialog: outside.append(f"dialog: {dialog.message}"))
        for text in HOSTILE:
            model.scripts.append(pieces(text, 9))
            await ask(page, "Show me")
            await finished(page)
        await expect(page.locator(".diagram img").nth(1)).to_be_visible()
        harmful = "[onclick], [onload], [onerror], [ontoggle], .markdown script, .markdown a[href^=java]"
        assert await page.locator(harmful).count() == 0
    assert outside == []
    assert all(place.startswith(f"{url}/diagram/") for place in blocked)


async def test_a_selection_in_code_stays_while_it_grows(page: Page, model: ModelServer) -> None:
    lines = [f"value{number} = {number}\n" for number in range(120)]
    model.scripts.append(Script(tokens=["```python\n", *lines, "```\n", "done"], seconds_between=0.01))
    await ask(page, "Write code")
    await expect(answer(page)).to_contain_text("value50")
    select = """() => {
        const line = document.querySelector(".answer pre code > span");
        getSelection().selectAllChildren(line);
        return String(getSelection());
    }"""
    selected = await page.evaluate(select)
    assert "value0 = 0" in selected
    await finished(page)
    assert await page.evaluate("String(getSelection())") == selected
