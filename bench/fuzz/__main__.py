"""Look for bytes that break a reader, guided by what of its code they reach: `python -m bench.fuzz --help`.

Needs Atheris, which is not among the tools of the house: `pip install atheris` in an environment of its own.
"""

import argparse
import sys
from pathlib import Path

try:
    import atheris
except ImportError:
    sys.exit(f"{__doc__}")

with atheris.instrument_imports(include=["hubbub.models", "hubbub.connections", "hubbub.web.protocol"]):
    from bench.fuzz.checks import CHECKS

from bench.fuzz.seeds import seeds

LONGEST_BYTES = 2048


def main() -> None:
    """Fuzz one check until the time is up, or until it fails."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("check", choices=CHECKS)
    parser.add_argument("folder", type=Path, help="where what was found is kept, and taken up again")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    asked = parser.parse_args()
    corpus = asked.folder / asked.check
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()[asked.check]):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={asked.seconds}",
        f"-max_len={LONGEST_BYTES}",
        f"-artifact_prefix={asked.folder}/{asked.check}-",
        f"-seed={asked.seed}",
        "-timeout=10",
        "-print_final_stats=1",
    ]
    atheris.Setup(options, CHECKS[asked.check])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
