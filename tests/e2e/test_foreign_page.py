"""A page of somebody else's in a real browser: in place of ours, and from an origin of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import SECONDS, chromium, launched, opened
from tests.ingest.documents import pdf
from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Does at its start, with a file, a citation and a chat, what the page of the Azure sample does.
PAGE = """<!doctype html><html lang="en"><title>Theirs</title><link rel="icon" href="data:,">
<p id="said" style="color: rgb(1, 2, 3)"></p>
<input type="file" aria-label="File"><ul></ul><iframe title="Citation"></iframe>
<script type="module" src="/assets/index-B1a2c3D4.js"></script>"""
SCRIPT = """
const asJson = { "Content-Type": "application/json" };
const said = document.getElementById("said");
const files = document.querySelector("ul");
const setup = await (await fetch("/auth_setup")).json();
const me = await fetch("/.auth/me");
const known = me.ok ? (await me.json())[0] : null;
const config = await (await fetch("/config", { headers: asJson })).json();
said.textContent = `login ${setup.useLogin}, ${known?.access_token ? "signed in" : "nobody"}, ` +
    `upload ${config.showUserUpload}, history ${config.showChatHistoryCosmos}`;
async function list() {
    const names = await (await fetch("/list_uploaded")).json();
    files.replaceChildren(...names.map(name => Object.assign(document.createElement("li"), { textContent: name })));
}
document.querySelector("input").onchange = async event => {
    const form = new FormData();
    form.append("file", event.target.files[0]);
    const response = await fetch("/upload", { method: "POST", body: form });
    said.textContent = response.ok ? (await response.json()).message : response.statusText;
    await list();
};
files.onclick = async event => {
    const response = await fetch(`/content/${event.target.textContent}`, { headers: asJson });
    document.querySelector("iframe").src = URL.createObjectURL(await response.blob()) + "#page=1";
};
window.ask = async content => {
    const asked = { messages: [{ content, role: "user" }], context: { overrides: {} }, session_state: null };
    const body = JSON.stringify(asked);
    const lines = (await (await fetch("/chat/stream", { method: "POST", headers: asJson, body })).text()).split("\\n");
    const events = lines.filter(line => line.trim()).map(line => JSON.parse(line));
    const deltas = events.filter(one => one.type === "response.output_text.delta").map(one => one.delta);
    return [deltas.join(""), events[0].context.data_points.citations];
};
window.keep = async () => {
    const body = JSON.stringify({ id: crypto.randomUUID(), answers: [["What?", { output_text: "That." }]] });
    const kept = await fetch("/chat_history", { method: "POST", headers: asJson, body });
    const list = await (await fetch("/chat_history/sessions?count=20")).json();
    return [kept.status, list.sessions.map(one => one.title)];
};
window.talk = async (turns, padding) => {
    const id = crypto.randomUUID();
    const answers = [];
    for (let number = 1; number <= turns; number++) {
        const question = "How many days of leave are there?";
        const before = answers.flatMap(([asked, response]) => [
            { content: asked, role: "user" }, { content: response.output_text, role: "assistant" }]);
        const asked = { messages: [...before, { content: question, role: "user" }], context: { overrides: {} } };
        const body = JSON.stringify({ ...asked, session_state: answers.at(-1)?.[1].session_state ?? null });
        const response = await fetch("/chat/stream", { method: "POST", headers: asJson, body });
        const lines = (await response.text()).split("\\n").filter(line => line.trim()).map(line => JSON.parse(line));
        const deltas = lines.filter(one => one.type === "response.output_text.delta").map(one => one.delta);
        const context = Object.assign({}, ...lines.map(one => one.context ?? {}));
        const said = { output_text: deltas.join(""), context: { ...context, padding: "x".repeat(padding) } };
        answers.push([question, { ...said, session_state: lines[0].session_state }]);
        const kept = JSON.stringify({ id, answers });
        const stored = await fetch("/chat_history", { method: "POST", headers: asJson, body: kept });
        if (!response.ok || stored.status !== 201) return [number, response.status, stored.status];
    }
    const again = await (await fetch(`/chat_history/sessions/${id}`)).json();
    document.querySelector("ul").replaceChildren(...again.answers.map(([asked, response]) =>
        Object.assign(document.createElement("li"), { textContent: `${asked} ${response.output_text}` })));
    return again.answers.length;
};
await list();
"""
HTML = b"<!doctype html><script>parent.document.title = 'owned'</script><p>Some text.</p>"


def write(folder: Path) -> None:
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "assets/index-B1a2c3D4.js").write_text(SCRIPT)
    (folder / "leave days.pdf").write_bytes(pdf([["Thirty days of leave."]]))
    (folder / "evil.html").write_bytes(HTML)


@pytest_asyncio.fixture(loop_scope="session")
async def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "page"
    await asyncio.get_running_loop().run_in_executor(None, write, folder)
    return folder


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path, folder: Path) -> AsyncIterator[HubbubServer]:
    variables = {
        "HUBBUB_SERVER__FRONTEND": str(folder),
        "HUBBUB_SAMPLE_PAGE__SIGNS_IN": "true",
        "HUBBUB_MODELS__SCRIPTED__CAN_GROUND": "false",
    }
    async with hubbub_serving(tmp_path, scripted(words=3, pause_seconds=0.0) | variables) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def with_viewer(server: HubbubServer) -> AsyncIterator[Page]:
    """The page in a whole browser, which shows PDFs in its viewer."""
    async with launched(chromium(is_whole=True)) as browser, opened(browser, server.url) as page:
        yield page


async def test_their_page_starts_uploads_shows_and_keeps(with_viewer: Page, folder: Path) -> None:
    page = with_viewer
    said = page.locator("#said")
    await expect(said).to_have_text("login true, signed in, upload true, history true")
    await expect(said).to_have_css("color", "rgb(1, 2, 3)")  # styles in the page hold
    for name in ("leave days.pdf", "evil.html"):
        await page.get_by_label("File").set_input_files(folder / name)
        await expect(said).to_have_text(f"{name}: ready to be asked about.")
    await expect(page.get_by_role("listitem")).to_have_text(["evil.html", "leave days.pdf"])
    await page.get_by_role("listitem").filter(has_text="evil.html").click()
    await expect(page.frame_locator("iframe").get_by_text("parent.document.title")).to_be_visible()
    assert await page.title() == "Theirs"  # what was to run is shown as text
    await page.get_by_role("listitem").filter(has_text="leave days.pdf").click()
    async with asyncio.timeout(SECONDS):
        while not any(frame.url.startswith("chrome-extension://") for frame in page.frames):
            await asyncio.sleep(0.05)  # the browser's viewer of PDFs
    said, citations = await page.evaluate("ask('How many days of leave?')")
    assert "“Thirty days of leave.” [leave days.pdf#page=1]" in said
    assert "leave days.pdf#page=1" in citations
    assert await page.evaluate("keep()") == [201, ["What?"]]
    await page.reload()
    await expect(page.get_by_role("listitem")).to_have_text(["evil.html", "leave days.pdf"])


async def test_a_chat_of_forty_turns_is_kept_whole(page: Page, folder: Path) -> None:
    await expect(page.locator("#said")).to_contain_text("login")  # it has started
    await page.get_by_label("File").set_input_files(folder / "leave days.pdf")
    await expect(page.locator("#said")).to_have_text("leave days.pdf: ready to be asked about.")
    turns = 40
    assert await page.evaluate(f"talk({turns}, 27_000)") == turns  # with their prompts they are over a mebibyte
    told = page.get_by_role("listitem")
    await expect(told).to_have_count(turns)
    await expect(told.last).to_contain_text("are there? “Thirty days of leave.” [leave days.pdf#page=1]")


async def test_pages_of_other_origins(browser: Browser, tmp_path: Path) -> None:
    async def show(request: web.Request) -> web.Response:
        return web.Response(text='<!doctype html><link rel="icon" href="data:,">', content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    runner = web.AppRunner(app)
    await runner.setup()
    ports: list[int] = []
    for _ in range(2):
        place = web.TCPSite(runner, "127.0.0.1", 0)
        await place.start()
        ports.append(int(place.name.rpartition(":")[2]))
    friend, stranger = (f"http://127.0.0.1:{port}" for port in ports)
    variables = {"HUBBUB_SERVER__ALLOWED_ORIGINS": f'["{friend}"]'}
    try:
        async with hubbub_serving(tmp_path, scripted(words=3, pause_seconds=0.0) | variables) as server:
            ask = f"""async headers => {{
                const url = "{server.url}/chat_history/sessions";
                const body = JSON.stringify({{ id: "a", answers: [["What?", {{}}]] }});
                const sent = fetch("{server.url}/chat_history", {{ method: "POST", headers, body }});
                return [await sent.then(one => one.status, error => error.name),
                        await fetch(url, {{ headers }}).then(one => one.status, error => error.name)];
            }}"""
            headers = {"Content-Type": "application/json", "Authorization": "Bearer anything"}
            async with opened(browser, friend) as page:
                assert await page.evaluate(ask, headers) == [201, 200]
            async with opened(browser, stranger, bears="") as page:
                assert await page.evaluate(ask, headers) == ["TypeError", "TypeError"]
    finally:
        await runner.cleanup()
