"""A folder, a website and a git repository change at random while their server is killed: the collections become equal.

`make bench-syncing` is the long form: five minutes, a kill every 20 seconds.
"""

import os
import sys
from pathlib import Path

import pytest

from bench.syncing.__main__ import run


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
async def test_the_collections_become_equal_to_their_sources(tmp_path: Path) -> None:
    seed = int(os.environ.get("HUBBUB_SEED") or int.from_bytes(os.urandom(4)))
    outcome = await run(8, 3, seed, tmp_path)
    assert outcome.is_equal, f"HUBBUB_SEED={seed}: {outcome}"
    assert outcome.kills >= 2
