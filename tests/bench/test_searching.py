"""The measurement of searches by size and beside streams, and kills while an index is built: in their short forms."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from bench.lab.ends import NO_COMPILER
from bench.lab.processes import Cores
from bench.searching import beside, kills
from bench.searching.__main__ import COLUMNS, HERE, line, measured

SHORT_TIMES = 3
SHORT = beside.Asked(passages=60, streams=4, searches=20, seconds=0.5, rounds=1)


async def test_every_column_is_measured() -> None:
    row = await measured(HERE, 60, 2)
    assert {key for _, key, *_ in COLUMNS} <= row.keys()
    assert row["recall"] == 1.0
    assert line(60, "here", row).split()[:2] == ["60", "here"]


@pytest.mark.quiet  # its streams have half a second to flow in
def test_tokens_are_timed_beside_searches(capsys: pytest.CaptureFixture[str]) -> None:
    _skip_where_nothing_is_measured()
    ratio, is_whole = beside.run(SHORT)
    head, *rounds = capsys.readouterr().out.splitlines()[1:-1]
    assert head.split()[0] == "round"
    assert [one.split()[0] for one in rounds] == ["1"]
    assert is_whole
    assert ratio > 0


def test_searches_that_find_nothing_are_no_measurement() -> None:
    _skip_where_nothing_is_measured()
    with pytest.raises(RuntimeError, match="finds nothing"):
        list(beside.measure(dataclasses.replace(SHORT, passages=0)))


def _skip_where_nothing_is_measured() -> None:
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip(NO_COMPILER)
    try:
        Cores.choose()
    except SystemExit as error:
        pytest.skip(str(error))


async def test_the_index_equals_the_database_whenever_its_process_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "WAITING", 120)
    assert await kills.run(tmp_path, SHORT_TIMES) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("delete from passage_terms where rowid = 1", "words: 1 passages missing"),
        ("delete from passage_embedding where row = 1", "vectors: 1 missing"),
        ("update passage_embedding set vector = zeroblob(1536) where row = 1", "vectors: 1 whose signs"),
        ("update passage set text = 'w1z' where row = 1", "words: the counts of"),
        ("update collection_passages set passages = passages + 1", "counts: "),
        ("insert into passage_waiting values (1)", "1 both indexed and waiting"),
    ],
)
async def test_what_does_not_fit_together_is_told(damage: str, told: str, tmp_path: Path) -> None:
    async with kills.opened(tmp_path) as search:
        await search.put(kills.Document("d1", "c", "d1.txt", "", 1), kills.passages("d1", 1, 3))
        while await search.embed_next(10):
            pass
    assert kills.faults(tmp_path) == []
    kills.change(tmp_path, damage)
    assert any(told in fault for fault in kills.faults(tmp_path))
