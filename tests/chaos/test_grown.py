"""Two machines and their PostgreSQL fail in every way, each once: the short form of `make bench-grown`."""

import sys

import pytest

from bench.grown.chaos import SHORT, run
from tests.chaos.crowd import seed


@pytest.mark.quiet
@pytest.mark.skipif(sys.platform != "linux", reason="looks at processes by /proc")
async def test_nothing_is_lost_whatever_fails() -> None:
    outcome = await run(seed(), SHORT)
    assert outcome.holds, f"HUBBUB_SEED={outcome.seed}: {outcome}"
