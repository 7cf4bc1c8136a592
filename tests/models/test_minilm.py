import asyncio
import math
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from struct import unpack

import pytest
import pytest_asyncio

from hubbub.core.embedding import Embedder
from hubbub.core.errors import ModelError
from hubbub.models import minilm
from hubbub.models.minilm import MAX_WAITING, MiniLmEmbedder
from tests.weights import minilm_files as minilm_files

TEXTS = ["A cat sat on the mat.", "The kitten rested on a rug.", "Interest rates rose by half a percent.", "", "é" * 9]


@pytest_asyncio.fixture
async def embedder(minilm_files: tuple[Path, Path]) -> AsyncIterator[MiniLmEmbedder]:
    async with MiniLmEmbedder(*minilm_files) as embedder:
        yield embedder


def numbers(vector: bytes) -> tuple[float, ...]:
    return unpack("<384f", vector)


def likeness(one: bytes, other: bytes) -> float:
    return sum(a * b for a, b in zip(numbers(one), numbers(other), strict=True))


async def test_like_meanings_lie_near_each_other(embedder: MiniLmEmbedder) -> None:
    is_one: Embedder = embedder
    cat, kitten, rates, *_ = await is_one.embed(TEXTS)
    assert likeness(cat, kitten) > 0.5 > 0.2 > likeness(cat, rates)


async def test_vectors_are_normalised_and_do_not_depend_on_their_company(embedder: MiniLmEmbedder) -> None:
    together = await embedder.embed(TEXTS)
    alone = [(await embedder.embed([text], is_urgent=True))[0] for text in TEXTS]
    assert len(together[0]) == 4 * embedder.dimensions
    for one, other in zip(together, alone, strict=True):
        assert math.isclose(likeness(one, one), 1, abs_tol=1e-5)
        assert likeness(one, other) > 0.9999


async def test_only_the_beginning_of_a_long_text_counts(embedder: MiniLmEmbedder) -> None:
    long = "word " * 300
    one, other = await embedder.embed([long, long + "and something else " * 100_000])
    assert likeness(one, other) > 0.9999


async def test_urgent_texts_pass_the_others_by(embedder: MiniLmEmbedder) -> None:
    background = asyncio.ensure_future(embedder.embed(["many words in a row " * 40] * 40))
    await asyncio.sleep(0)
    await asyncio.gather(*(embedder.embed([f"question {number}"], is_urgent=True) for number in range(20)))
    assert not background.done()
    background.cancel()
    with pytest.raises(asyncio.CancelledError):
        await background


@pytest.mark.skipif(sys.platform != "linux", reason="threads have ranks of their own on Linux alone")
async def test_its_threads_leave_the_processor_to_the_event_loop(embedder: MiniLmEmbedder) -> None:
    await embedder.embed(["one"], is_urgent=True)
    await embedder.embed(["two"])
    ranks = {
        thread.name.rpartition("_")[0]: os.getpriority(os.PRIO_PROCESS, thread.native_id or 0)
        for thread in threading.enumerate()
    }
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert own < ranks["embed-urgent"] < ranks["embed-background"]


async def test_more_than_can_wait_are_refused(embedder: MiniLmEmbedder) -> None:
    asking = [asyncio.ensure_future(embedder.embed(["many words in a row " * 10])) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(ModelError, match="Too many"):
        await embedder.embed(["one more"] * 16)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    assert len(await embedder.embed(["one more"])) == 1


async def test_who_waits_when_it_closes_hears_of_it(minilm_files: tuple[Path, Path]) -> None:
    async with MiniLmEmbedder(*minilm_files) as embedder:
        waiting = asyncio.ensure_future(embedder.embed(["many words in a row " * 40] * 16))
        await asyncio.sleep(0)
    with pytest.raises(ModelError, match="closed"):
        await waiting
    with pytest.raises(ModelError, match="closed"):
        await embedder.embed(["later"])


async def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(ModelError, match=r"nothing\.onnx"):
        async with MiniLmEmbedder(tmp_path / "nothing.onnx", tmp_path / "nothing.json"):
            pass


async def test_a_missing_part_is_named_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r"pip install 'hubbub\[embedded\]'"):
        async with MiniLmEmbedder(tmp_path / "model.onnx", tmp_path / "tokenizer.json"):
            pass


def test_importing_it_loads_no_runtime() -> None:
    code = "import sys, hubbub.models.minilm; print({'onnxruntime', 'tokenizers', 'numpy'} & set(sys.modules))"
    source = Path(minilm.__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", code], check=True, cwd=source, capture_output=True, text=True)
    assert run.stdout == "set()\n"
