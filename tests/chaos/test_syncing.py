"""A folder is changed at random while its server is killed: the collection becomes equal to it.

`make bench-syncing` is the long form: five minutes, a kill every 20 seconds.
"""

import os
import sys
from pathlib import Path

import pytest

from bench.syncing.__main__ import run


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
async def test_the_collection_becomes_equal_to_the_folder(tmp_path: Path) -> None:
    seed = int(os.environ.get("HUBBUB_SEED") or int.from_bytes(os.urandom(4)))
    outcome = await run(6, 3, seed, tmp_path)
    assert outcome.is_equal, f"HUBBUB_SEED={seed}: {outcome}"
    assert outcome.kills >= 2
