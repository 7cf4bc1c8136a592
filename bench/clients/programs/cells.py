"""Run a program's cells and tell what became of each. Needs nothing but Python itself."""

import asyncio
import base64
import inspect
import json
import os
import traceback

BASE_URL, SERVER, KEY = os.environ["BASE_URL"], os.environ["SERVER"], os.environ["API_KEY"]
MODEL, OVER_DOCUMENTS = os.environ["MODEL"], os.environ["MODEL"] + "+Rules"
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGMQEBAAAABkADEogkG3AAAAAElFTkSuQmCC"
)
_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n"
    b"4 0 obj<</Length 44>>stream\nBT /F1 18 Tf 10 50 Td (The wombat digs.) Tj ET\nendstream endobj\n"
    b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
PDF = "data:application/pdf;base64," + base64.b64encode(_PDF).decode()
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Weather.", "parameters": CITY}}
FLAT = {"type": "function", "name": "weather", "description": "Weather.", "parameters": CITY, "strict": True}
LOOPED = "Results: Oslo 21, Rome 21, Lima 21."


def run(cells):
    """Run each cell, a function or a coroutine function, by its name."""
    for name, cell in cells.items():
        try:
            made = cell()
            if inspect.isawaitable(made):
                asyncio.run(_awaited(made))
            told = {"cell": name, "ok": True, "note": ""}
        except Exception as error:
            traceback.print_exc()
            told = {"cell": name, "ok": False, "note": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(told), flush=True)


async def _awaited(made):
    async with asyncio.timeout(60):
        await made


def same(found, wanted):
    """Fail unless both are the same."""
    assert found == wanted, f"{found!r} is not {wanted!r}"


def holds(found, part):
    """Fail unless a part is in it."""
    assert part in (found or ""), f"{part!r} is not in {found!r}"
