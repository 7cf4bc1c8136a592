"""The matrix of other people's clients, as far as they are at hand: OpenAI's own, at OpenAI's and Azure's addresses."""

from pathlib import Path

from bench.clients.__main__ import Served, serving, tried
from bench.clients.report import page_of
from bench.clients.table import CELLS, CLIENTS, Client


async def test_the_clients_at_hand(tmp_path: Path) -> None:
    async with serving() as served:
        for client in CLIENTS:
            if not client.packages:
                outcome = await tried(client, served, tmp_path)
                assert {cell: told for cell, told in outcome.items() if told not in ("held", "nothing")} == {}
                assert sum(told == "held" for told in outcome.values()) >= 8


async def test_what_is_not_installed_is_named(tmp_path: Path) -> None:
    client = Client("elsewhere", "agents_program.py", ("openai-agents",), without={"handoff": "it has no agents"})
    outcome = await tried(client, Served("http://127.0.0.1:1", "hb-none"), tmp_path)
    assert outcome == {cell: "nothing" if cell == "handoff" else "missing" for cell in CELLS}


def test_cells_that_mean_nothing_are_cells() -> None:
    for client in CLIENTS:
        assert set(client.without) <= set(CELLS), client.name
        assert all(client.without.values()), client.name


def test_the_page_tells_what_fell_and_what_means_nothing() -> None:
    client = Client("one", "one_program.py", without={"handoff": "it has no agents"})
    outcome = dict.fromkeys(CELLS, "held") | {"handoff": "nothing", "errors": "fell: it was found"}
    page = page_of([client], {"one": outcome}, {"one": "1.2"})
    assert "| one | 1.2 | yes |" in page
    assert page.count("**NO**") == 1
    assert "- It has no agents: one (handoff)." in page
