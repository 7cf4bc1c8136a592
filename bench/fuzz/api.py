"""Ask the whole API everything that its description allows, and more: `python -m bench.fuzz.api --help`.

Needs Schemathesis, which is not among the tools of the house: `pip install schemathesis` in an environment of its own;
`--schemathesis` says where its command is.
"""

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

from tests.servers.hubbub_server import HubbubServer, hubbub_serving, scripted

MOST_GROWTH_BYTES = 50 * 1024 * 1024
WARMING_SECONDS = 20
PATIENCE_SECONDS = 900
"""What is tried of each operation by its description takes as long as it takes; the rest ends in time."""
VARIABLES = scripted(words=5, pause_seconds=0.001) | {
    # What is tried is the server, not its limits for one person.
    "HUBBUB_ADMISSION__RUNNING_PER_PERSON": "1000",
    "HUBBUB_ADMISSION__WAITING_PER_PERSON": "1000",
}


def resident_bytes(pid: int) -> int:
    """Return how much memory a process holds (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def ask(
    command: str, server: HubbubServer, folder: Path, seconds: int, phases: str = "coverage,fuzzing,stateful"
) -> bytes:
    """Let Schemathesis ask for so long; returns what it printed. What it keeps it keeps in the folder."""
    process = await asyncio.create_subprocess_exec(
        *(
            command,
            "run",
            f"{server.url}/api/openapi.json",
            "--no-color",
            "--continue-on-failure",
        ),
        *("--checks", "not_a_server_error", "--phases", phases, "--max-time", str(seconds)),
        *("--request-timeout", "30", "--suppress-health-check", "all", "--warnings", "off"),
        # They say 503 where that is so; and the audit that is followed live never ends.
        *("--exclude-path-regex", "^/(livez|readyz|api/operators/audit/lines)$"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    async with asyncio.timeout(seconds + PATIENCE_SECONDS):
        output, _ = await process.communicate()
    return output


async def fuzz(command: str, seconds: int) -> bool:
    """Fuzz a server; returns whether it held."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as kept:
        async with hubbub_serving(Path(folder), VARIABLES) as server:
            pid = server.process.pid
            await ask(command, server, Path(kept), WARMING_SECONDS, "fuzzing")
            before = resident_bytes(pid)
            output = (await ask(command, server, Path(kept), seconds)).decode(errors="replace")
            growth = resident_bytes(pid) - before if server.process.returncode is None else 0
            has_lived = server.process.returncode is None
    errors = re.findall(r"Server error|\[5\d\d\]", output)
    print(output[-6000:])
    print(f"the same process: {has_lived}; server errors: {len(errors)}; memory: {growth / 2**20:+.1f} MiB")
    return has_lived and not errors and growth <= MOST_GROWTH_BYTES


def main() -> None:
    """Exit with 1 where the server did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz.api", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--schemathesis", default="schemathesis", help="the command")
    asked = parser.parse_args()
    command = Path(shutil.which(asked.schemathesis) or asked.schemathesis).absolute()
    sys.exit(not asyncio.run(fuzz(str(command), asked.seconds)))


if __name__ == "__main__":
    main()
