"""Take pictures of the page in all sizes and looks, and let axe judge each.

`python frontend/dev/look.py <address> <folder>` with the stand-in server (or a real one) at the address.
"""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

AXE = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"
SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
RULES = "({resultTypes: ['violations'], runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']})"


class Look:
    """One browser window of one size in one look."""

    def __init__(self, browser: Browser, address: str, folder: Path, size: str, scheme: str) -> None:
        width, height = SIZES[size]
        phone = size == "phone"
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            bypass_csp=False,
        )
        self.page: Page = context.new_page()
        self.address, self.folder, self.phone = address, folder, phone
        self.name = f"{size}-{scheme}"
        self.faults: list[str] = []
        self.page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self._note(str(error)))

    def _note(self, fault: str) -> None:
        self.faults.append(f"{self.name}: {fault}")

    def shoot(self, what: str) -> None:
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=self.folder / f"{what}-{self.name}.png")
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})  # not held by the page's CSP
        found = self.page.evaluate(f"axe.run(document, {RULES})")["violations"]
        for violation in found:
            nodes = [f"{node['html'][:160]} {node['failureSummary'][:260]}" for node in violation["nodes"][:3]]
            self._note(f"{what}: axe {violation['id']}: {nodes}")
        if self.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            self._note(f"{what}: wider than the window")

    def ask(self, question: str) -> None:
        self.page.get_by_role("textbox", name="Question").fill(question)
        self.page.keyboard.press("Enter")
        self.page.get_by_role("button", name="Stop").wait_for()

    def finished(self) -> None:
        self.page.get_by_role("button", name="Stop").wait_for(state="hidden", timeout=30_000)
        self.page.get_by_role("button", name="Regenerate").last.wait_for()

    def menu(self) -> None:
        if self.phone:
            self.page.get_by_role("button", name="Menu").click()

    def walk(self) -> None:
        """Go through the page once, taking pictures on the way."""
        page = self.page
        page.goto(self.address)
        page.get_by_role("button", name="What can you do?", exact=True).wait_for()
        self.shoot("1-welcome")
        page.get_by_role("button", name="What can you do?", exact=True).click()
        self.finished()
        self.shoot("2-quotes")
        page.get_by_role("combobox", name="Model").select_option("gpt-scripted")
        self.ask("queue: tell me about Hubbub, please")
        page.get_by_text("in line", exact=False).and_(page.locator(".progress")).wait_for()
        self.shoot("3-queued")
        page.locator(".is-growing").wait_for()
        self.shoot("4-growing")
        self.finished()
        self.shoot("5-grounded")
        page.locator(".found-summary").last.click()
        page.locator(".chip").last.scroll_into_view_if_needed()
        self.shoot("6-found")
        page.locator(".chip").nth(-2).click()
        page.locator(".sources mark").wait_for()
        self.shoot("7-source")
        if page.get_by_role("button", name="Page", exact=True).count():
            page.get_by_role("button", name="Page", exact=True).click()
            page.locator(".picture img").wait_for()
            self.shoot("8-page")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Close", exact=True).click() if page.locator(".sources").count() else None
        self.ask("code please")
        self.finished()
        self.shoot("9-code")
        self.ask("fail and queue")
        page.get_by_role("button", name="Try again").wait_for(timeout=30_000)
        page.get_by_role("button", name="Regenerate").last.click()
        expect(page.get_by_role("group", name="Versions").last).to_be_visible(timeout=30_000)
        self.shoot("a-failed")
        page.get_by_role("button", name=re.compile("^Collections")).click()
        self.shoot("b-collections")
        page.keyboard.press("Escape")
        page.locator("input[name=documents]").first.set_input_files(
            [
                {"name": "report.txt", "mimeType": "text/plain", "buffer": b"words"},
                {"name": "setup.exe", "mimeType": "", "buffer": b"MZ"},
            ]
        )
        self.shoot("c-upload")
        page.get_by_role("button", name="Add", exact=True).click()
        page.locator(".uploads").get_by_text("meanings").first.wait_for()
        self.shoot("d-uploading")
        self.menu()
        self.shoot("e-menu")
        page.get_by_role("button", name="Documents", exact=True).click()
        self.shoot("f-library")


def main() -> int:
    """Return how many faults there were, at most 1."""
    address, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for size in sys.argv[3:4] or SIZES:
            for scheme in sys.argv[4:5] or ("light", "dark"):
                look = Look(browser, address, folder, size, scheme)
                try:
                    look.walk()
                finally:
                    faults += look.faults
                    print(*look.faults, sep="\n")
        browser.close()
    return min(len(faults), 1)


if __name__ == "__main__":
    sys.exit(main())
