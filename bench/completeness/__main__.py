"""Read files as the server does, and compare the words with a cruder count of each format.

    python -m bench.completeness PATH... [--least 99.5] [--formats .docx,.pptx] [--quiet]

Paths are files, or folders of any documents, such as the test data of installed or unpacked packages. A line a file:
words that the crude count finds, the part of them that was read, what was refused or left out and said, and the
processor's time; then a line a format. Exits with 1 where a file that says nothing has less than the least, or its
reader fails.
"""

import argparse
import os
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path
from zipfile import BadZipFile

import msgspec
import pypdfium2

from bench.completeness.crude import WORD, words
from hubbub.core.errors import HubbubError
from hubbub.ingest.reader import Reading, read_here
from hubbub.ingest.split import Sizes


class Row(msgspec.Struct):
    """What became of a file."""

    path: Path
    held: int = 0
    missing: list[str] = []
    characters: int = 0
    crude_characters: int = 0
    said: str = ""
    is_refused: bool = False
    fault: str = ""
    """What a reader raised that it should not."""
    seconds: float = 0.0

    @property
    def part(self) -> float:
        """Which part of the words was read, in percent."""
        return 100.0 if not self.held else 100 * (1 - len(self.missing) / self.held)


def measure(path: Path) -> Row:
    """Read a file in this process, and count."""
    row = Row(path)
    began = time.process_time()
    try:
        found = read_here(os.open(path, os.O_RDONLY), path.name, msgspec.to_builtins(Sizes()))
    except HubbubError as error:
        row.said, row.is_refused = error.message, True
        return row
    except Exception as error:  # noqa: BLE001 (a bug in one reader is told, and the other files are read)
        row.fault, row.is_refused = f"{type(error).__name__}: {error}", True
        return row
    finally:
        row.seconds = time.process_time() - began
    row.said = found.completeness.but
    row.characters, row.crude_characters = found.completeness.characters, found.completeness.held
    try:
        held = words(path)
    except (OSError, ValueError, BadZipFile, pypdfium2.PdfiumError):  # the crude count knows no damaged file
        held = None
    if held is not None:
        row.held = len(held)
        row.missing = _missing(held, _words(found))
    return row


def _missing(held: list[str], read: list[str]) -> list[str]:
    """Return the words that are held and not read.

    The crude count knows nothing of words that are broken, letterspaced or drawn from the right: such a word is there
    if its letters stand as often in a row in what was read.
    """
    left = list((Counter(held) - Counter(read)).elements())
    all_held, all_read = "".join(held), "".join(read)
    return [word for word in left if max(all_read.count(word), all_read.count(word[::-1])) < all_held.count(word)]


def _words(found: Reading) -> list[str]:
    texts = [found.title, *(f"{piece.heading} {piece.text}" for piece in found.pieces)]
    return WORD.findall(unicodedata.normalize("NFC", " ".join(texts)).lower())


def main() -> int:
    """Print the table; return 1 where a file was read in part without a word."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument(
        "--least", type=float, default=99.5, help="the part of a file's words that is enough, in percent"
    )
    parser.add_argument("--formats", default="", help="only names that end so, parted by commas")
    parser.add_argument("--quiet", action="store_true", help="print the formats and what falls short alone")
    parser.add_argument("--missing", action="store_true", help="show some of the words that are missing")
    arguments = parser.parse_args()
    files = [file for path in arguments.paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    formats = tuple(one.strip().lower() for one in arguments.formats.split(",") if one.strip())
    files = [file for file in files if file.is_file() and (not formats or file.suffix.lower() in formats)]
    rows = [measure(file) for file in files]
    print(f"{'words':>8} {'read %':>7} {'chars':>9} {'crude':>9} {'CPU ms':>8}  file")
    for row in rows if not arguments.quiet else ():
        said = f"  {'REFUSED: ' if row.is_refused else 'but '}{row.said}" if row.said else ""
        part = "" if row.is_refused else f"{row.part:.1f}"
        print(
            f"{row.held:>8} {part:>7} {row.characters:>9} {row.crude_characters:>9} {row.seconds * 1000:>8.1f}"
            f"  {row.path.name}{said}"
        )
        if arguments.missing and row.missing:
            print(" " * 46, "missing:", *row.missing[:12])
    print()
    for suffix in sorted({row.path.suffix for row in rows}):
        _print_format(suffix, [row for row in rows if row.path.suffix == suffix])
    low = [row for row in rows if not row.is_refused and not row.said and row.part < arguments.least]
    for row in low:
        print(f"{row.path}: {row.part:.1f} % read, without a word")
        if arguments.missing:
            print("    missing:", *row.missing[:12])
    faults = [row for row in rows if row.fault]
    for row in faults:
        print(f"{row.path}: {row.fault}")
    return 1 if low or faults else 0


def _print_format(suffix: str, rows: list[Row]) -> None:
    read = [row for row in rows if not row.is_refused]
    held = sum(row.held for row in read)
    missing = sum(len(row.missing) for row in read)
    megabytes = sum(row.path.stat().st_size for row in read) / 1e6
    per_megabyte = sum(row.seconds for row in read) / megabytes if megabytes else 0.0
    part = 100 * (1 - missing / held) if held else 100.0
    print(
        f"{suffix or 'none':>8}: {len(read)} of {len(rows)} read, {sum(bool(row.said) for row in read)} in part; "
        f"{part:.2f} % of {held} words; {per_megabyte:.2f} CPU-s per MB"
    )


if __name__ == "__main__":
    sys.exit(main())
